"""What a change of our keys means, by platform: in words, before it is made and in the commands' output."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Registration, ToolKey
from lti_1p3_provider.registrations.redeploy import Change, consequences
from tests.cases import every

pytestmark = pytest.mark.django_db


def registered(platform: str, number: int = 1, **values: Any) -> Registration:
    title = f"{platform} {number}"
    return Registration.objects.create(title=title, issuer="i", client_id=title, platform=platform, **values)


def run(*arguments: str) -> str:
    printed = StringIO()
    call_command("lti_1p3_keys", *arguments, stdout=printed)
    return printed.getvalue()


def said(change: Change, registration: Registration | None = None) -> dict[str, str]:
    return {task.platform: " ".join(task.todo) for task in consequences(change, registration).tasks}


@pytest.fixture
def everywhere(tool_key_pem: str) -> None:
    keys.import_pem(tool_key_pem)
    for name in PRESETS:
        registered(name)


def test_blackboards_institutions_register_again_when_the_address_changes_and_nobody_deletes(everywhere):
    blackboard = PRESETS["blackboard"].label
    assert said(Change.ROTATE)[blackboard].startswith("Nobody, as long as the JWKS URL stays the same.")
    moved = said(Change.ADDRESS)[blackboard]
    assert "each institution's administrator registers the same Application ID again" in moved
    assert "Nobody deletes the tool" in moved


def test_canvas_has_one_key(everywhere):
    rotated = said(Change.ROTATE)[PRESETS["canvas"].label]
    assert "one key, without an overlap" in rotated
    assert "lti_1p3_keys push" in rotated


@every("name", PRESETS)
def test_whoever_reads_our_address_has_nothing_to_do_and_the_others_paste(everywhere, name):
    rotated = said(Change.ROTATE)[PRESETS[name].label]
    assert rotated.startswith("Nobody")
    assert rotated == f"{PRESETS[name].key_care.reads} {PRESETS[name].key_care.pasted}"
    assert said(Change.ADDRESS)[PRESETS[name].label] == PRESETS[name].key_care.moved


def test_all_families_are_named_with_how_many_registrations_and_some_titles(everywhere):
    for number in range(2, 9):
        registered("moodle", number)
    tasks = {task.platform: task for task in consequences(Change.ROTATE).tasks}
    assert list(tasks) == [known.label for known in PRESETS.values()]
    assert tasks["Moodle"].registrations == 8
    assert "moodle 1, moodle 2, moodle 3, moodle 4, moodle 5, and 3 more" in str(tasks["Moodle"])


def test_registrations_with_keys_of_their_own_are_left_alone(everywhere):
    with_own = registered("moodle", 2)
    keys.generate(registration=with_own)
    both = [task for task in consequences(Change.ROTATE).tasks if task.platform == "Moodle"]
    assert [task.named for task in both] == [("moodle 1",), ("moodle 2",)]
    assert both[1].todo[0].startswith("Nobody: they have keys of their own")
    keys.retire(ToolKey.objects.get(registration=with_own).kid, with_own)
    (one,) = [task for task in consequences(Change.ROTATE).tasks if task.platform == "Moodle"]
    assert one.registrations == 2


def test_the_address_concerns_those_too(everywhere):
    keys.generate(registration=Registration.objects.get(platform="moodle"))
    assert said(Change.ADDRESS)["Moodle"].startswith("Moodle's administrator")


def test_of_one_registration_only_that_is_said(everywhere, tool_key_pem):
    moodle = Registration.objects.get(platform="moodle")
    (task,) = consequences(Change.ROTATE, moodle).tasks
    assert task.named == ("moodle 1",)
    keys.import_pem(tool_key_pem, moodle, kid="theirs")  # it was pasted there
    (task,) = consequences(Change.ROTATE, moodle).tasks
    assert task.todo == (PRESETS["moodle"].key_care.pasted,)


def test_a_platform_that_is_not_known_any_more_counts_as_any_other(tool_key_pem):
    registered("gone")
    assert list(said(Change.ROTATE)) == [PRESETS["generic"].label]


def test_without_registrations_that_is_said():
    assert consequences(Change.ROTATE).lines()[-1] == "There is no registration yet."


# --- the command ------------------------------------------------------------------------------------------------------


def test_rotate_and_retire_print_it(everywhere):
    old = keys.published()[0]["kid"]
    assert str(consequences(Change.ROTATE).tasks[0]) in run("rotate")
    assert str(consequences(Change.RETIRE).tasks[0]) in run("retire", old)


def test_it_can_be_read_before_anything_is_changed(everywhere):
    before = list(ToolKey.objects.values_list("kid", "status"))
    assert run("explain", "rotate").splitlines() == consequences(Change.ROTATE).lines()
    told = json.loads(run("explain", "address", "--json"))
    assert told["change"] == "address"
    assert {one["platform"] for one in told["platforms"]} == {known.label for known in PRESETS.values()}
    assert list(ToolKey.objects.values_list("kid", "status")) == before


def test_json_says_what_was_done_and_what_is_to_be_done(everywhere):
    told = json.loads(run("rotate", "--json"))
    assert told["kid"] == keys.published()[0]["kid"]
    assert told["change"] == "rotate"
    assert told["platforms"][0]["todo"]
    assert json.loads(run("create", "--standby", "--json"))["status"] == "standby"


def test_keys_of_one_registration(everywhere, tmp_path, tool_key_pem):
    number = str(Registration.objects.get(platform="moodle").pk)
    (tmp_path / "key.pem").write_text(tool_key_pem)
    told = json.loads(
        run("create", "--registration", number, "--pem", str(tmp_path / "key.pem"), "--kid", "a", "--json")
    )
    assert (told["kid"], told["registration"], told["change"]) == ("a", int(number), "import")
    assert f"registration {number}" in run("list")
    waiting = run("create", "--standby", "--registration", number).split()[0]
    assert run("rotate", "--registration", number, "--at-once").split()[0] == waiting
    assert keys.signing_key(int(number)).kid == waiting
    assert "already" in run("create", "--if-missing", "--registration", number)
    with pytest.raises(CommandError):
        run("retire", waiting)
    run("retire", waiting, "--registration", number)
    assert keys.signing_key(int(number)).kid != waiting


@pytest.mark.parametrize(
    "arguments",
    [("push", "--registration", "999"), ("explain", "push"), ("rotate", "--registration", "999"), ("retire", "nobody")],
)
def test_the_command_says_what_is_wrong(everywhere, arguments):
    with pytest.raises(CommandError):
        run(*arguments)


def test_a_key_that_cannot_be_sent_is_said_in_a_sentence(everywhere):
    with pytest.raises(CommandError, match="takes no keys"):
        run("push", "--registration", str(Registration.objects.get(platform="moodle").pk))

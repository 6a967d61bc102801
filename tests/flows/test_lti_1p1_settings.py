"""How people of LTI 1.1 are recognized is set by the command, the admin and the API; each says what will not work, and
the admin lists what became of whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.lms.models import LtiConsumer
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.doctor.connection import courses_of
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.legacy import doubts, said
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS, SAME_IDS, SIGNED, STATED
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import LegacyMatch, PlatformUser
from tests.cases import every
from tests.documents import blocks
from tests.tenants import PLATFORM, tenant
from tests.unit.registering import BASE, KEYS, URLS, form, run

COMMAND = [*BASE, *URLS, *KEYS]
ADD = "/admin/lti_1p3_provider/registration/add/"
LIST = "/admin/lti_1p3_provider/legacymatch/"
NAME = "registrations/named/?issuer=https://moodle.riverside.example&client_id=JdjnPEISNUdn28q"
BODY = {name: value for name, value in PLATFORM.items() if name not in ("issuer", "client_id")}
SOON = timezone.now().date() + timedelta(days=30)
PAST = date(2020, 1, 31)
OTHER_KEYS = "https://moodle.riverside.example/other.php"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def riverside():
    cache.clear()
    LtiConsumer.objects.create(consumer_key="riverside", consumer_name="Riverside", consumer_secret="s")


@pytest.fixture
def pasted() -> dict[str, Any]:
    """A key set that an operator pastes."""
    return {"keys": [keys.generate().public_jwk]}


def way() -> tuple[Any, ...]:
    return tuple(Registration.objects.values_list(*LEGACY_FIELDS).get())


def match(row: Registration, name: str, outcome: str) -> LegacyMatch:
    user, old = (get_user_model().objects.create_user(f"{kind}_{name}") for kind in ("new", "old"))
    account = user if outcome == "adopted" else old
    person = PlatformUser.objects.create(registration=row, sub=name, sub_digest=name, user=user)
    return LegacyMatch.objects.create(platform_user=person, account=account, consumer_key="riverside", outcome=outcome)


def test_the_command_sets_keeps_and_removes_them():
    options = ("--legacy-way=stated", "--legacy-key=riverside", f"--legacy-until={SOON}")
    assert run(*COMMAND, *options)["warnings"] == []
    assert way() == (STATED, "riverside", SOON)
    run(*COMMAND, "--legacy-way=same_ids")
    assert way() == (SAME_IDS, "riverside", SOON)
    run(*COMMAND)
    assert way() == (SAME_IDS, "riverside", SOON)
    run(*COMMAND, "--legacy-way=none")
    assert way() == ("", "", None)
    last = Change.objects.filter(kind="registration", action="changed").latest("pk")
    assert last.before == {"legacy_way": SAME_IDS, "legacy_consumer_key": "riverside", "legacy_until": str(SOON)}


@every(
    "options, field",
    [
        (["--legacy-way=same_ids", f"--legacy-until={SOON}"], "legacy_consumer_key"),
        (["--legacy-way=stated", "--legacy-key=riverside"], "legacy_until"),
        (["--legacy-way=all"], "invalid choice"),
        (["--legacy-way=signed", "--legacy-until=2027-13-31"], "is no day"),
    ],
)
def test_the_command_says_what_is_missing(options, field):
    with pytest.raises(CommandError, match=field):
        run(*COMMAND, *options)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (["--legacy-way=signed"], ""),
        (["--legacy-way=signed", f"--legacy-until={PAST}"], "the last day was 2020-01-31"),
        (["--legacy-way=signed", "--legacy-key=lakeside"], "no platform of LTI 1.1 with the key lakeside"),
        (["--legacy-way=signed", "--legacy-key=Riverside"], "no platform of LTI 1.1 with the key Riverside"),
    ],
)
def test_registering_and_the_doctor_say_why_nobody_is_recognized(options, warning):
    warnings = " ".join(run(*COMMAND, *options)["warnings"])
    assert warning in warnings
    assert bool(warning) == bool(warnings)
    found = [one.says for one in courses_of(Registration.objects.get()) if one.about == "people of LTI 1.1"]
    assert bool(found) == bool(warning)


def test_an_lms_that_never_served_lti_1p1_says_so():
    LtiConsumer.objects.all().delete()
    ((says, _),) = doubts(Registration(legacy_way=SIGNED))
    assert "no platform of LTI 1.1" in says
    assert list(doubts(Registration())) == []


def test_the_admin_sets_them_says_what_they_mean_and_warns(admin_client):
    assert "Nobody is recognized" in admin_client.get(ADD).content.decode()
    values = {"title": "T", "platform": "moodle", "platform_host": "m.example", "client_id": "c"}
    values |= {"legacy_way": SAME_IDS, "legacy_consumer_key": "lakeside", "legacy_until": str(SOON)}
    page = admin_client.post(ADD, form(**values), follow=True).content.decode()
    assert "no platform of LTI 1.1 with the key lakeside" in page
    row = Registration.objects.get()
    assert way() == (SAME_IDS, "lakeside", SOON)
    for name, outcome in (("one", "adopted"), ("two", "taken"), ("three", "has_account")):
        match(row, name, outcome)
    page = admin_client.get(f"/admin/lti_1p3_provider/registration/{row.pk}/change/").content.decode()
    assert "have the user ID of one of the people of the LTI 1.1 key lakeside" in page
    assert "1 person kept the account; 2 did not." in page


@every(
    "values, expected",
    [
        ({}, "Nobody is recognized: all learners get new accounts."),
        ({"legacy_way": SIGNED}, "made with the secret of any LTI 1.1 key."),
        ({"legacy_way": STATED, "legacy_consumer_key": "k", "legacy_until": PAST}, "That ended: the last day was"),
        ({"legacy_way": SIGNED, "legacy_until": SOON}, "The last day is"),
    ],
)
def test_the_words(values, expected):
    assert expected in said(Registration(**values))


def test_the_list_says_who_kept_an_account_and_why_others_did_not(admin_client):
    run(*COMMAND)
    row = Registration.objects.get()
    other = Registration.objects.create(title="Lakeside", issuer="https://l.example", client_id="c")
    match(row, "kept", "adopted")
    match(row, "had", "has_account")
    match(other, "else", "staff")
    page = admin_client.get(LIST).content.decode()
    for words in ("new_kept", "old_had", "new_had", "the person had launched before", "account of LTI 1.1 is staff"):
        assert words in page
    of_row = f"{LIST}?platform_user__registration__id__exact={row.pk}"
    page = admin_client.get(of_row).content.decode()
    assert "old_had" in page
    assert "old_else" not in page
    assert "new_kept" not in admin_client.get(f"{of_row}&outcome__exact=has_account").content.decode()
    assert "old_had" in admin_client.get(f"{LIST}?q=old_had").content.decode()
    assert "old_had" not in admin_client.get(f"{LIST}?q=old_else").content.decode()
    assert admin_client.get(f"{LIST}?q=%00").status_code == 200
    one = LegacyMatch.objects.get(outcome="has_account")
    assert "old_had" in admin_client.get(f"{LIST}{one.pk}/change/").content.decode()


def test_the_list_is_read_only_and_does_not_ask_for_each_row(admin_client):
    run(*COMMAND)
    row = Registration.objects.get()
    match(row, "first", "taken")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(LIST).status_code == 200
        return len(captured)

    few = queries()
    for number in range(5):
        match(row, f"more{number}", "taken")
    assert queries() == few
    one = LegacyMatch.objects.first()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{one.pk}/change/", {"outcome": "adopted"}).status_code == 403
    assert admin_client.post(f"{LIST}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"})
    assert LegacyMatch.objects.filter(pk=one.pk, outcome="taken").exists()


def test_the_list_is_for_who_may_see_it(client, permissions):
    user = get_user_model().objects.create_user("op", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_legacymatch"))
    assert client.get(LIST).status_code == 200


def test_the_api_lets_superusers_choose_and_organizations_only_end_it():
    staff, root = tenant(), tenant(role="", is_superuser=True)
    chosen = {"legacy_way": SIGNED, "legacy_consumer_key": "riverside", "legacy_until": str(SOON)}
    for name, value in chosen.items():
        refused = staff("POST", "registrations/", {**PLATFORM, name: value})
        assert list(refused.json()["fields"]) == [name]
    made = staff("POST", "registrations/", PLATFORM).json()
    one = f"registrations/{made['id']}/"
    assert {name: made[name] for name in chosen} == {
        "legacy_way": "",
        "legacy_consumer_key": "",
        "legacy_until": None,
    }
    assert root("PATCH", one, chosen).json()["legacy_way"] == SIGNED
    assert staff("PUT", NAME, BODY).json()["legacy_until"] == str(SOON)
    assert staff("PUT", NAME, {**BODY, **chosen}).status_code == 200
    for wider in (
        {"legacy_until": None},
        {"legacy_until": str(SOON + timedelta(days=1))},
        {"legacy_consumer_key": ""},
        {"legacy_consumer_key": "lakeside"},
        {"legacy_way": SAME_IDS},
    ):
        assert list(staff("PATCH", one, wider).json()["fields"]) == list(wider)
    assert way() == (SIGNED, "riverside", SOON)
    assert staff("PATCH", one, {"legacy_way": ""}).json()["legacy_way"] == ""
    assert staff("PATCH", one, {"legacy_way": SIGNED}).status_code == 400


@every(
    "wide",
    [
        {"legacy_way": SAME_IDS, "legacy_consumer_key": "riverside", "legacy_until": str(SOON)},
        {"trust_emails": True},
        {"teacher_accounts": "existing_with_proof"},
        {"instructor_role": "beta_testers"},
    ],
)
@every("is_pasted", [True, False])
def test_whoever_speaks_for_a_platform_stays_where_it_reaches_accounts_beyond_its_organization(pasted, wide, is_pasted):
    Registration.objects.all().delete()
    voice = {"key_set": pasted, "key_set_url": ""} if is_pasted else {"key_set_url": OTHER_KEYS}
    staff, root = tenant(), tenant(role="", is_superuser=True)
    one = f"registrations/{staff('POST', 'registrations/', PLATFORM).json()['id']}/"
    assert root("PATCH", one, wide).status_code == 200
    refused = staff("PATCH", one, voice)
    assert (refused.status_code, sorted(refused.json()["fields"])) == (400, ["key_set", "key_set_url"])
    assert staff("PATCH", one, {"title": "Another name"}).status_code == 200
    assert root("PATCH", one, voice).status_code == 200


def test_whoever_speaks_for_a_platform_stays_where_people_brought_their_accounts():
    staff = tenant()
    one = staff("POST", "registrations/", PLATFORM).json()["id"]
    user = get_user_model().objects.create_user("own", password="x")
    values = {"registration_id": one, "sub": "s", "sub_digest": digest("s"), "user": user, "linked": True}
    PlatformUser.objects.create(**values)
    assert staff("PATCH", f"registrations/{one}/", {"key_set_url": OTHER_KEYS}).status_code == 400
    PlatformUser.objects.update(linked=False)
    assert staff("PATCH", f"registrations/{one}/", {"key_set_url": OTHER_KEYS}).status_code == 200


def test_the_api_says_what_is_missing():
    root = tenant(role="", is_superuser=True)
    refused = root("POST", "registrations/", {**PLATFORM, "legacy_way": STATED})
    assert sorted(refused.json()["fields"]) == ["legacy_consumer_key", "legacy_until"]


@pytest.mark.parametrize(
    ("options", "warning"),
    [((), ""), (("--legacy-key=riverside",), ""), (("--legacy-key=Riverside",), "with the key Riverside")],
)
def test_an_invitation_says_that_a_key_is_none(options, warning, capsys):
    call_command("lti_1p3_invite", "--name=Riverside Moodle", "--allow-org=DemoX", f"--legacy-until={SOON}", *options)
    said = capsys.readouterr().err
    assert warning in said
    assert bool(warning) == ("LTI 1.1" in said)
    assert Invitation.objects.count() == 1  # it may be made before the key is


def test_the_documents_commands_are_these(capsys):
    """Word by word, but for the day, which passes, and what stands for the rest of a command."""
    report, register, invite = ([one.replace("2027-01-31", str(SOON)) for one in told] for told in blocks("lti-1p1.md"))
    call_command(*report)
    assert "Riverside (key riverside), people: 0" in capsys.readouterr().out
    name, rest, *options = register
    assert (name, rest) == ("lti_1p3_register", "…")
    assert run(*COMMAND, *options)["warnings"] == []
    assert way() == (SAME_IDS, "riverside", SOON)
    call_command(*invite)
    assert Invitation.objects.get().legacy_until == SOON
    call_command(*report)
    assert "recognized: same_ids; LTI 1.1 key: riverside" in capsys.readouterr().out

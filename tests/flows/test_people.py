"""People are forgotten as a whole, by the LMS's retirement and by an operator; what is stored can be handed out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from io import StringIO

import pytest
from celery import current_app
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from demo.browser import Browser
from demo.lms import grades
from demo.lms.models import Profile
from demo.lms.people import TEAM
from demo.lms.retirement import ask, retire
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.people.forget import WORDS, Forgotten
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import recipients
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.connection import COURSE, LEARNER, OTHER_LEARNER, OTHER_PROBLEM, PROBLEM, Connection, answer
from tests.scoring import block, earn, given, launched, make_due

LIST = "/admin/lti_1p3_provider/platformuser/"
SAID = ("email", "first_name", "last_name")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("lti_1p3_people", *arguments, stdout=out)
    return out.getvalue()


def named(connection: Connection, sub: str = LEARNER) -> list[str]:
    return [f"--issuer={connection.platform.issuer}", f"--client-id={connection.client_id}", f"--sub={sub}"]


def person(sub: str = LEARNER) -> PlatformUser:
    return PlatformUser.objects.select_related("user", "registration").get(sub=sub)


def by_retirement(connection: Connection) -> None:
    retire(person().user)


def by_sub(connection: Connection) -> None:
    run("forget", *named(connection), "--yes")


def by_username(connection: Connection) -> None:
    run("forget", "--user", person().user.username, "--yes")


def by_admin(connection: Connection) -> None:
    from django.test import Client

    admin = Client()
    admin.force_login(get_user_model().objects.create_superuser("root"))
    done = {"action": "forget", "_selected_action": [person().pk], "confirmed": "yes"}
    assert "1 person was forgotten." in admin.post(LIST, done, follow=True).content.decode()


WAYS = [by_retirement, by_sub, by_username, by_admin]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@each_way
def test_nothing_that_leads_to_the_person_is_left_and_nobody_else_loses_anything(connection, way):
    launched(connection), launched(connection, person=OTHER_LEARNER)
    earn(3)
    user, other = person().user, person(OTHER_LEARNER)
    digests = set(LaunchAttempt.objects.values_list("subject_digest", flat=True))
    assert "" not in digests
    assert len(digests) == 2
    way(connection)
    assert list(PlatformUser.objects.all()) == [other]
    assert set(PendingScore.objects.values_list("platform_user", flat=True)) == {other.pk}
    assert not Grant.objects.filter(user=user).exists()
    assert Grant.objects.filter(user=other.user).exists()
    left = list(LaunchAttempt.objects.order_by("pk").values_list("subject_digest", flat=True))
    assert left[0] == ""
    assert left[1] in digests
    user.refresh_from_db()
    assert not user.is_active
    assert "Ada" not in f"{user.first_name}{user.last_name}{user.email}{Profile.objects.get(user=user).name}"


@pytest.mark.parametrize("way", [by_sub, by_username, by_admin], ids=lambda way: way.__name__)
def test_an_account_that_waits_to_be_retired_is_left_to_the_lms(connection, way):
    launched(connection), launched(connection, person=OTHER_LEARNER)
    earn(3)
    user = person().user
    ask(user)
    assert "1 accounts left as they are" in run("forget", "--user", user.username)
    before = get_user_model().objects.values().get(pk=user.pk)
    way(connection)
    assert get_user_model().objects.values().get(pk=user.pk) == before
    assert before["email"].startswith("retired__")
    assert before["is_active"]
    assert [one.sub for one in PlatformUser.objects.all()] == [OTHER_LEARNER]


def test_a_launch_writes_nobodys_name_back_while_the_lms_deletes_the_account(connection):
    """The LMS replaced the email when it was asked to, and does not look at the account again before the end."""
    Registration.objects.update(trust_emails=True)
    link = launched(connection)
    user = person().user
    ask(user)
    before = get_user_model().objects.values(*SAID).get(pk=user.pk)
    says = {"name": "Ada King", "given_name": "Ada", "family_name": "King", "email": "countess@school.example"}
    connection.tampered_launch(link, claims=lambda claims: {**claims, **says})
    assert get_user_model().objects.values(*SAID).get(pk=user.pk) == before
    assert "King" not in Profile.objects.get(user=user).name


@each_way
def test_no_further_score_is_sent_and_the_platform_keeps_what_it_has(connection, way):
    link, user = launched(connection), person().user
    earn(3)
    assert given(connection, link) == (3, 4)
    sent = len(connection.platform.score_attempts)
    way(connection)
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 4, 4)
    deliver_due()
    assert len(connection.platform.score_attempts) == sent
    assert given(connection, link) == (3, 4)


@each_way
def test_the_session_ends_at_its_next_request_and_takes_no_answer(connection, way):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    way(connection)
    assert answer(browser, page).status_code in (302, 401, 403)
    assert browser.get(connection.content_url(PROBLEM), timeout=5).status_code == 403


@each_way
def test_whoever_launches_again_is_a_new_person(connection, way):
    link = launched(connection)
    before = person()
    way(connection)
    connection.enter(link)
    assert person().pk != before.pk
    assert person().user_id != before.user_id
    earn(2)
    assert given(connection, link) == (2, 4)


def test_forgetting_twice_is_forgetting_once(connection):
    launched(connection)
    user = person().user
    retire(user)
    retire(user)
    assert json.loads(run("forget", *named(connection), "--yes", "--json"))["people"] == 0
    assert run("forget", *named(connection)) == "Nothing is stored of this person.\n"


def test_a_dry_run_says_what_would_go_and_changes_nothing(connection):
    launched(connection)
    earn(3)
    foreseen = json.loads(run("forget", *named(connection), "--json"))
    assert foreseen == {
        "done": False,
        "people": 1,
        "scores": 1,
        "grants": 1,
        "attempts": 1,
        "course_roles": 0,
        "rosters": 0,
        "accounts_erased": 1,
        "accounts_left": 0,
    }
    assert "add --yes" in run("forget", *named(connection))
    assert person().user.is_active
    assert PendingScore.objects.count() == Grant.objects.count() == 1
    done = json.loads(run("forget", *named(connection), "--yes", "--json"))
    assert done == {**foreseen, "done": True}


def test_the_lms_hears_of_a_failure_and_nothing_is_half_forgotten(connection, monkeypatch):
    """The database refuses in the middle, as one that is down does."""
    launched(connection)

    def refuse(*args, **kwargs):
        raise IntegrityError("down")

    with monkeypatch.context() as patch:
        patch.setattr("django.db.models.deletion.Collector.delete", refuse)
        with pytest.raises(IntegrityError):
            retire(person().user)
    assert person().user.username.startswith("lti_")
    assert LaunchAttempt.objects.exclude(subject_digest="").exists()


def test_attempts_of_somebody_who_was_never_let_in_are_unnamed_too(connection):
    connection.gate(allowed_keys=[OTHER_PROBLEM])
    assert connection.launch(connection.link(PROBLEM)).status_code == 403
    assert not PlatformUser.objects.exists()
    assert json.loads(run("forget", *named(connection), "--yes", "--json"))["attempts"] == 1
    assert not LaunchAttempt.objects.exclude(subject_digest="").exists()


@pytest.mark.parametrize("why", ["staff", "team", "password", "shared"])
def test_an_account_that_others_need_is_left_and_only_the_tie_is_cut(connect, why):
    connection = connect()
    launched(connection)
    user = person().user
    if why == "staff":
        get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    elif why == "team":
        user.groups.add(Group.objects.create(name=TEAM.format(COURSE)))
    elif why == "password":
        user.set_password("of their own")
        user.save()
    else:
        other = connect().registration
        PlatformUser.objects.create(registration=other, sub="elsewhere", sub_digest="x", user=user)
    done = json.loads(run("forget", *named(connection), "--yes", "--json"))
    assert (done["people"], done["accounts_erased"], done["accounts_left"]) == (1, 0, 1)
    user.refresh_from_db()
    assert user.is_active
    assert not PlatformUser.objects.filter(sub=LEARNER).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sub", "x"],
        ["--user", "nobody"],
        ["--user", "a", "--sub", "b"],
        ["--issuer", "https://no.example", "--client-id", "c", "--sub", "s"],
    ],
)
def test_whoever_is_not_named_exactly_is_not_forgotten(connection, arguments):
    launched(connection)
    for verb in ("forget", "export"):
        with pytest.raises(CommandError) as refused:
            run(verb, *arguments)
        assert refused.value.returncode == 2
    assert PlatformUser.objects.exists()


def test_an_export_is_all_that_is_stored_in_one_document(connection):
    launched(connection)
    earn(3)
    found = json.loads(run("export", *named(connection), "--json"))
    assert found == json.loads(run("export", "--user", person().user.username)) | {"made_at": found["made_at"]}
    (one,) = found["people"]
    assert one["platform"]["sub"] == LEARNER
    assert one["account"]["name"] == connection.platform.store.person(LEARNER).name
    (score,) = one["scores"]
    assert (score["block"], score["sent_given"], score["sent_maximum"], score["state"]) == (PROBLEM, 3.0, 4.0, "sent")
    assert len(one["launches"]) == len(one["may_open"]) == 1
    assert one["launches"][0]["outcome"] == "ok"
    assert "u-1002" not in json.dumps(found)


# --- accounts that are switched off, and what a worker has in hand ----------------------------------------------------


def test_an_inactive_account_sends_no_scores_and_is_told_apart_from_others(connection):
    link, other = launched(connection), launched(connection, person=OTHER_LEARNER)
    user = person().user
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    earn(3), earn(2, person=OTHER_LEARNER)
    make_due()
    deliver_due()
    assert given(connection, link) is None
    assert given(connection, other, OTHER_LEARNER) == (2, 4)
    row = PendingScore.objects.get(platform_user=person())
    assert (row.due_at, row.given_up) == (None, False)
    assert row.reason == "account_off"


def test_the_score_of_an_account_that_is_on_again_is_sent_when_somebody_sends_it(connection):
    link = launched(connection)
    get_user_model().objects.filter(pk=person().user_id).update(is_active=False)
    earn(3)
    assert given(connection, link) is None
    get_user_model().objects.filter(pk=person().user_id).update(is_active=True)
    call_command("lti_1p3_scores", "resend", "--user", person().user.username, stdout=StringIO())
    deliver_due()
    assert given(connection, link) == (3, 4)


def test_the_sessions_of_an_account_that_is_switched_off_end(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    get_user_model().objects.filter(pk=person().user_id).update(is_active=False)
    assert answer(browser, page).status_code in (302, 401, 403)


def test_the_session_of_an_account_that_is_left_ends_too(connection):
    """Nothing else ends it: the account is on, and the LMS's handlers know nothing of grants."""
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    person().user.groups.add(Group.objects.create(name=TEAM.format(COURSE)))
    assert answer(browser, page).status_code == 200
    by_sub(connection)
    assert answer(browser, page).status_code in (302, 401, 403)


def test_of_claimed_rows_those_who_were_forgotten_are_missing(connection):
    launched(connection), launched(connection, person=OTHER_LEARNER)
    claimed = list(PendingScore.objects.select_related("platform_user"))
    one, other = person().pk, person(OTHER_LEARNER).pk
    assert recipients.of(claimed) == {one: True, other: True}
    by_sub(connection)
    assert recipients.of(claimed) == {other: True}


def test_whoever_is_forgotten_while_their_score_waits_behind_another_is_not_sent(connection, platform):
    """The platform takes its time with the first score of a course; meanwhile the person of the second is forgotten."""
    first, second = launched(connection), launched(connection, OTHER_PROBLEM, person=OTHER_LEARNER)
    platform.faults.set("slow", endpoint="scores", seconds=1.0)
    with hold_back():
        earn(1)
        earn(2, OTHER_PROBLEM, OTHER_LEARNER, 2)
    forgetting = threading.Timer(0.3, run, ["forget", *named(connection, OTHER_LEARNER), "--yes"])
    forgetting.start()
    deliver_due()
    forgetting.join()
    assert given(connection, first) == (1, 4)
    assert given(connection, second, OTHER_LEARNER) is None


@contextmanager
def hold_back() -> Iterator[None]:
    """No worker is there for a while."""
    task = current_app.tasks["lti_1p3_provider.deliver_scores"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "apply_async", lambda *args, **kwargs: None)
        yield


# --- the admin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["forget", "export"])
def test_the_admin_asks_first(connection, admin_client, action):
    launched(connection)
    chosen = {"action": action, "_selected_action": [person().pk]}
    page = admin_client.post(LIST, chosen)
    assert page.status_code == 200
    assert f"{LEARNER} (Emulated platform)" in page.content.decode()
    assert "attachment" not in page.get("Content-Disposition", "")
    assert person()
    form = forms_of(page)
    assert form["confirmed"] == ["yes"]
    assert form["_selected_action"] == [str(person().pk)]


def forms_of(page) -> dict[str, list[str]]:
    from django.http import QueryDict
    from lxml import html

    fields = html.fromstring(page.content).forms[-1].form_values()
    found = QueryDict(mutable=True)
    for name, value in fields:
        found.appendlist(name, value)
    return dict(found.lists())


def test_an_export_from_the_admin_is_a_file(connection, admin_client):
    launched(connection)
    chosen = {"action": "export", "_selected_action": [person().pk], "confirmed": "yes"}
    page = admin_client.post(LIST, chosen)
    assert page["Content-Disposition"].startswith("attachment")
    assert "no-store" in page["Cache-Control"]
    assert page.json()["people"][0]["platform"]["sub"] == LEARNER


@pytest.mark.parametrize(
    ("permission", "offered"),
    [("view_platformuser", ()), ("change_platformuser", ("export",)), ("delete_platformuser", ("forget",))],
)
def test_each_action_needs_its_permission(connection, client, permissions, permission, offered):
    launched(connection)
    user = get_user_model().objects.create_user("clerk", is_staff=True)
    for name in {permission, "view_platformuser"}:
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)
    for action in ("export", "forget"):
        chosen = {"action": action, "_selected_action": [person().pk], "confirmed": "yes"}
        answered = client.post(LIST, chosen)
        was_done = "Content-Disposition" in answered or not PlatformUser.objects.exists()
        assert was_done is (action in offered)


def test_each_number_of_what_is_forgotten_has_words():
    assert list(WORDS) == [one.name for one in fields(Forgotten)]

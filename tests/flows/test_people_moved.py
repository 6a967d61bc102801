"""An operator moves a platform's person to another account: by command or in the admin, never to what is not theirs."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.auth.signals import user_logged_in
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from demo.browser import Browser
from demo.lms import grades
from demo.lms.models import Enrolment, Profile
from demo.lms.people import TEAM
from demo.lms.retirement import ask
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.course_roles.taking_back import take_back
from lti_1p3_provider.launches.cleaning import clean_up
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outcomes
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch, PlatformUser
from tests.connection import (
    COURSE,
    INSTRUCTOR,
    LEARNER,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    UNIT,
    Connection,
    answer,
)
from tests.scoring import block, earn, given, launched, make_due

LIST = "/admin/lti_1p3_provider/platformuser/"


def own(name: str = "ada", **fields: Any) -> AbstractUser:
    return get_user_model().objects.create_user(name, f"{name}@own.example", "a long one", **fields)


def person(sub: str = LEARNER) -> PlatformUser:
    return PlatformUser.objects.select_related("user").get(sub=sub)


def moving(connection: Connection, *more: str, to: str = "ada", sub: str = LEARNER) -> str:
    out, row = StringIO(), connection.registration
    named = (f"--issuer={row.issuer}", f"--client-id={row.client_id}", f"--sub={sub}", f"--to={to}")
    call_command("lti_1p3_people", "move", *named, *more, stdout=out)
    return out.getvalue()


def test_the_next_launch_signs_in_to_the_other_account_and_nothing_is_merged(connection):
    Registration.objects.update(enrolment_mode="audit")
    link, user = launched(connection), own()
    old = person().user
    earn(3)
    assert given(connection, link) == (3, 4)
    moving(connection, "--yes")
    assert (person().user, person().linked) == (user, True)
    assert not Grant.objects.exists()
    old.refresh_from_db()
    assert old.is_active
    assert list(Enrolment.objects.values_list("user", flat=True)) == [old.pk]
    browser = Browser()
    page = connection.launch(link, browser=browser)
    assert page.status_code == 200
    assert given(connection, link) == (3, 4)  # until the other account's work is graded
    assert answer(browser, page, ["Yellow"]).status_code == 200
    assert given(connection, link) == (0, 4)
    assert set(Enrolment.objects.values_list("user", flat=True)) == {old.pk, user.pk}
    assert get_user_model().objects.count() == 2


def test_whom_the_platform_merged_gets_the_account_of_the_other(connection):
    link = launched(connection)
    connection.enter(link, OTHER_LEARNER)
    kept, spare = person(LEARNER).user, own("spare")
    with pytest.raises(CommandError, match="one person of both, first move the other one to an account that nobody"):
        moving(connection, sub=OTHER_LEARNER, to=kept.username)
    moving(connection, "--yes", to=spare.username)
    moving(connection, "--yes", sub=OTHER_LEARNER, to=kept.username)
    assert connection.launch(link, OTHER_LEARNER).status_code == 200
    assert (person(LEARNER).user, person(OTHER_LEARNER).user) == (spare, kept)
    assert Change.objects.filter(kind="account link").count() == 2


def test_an_account_is_not_taken_for_one_that_a_roster_made(connection):
    launched(connection)
    PlatformUser.objects.update(ahead=True, created_at=timezone.now() - timedelta(days=1000))
    user = own()
    user.set_unusable_password()  # as with single sign-on
    user.save()
    moving(connection, "--yes")
    clean_up()
    user.refresh_from_db()
    assert user.is_active
    assert person().user == user


def test_without_yes_it_only_says_what_would_go_and_what_would_stay(connection):
    launched(connection)
    own()
    earn(3)
    old, score = person().user, PendingScore.objects.get()
    found = json.loads(moving(connection, "--json"))
    assert found == {
        "done": False,
        "left": old.username,
        "account": "ada",
        "scores": 1,
        "waiting": 1 if score.due_at else 0,
        "awaiting": 0,
        "grants": 1,
        "course_roles": 0,
        "abandoned": True,
    }
    text = moving(connection)
    for said in (f"stay with {old.username}: nothing is merged", "Nobody can sign in", "Nothing was done yet"):
        assert said in text
    assert person().user == old
    assert Grant.objects.count() == 1
    assert not Change.objects.filter(kind="account link").exists()
    assert "Nothing was done yet" not in moving(connection, "--yes")


def test_a_score_that_waits_is_sent_and_what_is_sent_later_is_of_the_new_account(connection, platform):
    link = launched(connection)
    user = own()
    platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(3)
    deliver_due()
    assert given(connection, link) is None
    moving(connection, "--yes")
    make_due()
    deliver_due()
    assert given(connection, link) == (3, 4)
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 1, 4)
    make_due()
    deliver_due()
    assert given(connection, link) == (1, 4)


def test_a_waiting_score_of_a_unit_is_the_one_that_was_earned(connection, platform):
    link = launched(connection, UNIT)
    user = own()
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 1, 4)  # less, and older
    platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(3)
    make_due()
    deliver_due()
    assert PendingScore.objects.get().known_grade is None
    assert "of which 1 are still to be sent" in moving(connection, "--yes")
    make_due()
    deliver_due()
    earned, possible = given(connection, link)
    assert (earned, possible) == (3, PendingScore.objects.get().possible)


def with_column(connection, link):
    """Have a teacher switch grading on, and somebody else launch."""
    again = {"id": link.id, "context_id": link.context_id}
    graded = connection.link(link.target_link_uri.rpartition("/")[2], graded=True, **again)
    connection.enter(graded, OTHER_LEARNER)
    make_due()
    deliver_due()
    return graded


@pytest.mark.parametrize("usage_key", [PROBLEM, UNIT])
def test_a_score_that_waits_for_a_column_is_the_one_that_was_earned(connection, usage_key):
    link = connection.link(usage_key, ags="none")
    connection.enter(link)
    user = own()
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 1, 4)
    earn(3)
    assert "1 of these scores wait for a column" in moving(connection)
    moving(connection, "--yes")
    assert PendingScore.objects.get().due_at is None
    assert given(connection, with_column(connection, link))[0] == 3


@pytest.mark.parametrize("usage_key", [PROBLEM, UNIT])
def test_what_the_new_account_answers_before_there_is_a_column_counts(connection, usage_key):
    link = connection.link(usage_key, ags="none")
    connection.enter(link)
    user = own()
    earn(3)
    moving(connection, "--yes")
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 1, 4)
    assert PendingScore.objects.get().known_grade is None
    graded = with_column(connection, link)
    assert given(connection, graded)[0] == 1
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 2, 4)
    make_due()
    deliver_due()
    assert given(connection, graded)[0] == 2


def test_points_of_an_account_of_before_outlast_no_answer_in_another_column(connection):
    """What a new column gets was kept by the move only if nothing was answered since."""
    launched(connection)
    earn(3)
    row = PendingScore.objects.all()
    row.update(earned=1, possible=4, due_at=None)
    outcomes.send_to_new_column(row)
    assert (row.get().known_grade, row.get().due_at is None) == (None, False)


def test_a_score_that_an_operator_sends_again_is_of_the_new_account(connection):
    link = launched(connection)
    user = own()
    earn(3)
    make_due()
    deliver_due()
    assert given(connection, link) == (3, 4)
    grades.record(user, block(PROBLEM).course_key, block(PROBLEM), 2, 4)  # before it was anybody's
    moving(connection, "--yes")
    call_command("lti_1p3_scores", "resend", "--user", "ada", stdout=StringIO())
    make_due()
    deliver_due()
    assert given(connection, link) == (2, 4)


def test_work_of_the_old_account_is_nobodys_score_any_more(connection):
    link, old = launched(connection), person().user
    own()
    moving(connection, "--yes")
    grades.record(old, block(PROBLEM).course_key, block(PROBLEM), 4, 4)
    make_due()
    deliver_due()
    assert given(connection, link) is None


def test_open_sessions_end_at_their_next_request(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    own()
    moving(connection, "--yes")
    assert answer(browser, page).status_code in (302, 401, 403)
    assert browser.get(connection.content_url(PROBLEM), timeout=5).status_code == 403


def test_a_launch_that_is_under_way_does_not_keep_the_old_account(connection):
    """It has read the account already, and signs in to it; its session ends at the first request."""
    link = launched(connection)
    own()
    old, browser = person().user, Browser()

    def meanwhile(user: AbstractUser, **said: object) -> None:
        moving(connection, "--yes")

    user_logged_in.connect(meanwhile)
    try:
        page = connection.launch(link, browser=browser)
    finally:
        user_logged_in.disconnect(meanwhile)
    assert page.status_code == 403
    assert person().user.username == "ada"
    assert old.is_active
    assert connection.launch(link, browser=browser).status_code == 200


def test_it_is_written_down_who_was_moved_from_where_and_by_whom(connection):
    launched(connection)
    old, user = person().user, own()
    moving(connection, "--yes")
    noted = Change.objects.get(kind="account link")
    assert (noted.action, noted.way, noted.actor) == ("changed", "command", None)
    assert noted.registration_pk == connection.registration.pk
    assert noted.before == {"account": old.pk, "person": person().pk, "linked": False}
    assert noted.after == {"account": user.pk, "person": person().pk, "linked": True}


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"is_staff": True}, "staff"), ({"is_superuser": True}, "staff"), ({"is_active": False}, "off")],
)
def test_accounts_that_nobody_may_have_are_refused(connection, fields, says):
    launched(connection)
    own(**fields)
    require_refused(connection, says)


def test_an_account_that_is_being_retired_is_refused(connection):
    launched(connection)
    ask(own())
    require_refused(connection, "deleting")


def test_the_account_of_a_courses_team_is_refused(connection):
    launched(connection)
    own().groups.add(Group.objects.create(name=TEAM.format(COURSE)))
    require_refused(connection, "staff")


def require_refused(connection: Connection, says: str, **options: Any) -> None:
    before = list(PlatformUser.objects.values_list("sub", "user"))
    for more in ((), ("--yes",)):
        with pytest.raises(CommandError, match=says) as refused:
            moving(connection, *more, **options)
        assert refused.value.returncode == 2
    assert list(PlatformUser.objects.values_list("sub", "user")) == before


def test_an_account_of_another_person_of_the_registration_is_refused(connection):
    launched(connection), launched(connection, person=OTHER_LEARNER)
    require_refused(connection, "Somebody else", to=person(OTHER_LEARNER).user.username)


def test_an_account_of_another_platforms_person_is_no_obstacle(connect):
    connection, other = connect(), connect()
    launched(connection), launched(other)
    there = PlatformUser.objects.get(registration=other.registration)
    moving(connection, "--yes", to=there.user.username)
    assert set(PlatformUser.objects.values_list("user", flat=True)) == {there.user_id}


def test_another_registrations_person_with_the_same_sub_stays_where_they_are(connect):
    connection, other = connect(), connect()
    launched(connection), launched(other)
    own()
    theirs = PlatformUser.objects.get(registration=other.registration).user_id
    moving(connection, "--yes")
    assert PlatformUser.objects.get(registration=other.registration).user_id == theirs
    assert Grant.objects.get().user_id == theirs


@pytest.mark.parametrize(
    ("options", "says"), [({"to": "nobody"}, "no account with"), ({"sub": "nobody"}, "never launched")]
)
def test_who_or_what_is_not_there_is_said(connection, options, says):
    launched(connection)
    own()
    require_refused(connection, says, **options)


def test_nobody_is_moved_to_the_account_that_they_have(connection):
    launched(connection)
    require_refused(connection, "already", to=person().user.username)


def test_of_an_account_of_two_platforms_the_person_must_be_named(connect):
    connection, other = connect(), connect()
    launched(connection), launched(other)
    own("grace")
    moving(connection, "--yes", to="grace"), moving(other, "--yes", to="grace")
    own()
    with pytest.raises(CommandError, match="several"):
        call_command("lti_1p3_people", "move", "--user=grace", "--to=ada", "--yes", stdout=StringIO())
    assert json.loads(moving(connection, "--json"))["abandoned"] is False


def test_roles_that_launches_gave_end_and_the_next_launch_gives_them_there(connection):
    Registration.objects.update(instructor_role="beta_testers")
    link = connection.link(UNIT)
    connection.enter(link, INSTRUCTOR)
    old, user = person(INSTRUCTOR).user, own()
    assert CourseRole.objects.get().user == old
    moving(connection, "--yes", sub=INSTRUCTOR)
    assert not CourseRole.objects.exists()
    connection.enter(link, INSTRUCTOR)
    assert CourseRole.objects.get().user == user


def test_a_role_that_a_launch_gave_to_the_old_account_meanwhile_is_taken_by_the_next_clean_up(connection):
    """The launch had read the account before the move, and gave the role after it."""
    Registration.objects.update(instructor_role="beta_testers")
    connection.enter(connection.link(UNIT), INSTRUCTOR)
    assert take_back() == 0
    PlatformUser.objects.update(user=own())
    assert take_back() == 1
    assert not CourseRole.objects.exists()


def test_the_platform_does_not_rename_the_account(connection):
    link, user = launched(connection), own()
    Profile.objects.create(user=user, name="Ada Herself")
    moving(connection, "--yes")
    connection.launch_with({"name": "Mallory", "email": "m@evil.example"})
    connection.enter(link)
    user.refresh_from_db()
    assert (user.email, Profile.objects.get(user=user).name) == ("ada@own.example", "Ada Herself")


def test_a_person_from_lti_1p1_who_was_moved_can_be_unlinked(connection):
    launched(connection)
    own()
    Registration.objects.update(legacy_way="same_ids", legacy_consumer_key="k")
    LegacyMatch.objects.create(
        platform_user=person(), account=person().user, consumer_key="k", outcome=LegacyMatch.Outcome.ADOPTED
    )
    moving(connection, "--yes")
    assert LegacyMatch.objects.get().outcome == "has_account"
    row = connection.registration
    named = (f"--issuer={row.issuer}", f"--client-id={row.client_id}", f"--sub={LEARNER}")
    call_command("lti_1p3_people", "unlink", *named, "--yes", stdout=StringIO())
    assert not PlatformUser.objects.exists()


# --- in the admin -----------------------------------------------------------------------------------------------------


@pytest.fixture
def all_permissions(permissions: None) -> None:
    """Those of accounts, too."""
    create_permissions(apps.get_app_config("auth"), verbosity=0)


def administrator(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("root", is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def send(admin: Client, **values: Any) -> Any:
    return admin.post(LIST, {"action": "move", "_selected_action": [person().pk], **values}, follow=True)


def test_in_the_admin_it_is_asked_where_then_shown_then_done(connection):
    launched(connection)
    own()
    old, admin = person().user, administrator()
    assert 'name="to"' in send(admin).content.decode()
    page = send(admin, to="ada").content.decode()
    assert f"stay with {old.username}" in page
    assert person().user == old
    assert "Moved from" in send(admin, to="ada", confirmed="yes").content.decode()
    assert person().user.username == "ada"
    noted = Change.objects.get(kind="account link")
    assert (noted.way, noted.actor.username) == ("admin", "root")


def test_in_the_admin_a_refusal_says_why_and_asks_again(connection):
    launched(connection)
    own(is_staff=True)
    page = send(administrator(), to="ada", confirmed="yes").content.decode()
    assert "no platform signs in to those" in page
    assert 'name="to"' in page
    assert person().user.username != "ada"


@pytest.mark.parametrize("to", ["<script>x</script>", "a" * 5000, "\0", "ada\n"])
def test_in_the_admin_odd_names_are_nobodys(connection, to):
    launched(connection)
    page = send(administrator(), to=to)
    assert page.status_code == 200
    assert "<script>x" not in page.content.decode()


def test_one_person_at_a_time(connection):
    launched(connection), launched(connection, OTHER_PROBLEM, person=OTHER_LEARNER)
    own()
    both = list(PlatformUser.objects.values_list("pk", flat=True))
    said = administrator().post(
        LIST, {"action": "move", "_selected_action": both, "to": "ada", "confirmed": "yes"}, follow=True
    )
    assert "Select one person" in said.content.decode()
    assert not PlatformUser.objects.filter(user__username="ada").exists()


@pytest.mark.parametrize(
    "permissions", [["view_platformuser", "change_platformuser"], ["view_platformuser", "change_user"]]
)
def test_only_who_may_change_people_and_accounts_moves_anybody(connection, all_permissions, permissions):
    """Else whoever may tidy up a list of people could have a platform sign in to any account."""
    launched(connection)
    own()
    send(administrator(*permissions), to="ada", confirmed="yes")
    assert person().user.username != "ada"


def test_who_may_change_people_and_accounts_moves_them(connection, all_permissions):
    launched(connection)
    own()
    send(administrator("view_platformuser", "change_platformuser", "change_user"), to="ada", confirmed="yes")
    assert person().user.username == "ada"

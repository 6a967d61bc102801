"""Accounts and enrolments before people come, from a platform's list of a course's people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.lms.course_roles import DemoCourseRoles
from demo.lms.models import Enrolment, Profile
from demo.lms.retirement import ask, retire
from lti_1p3_provider import api, host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import ContentNotAccessible, LtiError
from lti_1p3_provider.fleet import upkeep
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import grants
from lti_1p3_provider.lti import roles
from lti_1p3_provider.lti.claims import LTI, Launch, Person
from lti_1p3_provider.lti.nrps import Member as ListedMember
from lti_1p3_provider.lti.nrps import Members
from lti_1p3_provider.management.commands.lti_1p3_clean_up import clean_up
from lti_1p3_provider.memberships import ahead, kept, refresh, sync, unused_accounts
from lti_1p3_provider.memberships.models import EnrolledAhead, Member, NotAhead, Roster
from lti_1p3_provider.memberships.plan import Outcome, Stopped, plan
from lti_1p3_provider.memberships.words import of_registration, said
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import by_sub
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.people.move import move
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users import sign_in
from lti_1p3_provider.users.ahead import give_up
from lti_1p3_provider.users.models import CourseRole, PlatformUser
from tests.accidents import after_a_look, database_fails, raised_in
from tests.connection import COURSE, LEARNER, OTHER_COURSE, OTHER_LEARNER, PROBLEM, Connection
from tests.provisioning import BOTH, KEY, NOTHING, OTHER_KEY, Class, class_of, old_person, section
from tests.school import page
from tests.team import signed_in, somebody
from tests.web_server import Said, WebServer

TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin"


@pytest.fixture
def course(connection: Connection, web_server: WebServer) -> Class:
    return class_of(connection, web_server)


def learners(number: int) -> list[str]:
    return [f"s{one}" for one in range(number)]


# --- who gets what ----------------------------------------------------------------------------------------------------


def test_learners_get_an_account_without_a_name_and_the_enrolment(course: Class) -> None:
    named = {"user_id": "a", "roles": ["Learner"], "name": "Ada Park", "email": "ada@school.example"}
    assert course.reads(named, "b", LEARNER) == Outcome(accounts=2, enrolled=3)
    assert course.inside() == {"a", "b", LEARNER}
    made = course.person("a")
    assert made.ahead
    assert not made.user.has_usable_password()
    assert made.user.last_login is None
    assert (Profile.objects.get(user=made.user).name, "school.example" in made.user.email) == ("", False)
    assert course.reads(named, "b", LEARNER) == NOTHING
    noted = Change.objects.get(kind="roster")
    assert (noted.way, noted.after["accounts"], noted.after["enrolled"]) == ("command", 2, 3)
    assert "Ada" not in json.dumps(noted.after)


def test_nobody_gets_anything_unless_the_registration_says_so(course: Class) -> None:
    course.wants(ahead_way="")
    assert course.reads("a") is None
    assert PlatformUser.objects.count() == 1
    assert Registration._meta.get_field("ahead_way").default == ""


def test_only_learners_who_take_part_now(course: Class) -> None:
    others: tuple[dict[str, object], ...] = (
        {"roles": ["Instructor"]},
        {"roles": ["Learner", "Instructor"]},
        {"roles": ["Learner", ASSISTANT]},
        {"roles": ["Learner", SYSTEM]},
        {"roles": ["Learner", TEST_USER]},
        {"roles": ["Mentor"]},
        {"roles": ["Member"]},
        {"roles": []},
        {"roles": ["Learner"], "status": "Inactive"},
        {"roles": ["Learner"], "status": "Deleted"},
        {"roles": ["Learner"], "status": "odd"},
    )
    done = course.reads(*({"user_id": str(said), **said} for said in others), LEARNER)
    assert set(PlatformUser.objects.values_list("sub", flat=True)) == {LEARNER}
    assert done == Outcome(enrolled=1)


def test_the_first_launch_finds_the_account_and_says_who_it_is(course: Class) -> None:
    course.had(OTHER_LEARNER)
    before = course.person(OTHER_LEARNER)
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    after = course.person(OTHER_LEARNER)
    assert (after.pk, after.user_id, after.ahead) == (before.pk, before.user_id, False)
    assert after.created_at > before.created_at
    assert Profile.objects.get(user=after.user).name
    assert course.reads(OTHER_LEARNER) == NOTHING


def test_two_platforms_people_with_the_same_id_are_two(course: Class) -> None:
    other = Registration.objects.create(title="O", issuer="https://o.example", client_id="o", platform="moodle")
    theirs = Deployment.objects.create(registration=other, deployment_id="1")
    mine = sign_in.make_ahead(theirs, "a")
    assert course.reads("a") == Outcome(accounts=1, enrolled=1)
    assert course.inside() == {"a"}
    assert not host.current().membership.enrolled([mine.user_id], KEY)


# --- lists that are not trusted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [(), ("b", 7.5), ("b", {"roles": ["Learner"]})], ids=str)
def test_nrps_03_a_list_with_gaps_changes_nothing(course: Class, gap: tuple[object, ...]) -> None:
    course.had("a")
    assert course.reads(*gap) == Outcome(stopped=Stopped.GAPS)
    assert course.inside() == {"a"}


@pytest.mark.parametrize("second", [page(status=500), page(status=429), Said(b"<html>")], ids=["500", "429", "html"])
def test_nrps_03_a_read_that_fails_half_way_changes_nothing(course: Class, second: Said) -> None:
    course.had("a")
    url = course.says(page("b"))
    course.says(page("b", Link=f'<{url}?page=2>; rel="next"'), second)
    with pytest.raises(LtiError):
        sync.read(course.context)
    refresh.read(course.context.pk)
    assert course.inside() == {"a"}
    assert not PlatformUser.objects.filter(sub="b").exists()


def test_an_older_read_does_nothing_once_a_newer_one_is_kept(course: Class) -> None:
    now = timezone.now()
    course.says(page("a"))
    older = sync.read(course.context, now)
    course.says(page("b"))
    newer = sync.read(course.context, now + timedelta(seconds=5))
    assert ahead.provide(course.context, older, COMMAND) == Outcome(stopped=Stopped.NEWER)
    assert ahead.provide(course.context, newer, COMMAND) == Outcome(accounts=1, enrolled=1)
    assert course.inside() == {"b"}


def test_a_newer_read_in_the_middle_ends_the_older_ones_work(course: Class) -> None:
    def newer() -> None:
        Roster.objects.update(asked_at=timezone.now())

    course.says(page("a", "b"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, newer, at=2):
        assert ahead.provide(course.context, read, COMMAND) == Outcome(accounts=1, enrolled=1, stopped=Stopped.NEWER)
    assert course.inside() == {"a"}


@pytest.mark.parametrize("off", ["registration", "deployment"])
def test_what_is_switched_off_while_the_list_is_read_changes_nothing(course: Class, off: str) -> None:
    course.says(page("a"))
    read = sync.read(course.context)
    if off == "deployment":
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    else:
        Registration.objects.update(enabled=False)
    assert ahead.provide(course.context, read, COMMAND) == Outcome(stopped=Stopped.CLOSED)
    assert course.inside() == set()


def test_what_is_switched_off_in_the_middle_ends_the_work(course: Class) -> None:
    course.says(page("a", "b"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, lambda: Registration.objects.update(enabled=False), at=2):
        outcome = ahead.provide(course.context, read, COMMAND)
    assert outcome == Outcome(accounts=1, enrolled=1, stopped=Stopped.NEWER)
    assert Change.objects.get(kind="roster").after["accounts"] == 1
    assert not Roster.objects.get().ahead


@pytest.mark.parametrize(
    "change",
    [
        lambda: Deployment.objects.update(status=Deployment.Status.DISABLED),
        lambda: Registration.objects.update(ahead_way="enrol"),
        lambda: Registration.objects.update(enrolment_mode="honor"),
        lambda: Registration.objects.update(learner_accounts="existing_with_proof"),
        lambda: Registration.objects.update(legacy_way="same_ids", legacy_until=timezone.now().date()),
        lambda: LaunchGate.objects.update(allowed_courses=[OTHER_COURSE]),
        lambda: LaunchGate.objects.update(block_filter={"all": ["problem"]}),
    ],
)
def test_what_changes_in_the_middle_ends_the_work(course: Class, change: Callable[[], object]) -> None:
    course.says(page("a", "b"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, change, at=2):
        outcome = ahead.provide(course.context, read, COMMAND)
    assert outcome == Outcome(accounts=1, enrolled=1, stopped=Stopped.NEWER)
    assert not PlatformUser.objects.filter(sub="b").exists()
    assert [one.after["accounts"] for one in Change.objects.filter(kind="roster")] == [1]


def test_each_go_of_a_whole_list_is_noted_though_a_later_one_ends_early(course: Class) -> None:
    def off() -> None:
        Registration.objects.update(enabled=False)

    course.says(page("a", "b", "c"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, off, at=4):  # a plan and two people, and the second plan
        outcome = ahead.provide(course.context, read, COMMAND, whole=True, most=2)
    assert outcome == Outcome(accounts=2, enrolled=2, stopped=Stopped.NEWER)
    assert [one.after["accounts"] for one in Change.objects.filter(kind="roster")] == [2]


# --- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gate",
    [
        {"allowed_courses": [OTHER_COURSE]},
        {"allowed_keys": [PROBLEM]},
        {"allowed_courses": [COURSE], "block_filter": {"all": ["problem"]}},
        {},
    ],
    ids=str,
)
def test_nobody_where_the_gate_does_not_open_the_course_as_a_whole(course: Class, gate: dict[str, Any]) -> None:
    course.had("a")
    LaunchGate.objects.all().delete()
    course.connection.gate(**gate)
    assert course.reads("b") == Outcome(stopped=Stopped.NO_COURSE)
    assert course.inside() == {"a"}  # whoever left there is not touched either
    assert not PlatformUser.objects.filter(sub="b").exists()


def test_only_courses_that_links_lead_to_and_that_have_the_mode(course: Class) -> None:
    course.wants(enrolment_mode="verified")
    assert course.reads("a") == Outcome(stopped=Stopped.NO_COURSE)
    course.wants(enrolment_mode="audit")
    LaunchGate.objects.update(allowed_courses=[COURSE, OTHER_COURSE])
    course.reads("a")
    assert (course.inside(), course.inside(OTHER_KEY)) == ({"a"}, set())
    first = ResourceLink.objects.get()
    ResourceLink.objects.create(
        deployment=first.deployment,
        context=first.context,
        link_id="2",
        link_digest=digest("2"),
        course_key=OTHER_COURSE,
    )
    assert course.reads("a", "b") == Outcome(accounts=1, enrolled=3)
    assert course.inside(OTHER_KEY) == {"a", "b"}


def leads_elsewhere(course: Class) -> None:
    ResourceLink.objects.update(course_key=OTHER_COURSE)


def is_in_another_course_of_the_platform(course: Class) -> None:
    ResourceLink.objects.update(context=section(course))


def is_in_no_course_of_the_platform(course: Class) -> None:
    ResourceLink.objects.update(context=None)


@pytest.mark.parametrize(
    "link", [leads_elsewhere, is_in_another_course_of_the_platform, is_in_no_course_of_the_platform]
)
def test_whoever_leaves_after_the_link_was_moved_is_unenrolled_where_it_led(
    course: Class, link: Callable[[Class], None]
) -> None:
    course.had("a", "b")
    LaunchGate.objects.update(allowed_courses=[COURSE, OTHER_COURSE])
    link(course)
    done = course.reads("b", "c")
    assert done is not None
    assert (done.unenrolled, done.stopped) == (1, "")
    assert course.inside() == {"b"}
    is_new = link is leads_elsewhere
    assert PlatformUser.objects.filter(sub="c").exists() is is_new
    assert course.inside(OTHER_KEY) == ({"b", "c"} if is_new else set())
    LaunchGate.objects.update(allowed_courses=[OTHER_COURSE])
    course.reads("c")
    assert course.inside() == {"b"}  # the gate does not open it any more: nothing there is touched


def test_a_platform_that_may_list_launchers_only_unenrols_nobody(course: Class) -> None:
    course.had("a")
    course.wants(platform="brightspace")
    assert course.reads("b") == Outcome(accounts=1, enrolled=1)
    assert course.inside() == {"a", "b"}
    with pytest.raises(ValidationError) as refused:
        course.connection.registration.clean()
    assert set(refused.value.message_dict) == {"ahead_way"}


def test_it_needs_a_mode_to_enrol_in(course: Class) -> None:
    course.connection.registration.enrolment_mode = ""
    with pytest.raises(ValidationError) as refused:
        course.connection.registration.clean()
    assert set(refused.value.message_dict) == {"enrolment_mode"}


# --- who is unenrolled ------------------------------------------------------------------------------------------------


def test_whom_a_list_enrolled_and_lacks_is_unenrolled_and_may_come_back(course: Class) -> None:
    course.reads("a", "b", {"user_id": "c", "roles": ["Learner"]})
    assert course.reads("a", {"user_id": "c", "roles": ["Learner"], "status": "Inactive"}) == Outcome(unenrolled=2)
    assert course.inside() == {"a"}
    assert course.reads("a", "b") == Outcome(enrolled=1)
    assert course.inside() == {"a", "b"}
    assert course.reads("a", {"user_id": "b", "roles": ["Instructor"]}) == NOTHING


def test_a_status_that_the_specification_does_not_know_changes_nobody(course: Class) -> None:
    def listed(sub: str, status: object) -> dict[str, object]:
        return {"user_id": sub, "roles": ["Learner"], "status": status}

    course.reads("a", "b")
    for odd in ("Enrolled", "Suspended", "liss:Pending", 1, False, ["Active"]):
        assert course.reads("a", listed("b", odd), listed("c", odd)) == NOTHING, odd
    assert course.inside() == {"a", "b"}
    assert course.reads("a", listed("b", "Inactive"), listed("c", "odd")) == Outcome(unenrolled=1)


def test_whoever_was_refused_while_a_clock_was_wrong_is_tried_again(course: Class) -> None:
    course.sync("a", "b")
    Member.objects.update(refused_at=timezone.now() + timedelta(days=300))
    assert course.reads("a", "b") == Outcome(accounts=2, enrolled=2)


def test_whom_somebody_else_enrolled_is_never_touched(course: Class) -> None:
    mine = course.person(LEARNER).user
    host.current().content.enrol(mine, KEY, "audit")
    assert course.reads("a", LEARNER) == Outcome(accounts=1, enrolled=1)
    assert course.reads("a") == NOTHING
    assert course.inside() == {"a", LEARNER}


def test_whoever_has_another_mode_by_now_stays(course: Class) -> None:
    course.had("a", "b")
    Enrolment.objects.filter(user=course.person("b").user).update(mode="honor")
    assert course.reads("a") == NOTHING
    assert course.inside() == {"a", "b"}


def test_whoever_was_taken_out_by_hand_stays_out(course: Class) -> None:
    course.had("a", "b")
    host.current().membership.unenrol(course.person("b").user, KEY, "audit")
    host.current().content.enrol(course.person(LEARNER).user, KEY, "audit")
    host.current().membership.unenrol(course.person(LEARNER).user, KEY, "audit")
    assert course.reads("a", "b", LEARNER) == NOTHING
    assert course.inside() == {"a"}


def test_whoever_was_taken_out_by_hand_stays_out_though_a_list_lacks_them_in_between(course: Class) -> None:
    course.had("a", "b")
    host.current().membership.unenrol(course.person("b").user, KEY, "audit")
    assert course.reads("a") == NOTHING
    assert not EnrolledAhead.objects.filter(platform_user__sub="b").exists()
    assert course.reads("a", "b") == NOTHING
    assert course.inside() == {"a"}


def test_whoever_was_taken_out_by_hand_stays_out_of_another_list_too(course: Class) -> None:
    first, second = course.context, section(course)
    assert course.reads_of(first, "a", "b") == Outcome(accounts=2, enrolled=2)
    assert course.reads_of(first, "a") == Outcome(unenrolled=1)
    assert course.reads_of(second, "b") == Outcome(enrolled=1)
    host.current().membership.unenrol(course.person("b").user, KEY, "audit")
    for context in (second, first):
        assert course.reads_of(context, "a", "b") == NOTHING
    assert course.inside() == {"a"}


def test_an_enrolment_that_a_launch_made_again_is_the_launchs(course: Class) -> None:
    course.had("a", OTHER_LEARNER)
    host.current().membership.unenrol(course.person(OTHER_LEARNER).user, KEY, "audit")
    assert course.reads("a", OTHER_LEARNER) == NOTHING
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    assert course.inside() == {"a", OTHER_LEARNER}
    assert course.reads("a") == NOTHING
    assert course.inside() == {"a", OTHER_LEARNER}


@pytest.mark.parametrize("left", [False, True])
def test_whoever_has_the_account_of_somebody_who_was_moved_takes_the_row_over(course: Class, left: bool) -> None:
    course.had("a", "b")
    if left:
        course.reads("a")
    old = course.person("b").user
    PlatformUser.objects.filter(sub="b").update(user=somebody("own"))
    PlatformUser.objects.filter(sub=LEARNER).update(user=old)
    assert course.reads("a", LEARNER) == Outcome(enrolled=int(left))
    assert EnrolledAhead.objects.get(user=old).platform_user.sub == LEARNER
    assert course.reads("a", LEARNER) == NOTHING
    assert course.reads("a") == Outcome(unenrolled=1)


def test_enrolling_only_unenrols_nobody(course: Class) -> None:
    course.wants(ahead_way="enrol")
    course.reads("a", "b")
    assert course.reads("a") == NOTHING
    assert course.inside() == {"a", "b"}


def test_the_last_of_two_lists_that_lets_go_unenrols(course: Class) -> None:
    first, second, read = course.context, section(course), course.reads_of
    assert read(first, "a", "b") == Outcome(accounts=2, enrolled=2)
    assert read(second, "b", "c") == Outcome(accounts=1, enrolled=1)
    assert read(first, "a") == NOTHING
    assert course.inside() == {"a", "b", "c"}
    assert read(second, "c") == Outcome(unenrolled=1)
    assert course.inside() == {"a", "c"}
    assert read(first, "a", "b") == Outcome(enrolled=1)


def test_whoever_launched_from_elsewhere_stays(course: Class) -> None:
    course.had("a", OTHER_LEARNER)
    elsewhere = {f"{LTI}context": {"id": "another"}}
    course.connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **elsewhere})
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    assert course.reads("a") == NOTHING
    assert course.inside() == {"a", OTHER_LEARNER}


def test_whoever_was_moved_to_another_account_brings_no_provenance_along(course: Class) -> None:
    course.had("a", "b")
    own = somebody("own")
    host.current().content.enrol(own, KEY, "audit")
    left = course.person("b").user
    PlatformUser.objects.filter(sub="b").update(user=own, linked=True)
    assert course.reads("a") == NOTHING
    assert course.reads("a", "b") == NOTHING
    assert host.current().membership.enrolled([own.pk, left.pk], KEY) == {own.pk, left.pk}


def test_a_list_that_shrinks_a_lot_does_nothing_until_somebody_says_so(course: Class) -> None:
    course.had(*learners(22))
    assert course.reads(*learners(11), "new") == Outcome(stopped=Stopped.SHRUNK)
    assert len(course.inside()) == 22
    assert Change.objects.filter(kind="roster").latest("pk").after["stopped"] == "shrunk"
    assert course.reads(*learners(11), "new", shrinks=True) == Outcome(accounts=1, enrolled=1, unenrolled=11)


@pytest.mark.parametrize(("before", "after", "gone"), [(10, 1, 9), (22, 12, 10), (24, 13, 11)])
def test_a_few_or_a_smaller_part_may_leave(course: Class, before: int, after: int, gone: int) -> None:
    course.had(*learners(before))
    assert course.reads(*learners(after)) == Outcome(unenrolled=gone)


def staff_elsewhere(course: Class, *subs: str) -> None:
    for sub in subs:
        DemoCourseRoles().give(course.person(sub).user, OTHER_KEY, RoleName.STAFF)


def test_people_who_can_never_be_unenrolled_hold_no_later_list_back(course: Class) -> None:
    everybody = learners(22)
    course.had(*everybody)
    staff_elsewhere(course, *everybody[:11])
    assert course.reads(*everybody[11:]) == Outcome(stopped=Stopped.SHRUNK)
    assert course.reads(*everybody[11:], shrinks=True) == Outcome(refused=11)
    assert course.reads(*everybody[11:], "new") == Outcome(accounts=1, enrolled=1, refused=11)
    assert course.reads(*everybody[12:], "new") == Outcome(unenrolled=1, refused=11)
    assert course.reads() == Outcome(stopped=Stopped.GAPS)
    assert course.reads("new") == Outcome(unenrolled=10, refused=11)  # ten are few, whoever else stays


def test_whoever_stays_in_vain_hides_no_list_that_shrinks(course: Class) -> None:
    """They are no part of the people of whom half may leave."""
    everybody = learners(32)
    course.had(*everybody)
    staff_elsewhere(course, *everybody[:10])
    assert course.reads(*everybody[10:]) == Outcome(refused=10)
    assert course.reads(*everybody[21:]) == Outcome(stopped=Stopped.SHRUNK)  # 11 of 22
    assert course.reads(*everybody[20:]) == Outcome(unenrolled=10, refused=10)


def test_whoever_is_listed_again_counts_again(course: Class) -> None:
    everybody = learners(22)
    course.had(*everybody)
    staff_elsewhere(course, *everybody[:10])
    assert course.reads(*everybody[10:]) == Outcome(refused=10)
    assert course.reads(*everybody) == NOTHING
    assert not EnrolledAhead.objects.filter(refused_at__isnull=False).exists()
    assert course.reads(*everybody[11:]) == Outcome(stopped=Stopped.SHRUNK)


# --- accounts that are not to be touched ------------------------------------------------------------------------------


def test_staff_and_accounts_that_are_off_get_nothing_and_lose_nothing(course: Class) -> None:
    course.had("a", "b", "c", "d")
    for sub in ("b", LEARNER):
        DemoCourseRoles().give(course.person(sub).user, OTHER_KEY, RoleName.STAFF)
    assert course.reads("a", "d", LEARNER) == Outcome(unenrolled=1, refused=2)
    user = course.person("c").user
    user.is_active = False
    user.save()
    assert course.reads("a", "c", "d") == Outcome(refused=2)
    assert course.inside() == {"a", "b", "d"}


@pytest.mark.parametrize(
    "fields",
    [
        {"learner_accounts": "existing_with_proof"},
        {"learner_accounts": "existing_only"},
        {"legacy_way": "same_ids", "legacy_consumer_key": "k", "legacy_until": timezone.now().date()},
    ],
    ids=["proof", "only", "1.1"],
)
def test_where_people_may_bring_an_account_none_is_made(course: Class, fields: dict[str, Any]) -> None:
    course.wants(**fields)
    assert course.reads("a", LEARNER) == Outcome(enrolled=1)
    assert not PlatformUser.objects.filter(sub="a").exists()
    assert "No accounts are made" in of_registration(course.connection.registration)


def test_an_account_gives_way_where_people_may_bring_one_by_now(course: Class) -> None:
    course.had(OTHER_LEARNER)
    made = course.person(OTHER_LEARNER).user
    course.wants(learner_accounts="existing_with_proof")
    assert "account/prove" in course.connection.launch(course.connection.link(PROBLEM), OTHER_LEARNER).text
    made.refresh_from_db()
    assert (made.is_active, course.person(OTHER_LEARNER).ahead) == (True, True)  # nothing was chosen yet
    course.wants(learner_accounts="new", legacy_way="same_ids", legacy_consumer_key="k")
    course.wants(legacy_until=timezone.now().date() + timedelta(days=2))
    link = course.connection.link(PROBLEM)
    course.connection.enter(link, OTHER_LEARNER)  # the key has no such person
    made.refresh_from_db()
    assert (made.is_active, course.person(OTHER_LEARNER).user_id, course.person(OTHER_LEARNER).ahead) == (
        True,
        made.pk,
        False,
    )


def test_an_account_that_gave_way_is_unenrolled_by_the_next_clean_up(course: Class) -> None:
    course.had("a", "b", OTHER_LEARNER)
    made, own = course.person(OTHER_LEARNER).user, old_person(OTHER_LEARNER)
    host.current().content.enrol(own, KEY, "audit")
    until = timezone.now().date() + timedelta(days=2)
    course.wants(legacy_way="same_ids", legacy_consumer_key="k", legacy_until=until)
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    assert course.person(OTHER_LEARNER).user == own
    row = EnrolledAhead.objects.get(user=made)
    assert (row.platform_user, row.taken_at) == (None, None)
    assert course.reads("a", "b", OTHER_LEARNER) == NOTHING
    assert clean_up()["unused_accounts_dropped"] == 0
    made.refresh_from_db()
    assert not made.is_active
    assert host.current().membership.enrolled([made.pk, own.pk], KEY) == {own.pk}
    assert EnrolledAhead.objects.count() == 2
    assert course.reads("a") == Outcome(unenrolled=1)


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"mode": "honor"}, True),  # they paid, or somebody else enrolled them
        ({"active": False}, False),
    ],
    ids=str,
)
def test_of_an_account_that_gave_way_only_what_a_list_enrolled_ends(
    course: Class, change: dict[str, Any], stays: bool
) -> None:
    course.had("a", "b")
    made = course.person("a").user
    Enrolment.objects.filter(user=made).update(**change)
    give_up(course.person("a"))
    unused_accounts.drop()
    assert (made.pk in host.current().membership.enrolled([made.pk], KEY)) is stays
    assert not EnrolledAhead.objects.filter(user=made).exists()


@pytest.mark.parametrize("use", ["somebody else", "password", "staff", "retired"])
def test_an_account_that_gave_way_and_is_somebodys_stays_enrolled(course: Class, use: str) -> None:
    course.had("a", "b")
    made = course.person("a").user
    if use == "somebody else":
        PlatformUser.objects.filter(sub=LEARNER).update(user=made)
    elif use == "password":
        made.set_password("of its own")
        made.save()
    elif use == "staff":
        DemoCourseRoles().give(made, OTHER_KEY, RoleName.STAFF)
    else:
        ask(made)
    give_up(course.person("a"))
    unused_accounts.drop()
    made.refresh_from_db()
    assert made.is_active
    assert host.current().membership.enrolled([made.pk], KEY)
    assert not EnrolledAhead.objects.filter(user=made).exists()


@pytest.mark.parametrize("deleted", ["account", "person", "registration", "forgotten"])
def test_only_what_gave_way_is_unenrolled_and_no_account_that_a_person_left(course: Class, deleted: str) -> None:
    """Whatever deletes the person after a move: the old account keeps its enrolments, as was said."""
    course.had("a", "b")
    left, own = course.person("a").user, somebody("own")
    registration = course.connection.registration
    person = by_sub(registration.issuer, registration.client_id, "a")
    move(person[0], own.username, COMMAND)
    assert EnrolledAhead.objects.filter(user=left).exists()
    if deleted == "account":
        own.delete()
    elif deleted == "person":
        course.person("a").delete()
    elif deleted == "registration":
        registration.delete()
    else:
        forget(by_sub(registration.issuer, registration.client_id, "a"))
    assert not EnrolledAhead.objects.filter(user=left).exists()
    clean_up()
    assert host.current().membership.enrolled([left.pk], KEY) == {left.pk}


def test_an_enrolment_that_cannot_end_now_costs_no_other_and_is_tried_again(course: Class) -> None:
    course.had("a", "b")
    users = [course.person(sub).user_id for sub in "ab"]
    for sub in "ab":
        give_up(course.person(sub))
    with database_fails(ValueError("of whatever"), f'UPDATE "{Enrolment._meta.db_table}"'):
        unused_accounts.drop()
    assert len(host.current().membership.enrolled(users, KEY)) == 1
    unused_accounts.drop()
    assert not host.current().membership.enrolled(users, KEY)


def test_an_account_that_is_being_retired_is_refused_and_gives_way(course: Class) -> None:
    course.had("a", OTHER_LEARNER)
    left = course.person(OTHER_LEARNER).user
    ask(left)
    host.current().membership.unenrol(left, KEY, "audit")
    EnrolledAhead.objects.filter(user=left).update(taken_at=timezone.now())
    assert course.reads("a", OTHER_LEARNER) == Outcome(refused=1)
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    assert course.person(OTHER_LEARNER).user != left
    left.refresh_from_db()
    assert left.is_active  # what becomes of it is the LMS's affair


# --- forgetting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["forget", "retire", "never came"])
def test_whoever_is_forgotten_is_not_remade(course: Class, settings: Any, way: str) -> None:
    if way == "never came":
        course.wants(ahead_way="")
    course.reads("a", "b")
    course.wants(ahead_way=BOTH)
    if way == "retire":
        retire(course.person("b").user)
    else:
        registration = course.connection.registration
        forget(by_sub(registration.issuer, registration.client_id, "b"))
    course.reads("a", "b")
    assert not PlatformUser.objects.filter(sub="b").exists()
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = ["new", settings.SECRET_KEY]
    assert course.reads("a", "b") == NOTHING
    course.connection.registration.delete()
    assert not NotAhead.objects.exists()


def test_whoever_is_forgotten_may_launch_and_is_then_like_others(course: Class) -> None:
    course.had("a")
    registration = course.connection.registration
    forget(by_sub(registration.issuer, registration.client_id, LEARNER))
    assert course.reads("a", LEARNER) == NOTHING
    course.connection.enter(course.connection.link(PROBLEM), LEARNER)
    assert course.inside() == {"a", LEARNER}


def test_somebody_is_forgotten_in_the_very_moment(course: Class) -> None:
    registration = course.connection.registration
    course.says(page(LEARNER, "a"))
    read = sync.read(course.context)
    with after_a_look(Deployment, lambda: forget(by_sub(registration.issuer, registration.client_id, LEARNER)), at=2):
        outcome = ahead.provide(course.context, read, COMMAND)
    assert outcome == Outcome(accounts=1, enrolled=1)
    assert not PlatformUser.objects.filter(sub=LEARNER).exists()


def test_somebody_who_never_came_is_forgotten_in_the_very_moment(course: Class) -> None:
    registration = course.connection.registration
    course.says(page("a", "b"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, lambda: forget(by_sub(registration.issuer, registration.client_id, "a"))):
        assert ahead.provide(course.context, read, COMMAND) == Outcome(accounts=1, enrolled=1)
    assert course.inside() == {"b"}


@pytest.mark.parametrize(("way", "looks"), [(BOTH, 2), ("", 0)])
def test_whoever_forgets_waits_for_those_who_make_accounts(course: Class, way: str, looks: int) -> None:
    """SQLite locks nothing: seen is that the rosters' rows are asked for, the second time to lock them."""
    course.had("a")
    course.wants(ahead_way=way)
    registration = course.connection.registration
    with after_a_look(Roster, lambda: None) as found:
        forget(by_sub(registration.issuer, registration.client_id, "a"))
    assert len(found) == looks


def test_somebody_for_whom_an_account_is_made_while_the_forgetting_waits(course: Class) -> None:
    """The real order: a worker holds the roster, and nobody has a row; it commits, and the forgetting goes on."""
    course.had("b")
    registration, made = course.connection.registration, []
    found = by_sub(registration.issuer, registration.client_id, "a")
    assert found[0].row is None

    def commit() -> None:
        made.append(sign_in.make_ahead(Deployment.objects.get(), "a"))

    with after_a_look(Roster, commit, at=2):
        done = forget(found)
    assert (done.people, done.accounts_erased) == (1, 1)
    assert not PlatformUser.objects.filter(sub="a").exists()
    made[0].user.refresh_from_db()
    assert not made[0].user.is_active
    assert course.reads("a", "b") == NOTHING


def test_what_is_kept_is_exported(course: Class) -> None:
    course.had("a")
    registration = course.connection.registration
    (said,) = export(by_sub(registration.issuer, registration.client_id, "a"))["people"]
    assert said["account"]["first_launch"] is None
    assert [one["course"] for one in said["enrolled_ahead"]] == [COURSE]
    assert [one["refused_at"] for one in (*said["rosters"], *said["enrolled_ahead"])] == [None, None]


def test_when_nothing_could_be_done_for_somebody_is_exported(course: Class) -> None:
    course.had("a", "b", "c")
    off(course.person("b"))
    Enrolment.objects.filter(user=course.person("b").user).update(active=False)
    EnrolledAhead.objects.filter(platform_user__sub="b").update(taken_at=timezone.now())
    staff_elsewhere(course, "a")
    before = timezone.now().replace(microsecond=0)
    assert course.reads("b", "c") == Outcome(refused=2)
    registration = course.connection.registration
    for sub, name in (("a", "enrolled_ahead"), ("b", "rosters")):
        (said,) = export(by_sub(registration.issuer, registration.client_id, sub))["people"]
        (row,) = said[name]
        assert before <= datetime.fromisoformat(row["refused_at"]) <= timezone.now()


def test_accounts_that_nobody_came_for_go_with_the_list(course: Class, settings: Any) -> None:
    settings.LTI_1P3_PROVIDER_ROSTER_DAYS = 10
    course.reads("a", "b", LEARNER)
    users = {sub: course.person(sub).user for sub in ("a", "b", LEARNER)}
    old = timezone.now() - timedelta(days=11)
    PlatformUser.objects.update(created_at=old)
    assert clean_up()["unused_accounts_dropped"] == 0
    Member.objects.exclude(platform_user__sub="a").update(last_seen=old)
    assert clean_up()["unused_accounts_dropped"] == 1
    for sub, user in users.items():
        user.refresh_from_db()
        assert user.is_active is (sub != "b")
    assert set(PlatformUser.objects.values_list("sub", flat=True)) == {"a", LEARNER}


def unused(course: Class, settings: Any, *subs: str) -> None:
    """Let nobody list these people for long, who have accounts and enrolments ahead."""
    settings.LTI_1P3_PROVIDER_ROSTER_DAYS = 10
    course.reads(*subs, "z")
    old = timezone.now() - timedelta(days=11)
    PlatformUser.objects.update(created_at=old)
    Member.objects.exclude(platform_user__sub="z").update(last_seen=old)


def test_an_account_that_is_given_up_leaves_the_courses_that_a_list_brought_it_into(
    course: Class, settings: Any
) -> None:
    unused(course, settings, "a", "b")
    users = {sub: course.person(sub).user_id for sub in "abz"}
    Enrolment.objects.filter(user=users["b"]).update(mode="honor")  # somebody else's by now
    assert clean_up()["unused_accounts_dropped"] == 2
    assert host.current().membership.enrolled(list(users.values()), KEY) == {users["b"], users["z"]}


def test_an_account_that_somebody_else_has_too_stays_in_its_courses(course: Class, settings: Any) -> None:
    unused(course, settings, "a")
    user = course.person("a").user
    PlatformUser.objects.filter(sub=LEARNER).update(user=user)
    assert clean_up()["unused_accounts_dropped"] == 1
    user.refresh_from_db()
    assert user.is_active
    assert host.current().membership.enrolled([user.pk], KEY)


def test_whom_another_worker_brought_in_a_moment_ago_nobody_takes_out_again(course: Class) -> None:
    """They are enrolled when this one looks at enrolments, and had no account when it looked at accounts."""
    course.had("z")
    course.says(page("a", "b"))
    read, others = sync.read(course.context), []
    with after_a_look(PlatformUser, lambda: others.append(ahead.provide(course.context, read, COMMAND))):
        done = ahead.provide(course.context, read, COMMAND)
    assert [(one.accounts, one.enrolled, one.unenrolled, one.refused) for one in (*others, done)] == [
        (2, 2, 1, 0),
        (0, 0, 0, 0),
    ]
    assert course.inside() == {"a", "b"}


def test_whoever_is_listed_again_in_the_very_moment_keeps_the_account(course: Class, settings: Any) -> None:
    unused(course, settings, "a", "b")
    kept.drop_old()
    with after_a_look(PlatformUser, lambda: course.reads("a", "z")):
        assert unused_accounts.drop() == 1
    assert set(PlatformUser.objects.values_list("sub", flat=True)) == {"a", "z", LEARNER}


def test_an_account_that_cannot_be_given_up_costs_no_other_and_no_role(course: Class, settings: Any) -> None:
    unused(course, settings, "a", "b")
    where = " ".join(("DELETE FROM", f'"{PlatformUser._meta.db_table}"'))
    with database_fails(ValueError("of whatever"), where) as failed:
        assert clean_up()["unused_accounts_dropped"] == 1
    assert len(failed) == 1
    assert course.inside() >= {"a", "z"}  # all of it, or nothing
    assert clean_up()["unused_accounts_dropped"] == 1


@pytest.mark.parametrize("step", [upkeep.keep_up, grants.drop_lapsed, unused_accounts.drop, record.drop_old])
def test_a_part_of_the_clean_up_that_fails_keeps_none_of_the_others_from_being_done(
    course: Class, settings: Any, step: Callable[[], int]
) -> None:
    LaunchAttempt.objects.update(created_at=timezone.now() - timedelta(days=1000))
    user = course.person(LEARNER).user
    DemoCourseRoles().give(user, KEY, RoleName.STAFF)
    CourseRole.objects.create(
        user=user, course_key=COURSE, course_digest=digest(COURSE), role=RoleName.STAFF.value, because="instructor_role"
    )
    with raised_in(step, ValueError("of whatever")) as failed, pytest.raises(ValueError, match="of whatever"):
        clean_up()
    assert len(failed) == 1
    assert not CourseRole.objects.exists()
    assert LaunchAttempt.objects.exists() is (step in (upkeep.keep_up, record.drop_old))  # they are counted first


# --- at the same moment, in parts, and what fails -------------------------------------------------------------------


def test_a_launch_in_the_very_moment_makes_the_one_account(course: Class) -> None:
    deployment = Deployment.objects.get()
    course.says(page("a"))
    read = sync.read(course.context)
    with after_a_look(NotAhead, lambda: sign_in._create(deployment, "a", Person("Ada")), at=2):
        outcome = ahead.provide(course.context, read, COMMAND)
    assert outcome == Outcome(enrolled=1)
    assert not course.person("a").ahead


def test_a_roster_in_the_very_moment_of_a_launch_makes_the_one_account(course: Class) -> None:
    heard, made = [], []

    def hear(launch: Launch[Any], **_more: Any) -> None:
        heard.append(launch)

    api.launched.connect(hear)
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)
    api.launched.disconnect(hear)
    course.person(OTHER_LEARNER).delete()
    deployment = Deployment.objects.get()
    comes = after_a_look(PlatformUser, lambda: made.append(sign_in.make_ahead(deployment, OTHER_LEARNER)))
    with transaction.atomic(), comes:
        person = sign_in.account_for(heard[0])
    assert (made[0].pk, made[0].ahead, person.pk) == (person.pk, True, course.person(OTHER_LEARNER).pk)
    assert not course.person(OTHER_LEARNER).ahead


def test_a_worker_does_some_and_then_the_rest(course: Class, no_worker: Mapping[str, list[tuple[Any, ...]]]) -> None:
    everybody = page("a", "b", "c")
    course.says(everybody, everybody, everybody)
    refresh.read(course.context.pk, most=2)
    assert (course.inside(), Roster.objects.get().ahead["left"]) == ({"a", "b"}, 1)
    (told,) = no_worker["lti_1p3_provider.read_roster"]
    assert told[0] == course.context.pk
    refresh.read(*told, most=2)
    assert course.inside() == {"a", "b", "c"}
    assert len(no_worker["lti_1p3_provider.read_roster"]) == 1


def test_a_whole_list_is_done_in_goes(course: Class) -> None:
    assert course.reads(*learners(5), whole=True, most=2) == Outcome(accounts=5, enrolled=5)


def test_a_days_limit_leaves_half_to_launches(course: Class, settings: Any) -> None:
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 6  # the fixture's launch is the first
    outcome = course.reads("a", "b", "c", "d", LEARNER, whole=True)
    assert outcome == Outcome(accounts=2, enrolled=3, left=2, stopped=Stopped.QUOTA)
    course.connection.enter(course.connection.link(PROBLEM), OTHER_LEARNER)


def test_a_new_person_costs_a_few_queries_and_a_known_one_almost_none(course: Class) -> None:
    people = learners(20)
    course.says(page(*people))
    read = sync.read(course.context)
    with CaptureQueriesContext(database) as first:
        ahead.provide(course.context, read, COMMAND)
    with CaptureQueriesContext(database) as again:
        ahead.provide(course.context, read, COMMAND)
    assert len(first) < len(people) * 28
    assert len(again) < 15


def test_what_goes_wrong_costs_one_person(course: Class) -> None:
    where = f'INSERT INTO "{EnrolledAhead._meta.db_table}"'
    with database_fails(IntegrityError("a foreign key"), where) as failed:
        assert course.reads("a", "b") == Outcome(accounts=2, enrolled=1, refused=1)
    assert len(failed) == 1
    assert course.inside() == {"b"}  # nothing is half done: no row, no enrolment
    assert course.reads("a", "b") == Outcome(enrolled=1)
    where = f'INSERT INTO "{PlatformUser._meta.db_table}"'
    with database_fails(ValueError("of whatever"), where):
        assert course.reads("a", "b", "c", "d") == Outcome(accounts=1, enrolled=1, refused=1)
    assert course.inside() == {"a", "b", "d"}


def test_what_one_course_refuses_costs_that_course_only(course: Class) -> None:
    LaunchGate.objects.update(allowed_courses=[COURSE, OTHER_COURSE])
    first = ResourceLink.objects.get()
    ResourceLink.objects.create(
        deployment=first.deployment,
        context=first.context,
        link_id="2",
        link_digest=digest("2"),
        course_key=OTHER_COURSE,
    )
    with database_fails(IntegrityError("a trigger"), f'INSERT INTO "{Enrolment._meta.db_table}"', at=2):
        assert course.reads("a") == Outcome(accounts=1, enrolled=1, refused=1)
    assert (course.inside(), course.inside(OTHER_KEY)) in [({"a"}, set()), (set(), {"a"})]
    assert course.reads("a") == Outcome(enrolled=1)
    assert course.inside() == course.inside(OTHER_KEY) == {"a"}


@contextmanager
def closed() -> Iterator[None]:
    """Let the LMS turn everybody away, who comes and who goes."""

    def refuse(run: Callable[..., Any], sql: str, *others: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")) and f" {database.ops.quote_name(Enrolment._meta.db_table)} " in sql:
            raise ContentNotAccessible("the course is closed")
        return run(sql, *others)

    with database.execute_wrapper(refuse):
        yield


def off(*people: PlatformUser) -> None:
    get_user_model().objects.filter(pk__in=[one.user_id for one in people]).update(is_active=False)


def test_whoever_is_refused_makes_nobody_wait_and_is_counted_once(course: Class) -> None:
    made = [sign_in.make_ahead(Deployment.objects.get(), sub) for sub in ("x", "y", "z")]
    off(*made)
    assert course.reads("x", "y", "z", "a", most=1) == Outcome(accounts=1, enrolled=1, refused=3)
    everybody = ("x", "y", "z", "a", "b", "c", "d")
    assert course.reads(*everybody, most=1, whole=True) == Outcome(accounts=3, enrolled=3, refused=3)


@pytest.mark.parametrize(("number", "times", "noted"), [(1213, 2, True), (1213, 3, False), (1366, 1, False)])
def test_a_refusal_that_cannot_be_noted_costs_nobody_else(
    course: Class, number: int, times: int, noted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    off(sign_in.make_ahead(Deployment.objects.get(), "x"))
    error = OperationalError(number, "of whatever")
    with database_fails(error, 'SET "refused_at"', times=times) as failed:
        assert course.reads("x", "a") == Outcome(accounts=1, enrolled=1, refused=1)
    assert (len(failed), course.inside()) == (times, {"a"})
    assert Member.objects.filter(refused_at__isnull=False).exists() == noted
    assert "of whatever" not in caplog.text
    assert ("it was not noted who was refused" in caplog.text) != noted


def test_a_refusal_of_leaving_that_cannot_be_noted_costs_nobody_else(course: Class) -> None:
    course.had("a", "b", "c")
    staff_elsewhere(course, "a")
    with database_fails(OperationalError(1366, "no"), 'SET "refused_at"') as failed:
        assert course.reads("c") == Outcome(unenrolled=1, refused=1)
    assert len(failed) == 1
    assert course.inside() == {"a", "c"}


def test_a_go_ends_however_many_are_refused(course: Class) -> None:
    made = [sign_in.make_ahead(Deployment.objects.get(), sub) for sub in learners(ahead.TRIES + 1)]
    off(*made)
    assert course.reads(*learners(ahead.TRIES + 1), "a", most=1) == Outcome(refused=ahead.TRIES, left=2)


def test_whoever_was_refused_waits_for_those_who_were_not_tried(
    course: Class, no_worker: Mapping[str, list[tuple[Any, ...]]]
) -> None:
    """Each worker tries ten people here, twice as many are refused, and half of them come first on the list."""
    everybody = learners(2 * ahead.TRIES)
    off(*(sign_in.make_ahead(Deployment.objects.get(), sub) for sub in everybody))
    listed = [*everybody[: ahead.TRIES], "a", *everybody[ahead.TRIES :], "b"]
    course.says(*[page(*listed)] * 20)
    refresh.read(course.context.pk, most=1)
    assert course.inside() == set()
    told = no_worker["lti_1p3_provider.read_roster"]
    while told:
        refresh.read(*told.pop(), most=1)
    assert course.inside() == {"a", "b"}
    assert Member.objects.filter(refused_at__isnull=False).count() == 2 * ahead.TRIES
    get_user_model().objects.filter(pk=course.person("s15").user_id).update(is_active=True)
    refresh.read(course.context.pk, most=1)  # nobody is new: those who were refused longest ago are tried first
    while told:
        refresh.read(*told.pop(), most=1)
    assert course.inside() == {"a", "b", "s15"}


def test_whoever_cannot_be_unenrolled_waits_for_those_who_were_not_tried(course: Class) -> None:
    everybody = learners(ahead.TRIES + 2)
    course.had(*everybody, "z")
    staff_elsewhere(course, *everybody[:-1])
    assert course.reads("z", shrinks=True, most=1) == Outcome(refused=ahead.TRIES, left=2)
    assert course.reads("z", shrinks=True, most=1) == Outcome(refused=1, unenrolled=1, left=ahead.TRIES)
    assert course.reads("z", shrinks=True, most=1, whole=True) == Outcome(refused=ahead.TRIES + 1)


# --- by somebody who means harm, or is in a hurry -------------------------------------------------------------------


def test_the_same_id_in_other_letters_or_twice_is_what_it_says(course: Class) -> None:
    twice = {"user_id": "ada", "roles": ["Instructor"]}
    assert course.reads("ada", "ADA", "ada ", twice) == Outcome(accounts=2, enrolled=2)
    assert course.inside() == {"ADA", "ada "}
    assert course.reads("ADA") == Outcome(unenrolled=1)
    assert course.inside() == {"ADA"}


def test_a_learner_who_comes_as_a_teacher_brings_an_account_if_teachers_may(course: Class) -> None:
    course.had("a", OTHER_LEARNER)
    made = course.person(OTHER_LEARNER).user
    course.wants(teacher_accounts="existing_with_proof")
    taught = {f"{LTI}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]}
    course.connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **taught})
    assert "account/prove" in course.connection.launch(course.connection.link(PROBLEM), OTHER_LEARNER).text
    made.refresh_from_db()
    assert (made.is_active, course.person(OTHER_LEARNER).user) == (True, made)
    assert course.reads("a", {"user_id": OTHER_LEARNER, "roles": ["Instructor"]}) == NOTHING
    assert course.inside() == {"a", OTHER_LEARNER}


def test_a_course_that_is_gone_keeps_no_account_from_being_given_up(course: Class, settings: Any) -> None:
    unused(course, settings, "a")
    user = course.person("a").user_id
    gone = "course-v1:No+Such+Course"
    EnrolledAhead.objects.filter(user_id=user).update(course_key=gone, course_digest=digest(gone))
    Enrolment.objects.filter(user_id=user).update(course_key=gone)
    kept.drop_old()
    assert unused_accounts.drop() == 1
    assert Enrolment.objects.get(user_id=user).active  # which the LMS could not end
    assert not EnrolledAhead.objects.filter(user_id=user).exists()


def test_a_course_that_is_gone_ends_nothing_and_costs_no_other(course: Class) -> None:
    first = ResourceLink.objects.get()
    ResourceLink.objects.create(
        deployment=first.deployment,
        context=first.context,
        link_id="2",
        link_digest=digest("2"),
        course_key="course-v1:No+Such+Course",
    )
    LaunchGate.objects.update(allowed_courses=[COURSE, "course-v1:No+Such+Course"])
    assert course.reads("a", "b") == Outcome(accounts=2, enrolled=2)
    assert course.reads("a") == Outcome(unenrolled=1)


def test_a_course_that_takes_and_lets_go_nobody_any_more_costs_no_account(course: Class) -> None:
    course.had("a", "b")
    with closed():
        assert course.reads("a", "c") == Outcome(accounts=1, refused=2)
    assert course.inside() == {"a", "b"}
    assert course.person("c").ahead
    assert course.reads("a", "c") == Outcome(enrolled=1, unenrolled=1)


def test_another_platforms_list_holds_nobody_here(course: Class) -> None:
    """Platform B says that it has a person with the same id; what A's lists gave is A's."""
    other = Registration.objects.create(
        title="B",
        issuer="https://b.example",
        client_id="b",
        platform="moodle",
        ahead_way=BOTH,
        enrolment_mode="audit",
    )
    LaunchGate.objects.create(registration=other, allowed_courses=[COURSE])
    deployment = Deployment.objects.create(registration=other, deployment_id="1")
    theirs = Context.objects.create(deployment=deployment, context_id="x", context_digest=digest("x"))
    ResourceLink.objects.create(
        deployment=deployment, context=theirs, link_id="x", link_digest=digest("x"), course_key=COURSE
    )
    course.reads("a", "b")
    now = timezone.now()
    Roster.objects.create(context=theirs, asked_at=now, complete=True)
    members = Members(tuple(ListedMember(sub, roles.parse(["Learner"])) for sub in ("a", "b")))
    read = sync.Read(members, sync.with_accounts(other.pk, members), now)
    assert ahead.provide(theirs, read, COMMAND) == Outcome(accounts=2, enrolled=2)
    assert course.reads("b") == Outcome(unenrolled=1)
    assert course.inside() == {"b"}
    enrolled = PlatformUser.objects.filter(registration=other).values_list("user", flat=True)
    assert host.current().membership.enrolled(list(enrolled), KEY) == set(enrolled)


# --- the command, and the pages ---------------------------------------------------------------------------------------


def run(course: Class, *more: str, code: int = 0) -> tuple[dict[str, Any], str]:
    names = ["--issuer", course.connection.registration.issuer, "--client-id", course.connection.client_id, *more]
    printed = []
    for form in (["--json"], []):
        out = StringIO()
        ended = 0
        try:
            call_command("lti_1p3_roster", "sync", *names, *form, stdout=out)
        except SystemExit as error:
            ended = int(error.code or 0)
        assert ended == code
        printed.append(out.getvalue())
    return json.loads(printed[0]), printed[1]


def test_the_command_does_it_and_a_dry_run_says_what_it_would_do(course: Class) -> None:
    everybody = page("a", "b", LEARNER)
    course.says(*[everybody] * 4)
    due = {**asdict(Outcome(accounts=2, enrolled=3)), "context": course.context.context_id}
    told, text = run(course, "--dry-run")
    assert (told["ahead"], told["dry_run"]) == ([due], True)
    assert "would be done ahead" in text
    assert "2 accounts would be made. 3 enrolments would be made." in text
    assert PlatformUser.objects.count() == 1
    assert plan(course.context, sync.read(course.context)) is not None
    course.says(*[everybody] * 2)
    told, _ = run(course)
    assert (told["ahead"], told["dry_run"]) == ([due], False)
    assert {one["sub"]: (one["launched"], one["enrolled"]) for one in told["members"]} == {
        "a": (False, True),
        "b": (False, True),
        LEARNER: (True, True),
    }


def test_the_commands_word_lets_many_leave(course: Class) -> None:
    course.had(*learners(12))
    course.says(*[page("s1")] * 2)
    assert run(course, "--dry-run", code=4)[0]["ahead"][0]["stopped"] == "shrunk"
    course.says(*[page("s1")] * 2)
    assert run(course, code=4)[0]["ahead"][0]["stopped"] == "shrunk"
    course.says(*[page("s1")] * 2)
    assert run(course, "--many-left")[0]["ahead"][0]["unenrolled"] == 11


def test_the_command_tells_that_a_days_limit_held_people_back(course: Class, settings: Any) -> None:
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 4
    course.says(*[page("a", "b", "c")] * 2)
    _, text = run(course, code=4)
    assert "2 people are left for the next read. The platform brought too many new people today" in text


def test_every_reason_to_stop_has_a_sentence() -> None:
    for one in Stopped:
        (sentence,) = said({**asdict(NOTHING), "stopped": one.value})
        assert sentence.endswith(".")
        assert sentence != "Nothing was due."


def test_the_pages_say_what_was_done(course: Class, client: Any) -> None:
    course.reads("a", "b", LEARNER)
    team = signed_in(course.connection, somebody("teacher", COURSE))
    text = team.get(f"{course.connection.lms}/lti/1p3/roster/{COURSE}/", timeout=5).text
    assert "2 accounts were made. 3 enrolments were made." in text
    assert "<b>2</b> never came, and have an account already" in text
    client.force_login(somebody("root", is_staff=True, is_superuser=True))
    address = f"/admin/lti_1p3_provider/registration/{course.connection.registration.pk}/change/"
    text = client.get(address).content.decode()
    assert "2 people have an account and never came. 3 enrolments are from a list." in text
    course.reads()
    assert "Nothing was done: the list had gaps" in client.get(address).content.decode()
    assert "Nothing was done: the list had gaps" in of_registration(course.connection.registration)


def test_whoever_leaves_first_makes_room(course: Class) -> None:
    course.had("a", "b")
    assert course.reads("b", "c", most=1) == Outcome(unenrolled=1, left=1)
    assert course.inside() == {"b"}
    assert EnrolledAhead.objects.get(platform_user__sub="a").taken_at is not None

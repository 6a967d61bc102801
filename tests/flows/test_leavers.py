"""Roles in courses here end when a platform's list says that somebody has left: whoever leaves launches no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from demo.lms.course_roles import DemoCourseRoles
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships import refresh
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import CourseRole, PlatformUser
from tests.accidents import raised_in
from tests.connection import COURSE, INSTRUCTOR, OTHER_COURSE, PROBLEM, Connection
from tests.school import School, opened, page
from tests.web_server import Said, WebServer

KEY = CourseKey.from_string(COURSE)
TEACHER = {"user_id": INSTRUCTOR, "roles": ["Instructor"]}


class Faculty(School):
    """A platform's course whose teacher launched and got a role."""

    def reads(self, *members: object) -> bool:
        """Have a worker read a list; return whether the teacher still has the role."""
        self.says(page("a", *members))
        refresh.read(self.context.pk)
        return self.holds()

    def holds(self) -> bool:
        return DemoCourseRoles().has(self.teacher.user, KEY, RoleName.STAFF)

    @property
    def teacher(self) -> PlatformUser:
        return PlatformUser.objects.select_related("user").get(sub=INSTRUCTOR)

    def section(self) -> Context:
        """Make another course of the platform's, with a link to the same course here."""
        values = {"context_id": "2", "context_digest": digest("2"), "memberships_url": self.context.memberships_url}
        other = Context.objects.create(deployment=self.context.deployment, **values)
        self.link(other)
        return other

    def link(self, context: Context | None) -> None:
        named = {"link_id": "2", "link_digest": digest("2"), "course_key": COURSE, "usage_key": PROBLEM}
        ResourceLink.objects.create(deployment=self.context.deployment, context=context, **named)


def wants(connection: Connection, **fields: str) -> None:
    for name, value in fields.items():
        setattr(connection.registration, name, value)
    connection.registration.save()


@pytest.fixture
def faculty(connection: Connection, web_server: WebServer) -> Faculty:
    found = opened(connection, web_server, Faculty)
    wants(connection, instructor_role="staff")
    connection.enter(connection.link(PROBLEM), INSTRUCTOR)
    assert found.reads(TEACHER)
    return found


def test_whoever_has_left_loses_the_role_and_gets_it_again_by_a_launch(faculty: Faculty) -> None:
    assert not faculty.reads()
    assert not CourseRole.objects.exists()
    newest = Change.objects.filter(kind="course role").latest("pk")
    assert (newest.action, newest.way, newest.before["role"]) == (Change.Action.DELETED, Change.Way.ROSTER, "staff")
    faculty.connection.enter(faculty.connection.link(PROBLEM), INSTRUCTOR)
    assert faculty.holds()


def test_the_command_takes_it_too_and_a_dry_run_does_not(faculty: Faculty) -> None:
    row = faculty.connection.registration
    named = ("lti_1p3_roster", "sync", f"--issuer={row.issuer}", f"--client-id={row.client_id}")
    for more, holds in ((["--dry-run"], True), ([], False)):
        faculty.says(page("a"))
        call_command(*named, *more)
        assert faculty.holds() is holds


LISTED: tuple[dict[str, Any], ...] = (
    TEACHER,
    {**TEACHER, "roles": ["Learner"]},
    {**TEACHER, "roles": []},
    {**TEACHER, "status": "Inactive"},
    {**TEACHER, "status": "Sabbatical"},
    {"name": "without an id"},
)


def test_whoever_is_listed_in_any_way_or_may_be_keeps_it(faculty: Faculty) -> None:
    assert [listed for listed in LISTED if not faculty.reads(listed)] == []


def test_a_list_that_is_empty_or_cannot_be_read_takes_nothing(faculty: Faculty) -> None:
    for answer in (Said(b"", 500), Said(b"<html>"), page(), page(status=403)):
        faculty.says(answer)
        refresh.read(faculty.context.pk)
        assert faculty.holds(), answer


def test_whoever_was_never_listed_keeps_it(connection: Connection, web_server: WebServer) -> None:
    found = opened(connection, web_server, Faculty)
    wants(connection, instructor_role="staff")
    connection.enter(connection.link(PROBLEM), INSTRUCTOR)
    assert found.reads()


def given_later(faculty: Faculty) -> None:
    CourseRole.objects.update(given_at=timezone.now() + timedelta(minutes=1))


def of_another_deployment(faculty: Faculty) -> None:
    other = Deployment.objects.create(registration=faculty.connection.registration, deployment_id="other")
    CourseRole.objects.update(deployment=other)


def in_another_course(faculty: Faculty) -> None:
    CourseRole.objects.update(course_key=OTHER_COURSE, course_digest=digest(OTHER_COURSE))


def where_a_link_is_in_no_course(faculty: Faculty) -> None:
    faculty.link(None)


def where_another_course_was_not_read(faculty: Faculty) -> None:
    faculty.section()


def where_another_course_has_gaps(faculty: Faculty) -> None:
    Roster.objects.create(context=faculty.section(), asked_at=timezone.now(), complete=False)


def on_a_platform_that_may_list_launchers_only(faculty: Faculty) -> None:
    wants(faculty.connection, platform="brightspace")


@pytest.mark.parametrize(
    "change",
    [
        given_later,
        of_another_deployment,
        in_another_course,
        where_a_link_is_in_no_course,
        where_another_course_was_not_read,
        where_another_course_has_gaps,
        on_a_platform_that_may_list_launchers_only,
    ],
)
def test_what_a_list_does_not_say_for_sure_takes_nothing(faculty: Faculty, change: Callable[[Faculty], None]) -> None:
    change(faculty)
    assert faculty.reads()


def test_of_two_courses_that_link_here_the_last_one_that_lets_go_counts(faculty: Faculty) -> None:
    other = faculty.section()
    faculty.says(page(TEACHER))
    refresh.read(other.pk)
    assert faculty.reads()
    faculty.says(page("b"))
    refresh.read(other.pk)
    assert not faculty.holds()


def test_a_role_that_somebody_else_gave_is_not_a_lists_to_take(faculty: Faculty) -> None:
    CourseRole.objects.all().delete()
    assert faculty.reads()


def test_one_that_cannot_be_taken_now_is_taken_with_the_next_list(faculty: Faculty, caplog: Any) -> None:
    with raised_in(DemoCourseRoles.take, RuntimeError("secret")):
        assert faculty.reads()
    assert "was not taken back: RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert not faculty.reads()

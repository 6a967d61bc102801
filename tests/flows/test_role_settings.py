"""What teachers become is set by the command, the admin and the API; each says and does what follows from a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import CommandError
from opaque_keys.edx.keys import CourseKey

from demo.lms.course_roles import DemoCourseRoles
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding import roles_of
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.registrations.models import ROLE_FIELDS, Deployment, Registration
from lti_1p3_provider.users.models import CourseRole, PlatformUser
from tests.cases import every
from tests.connection import COURSE, OTHER_COURSE, PROBLEM
from tests.tenants import DEMO, PLATFORM, belongings, tenant
from tests.unit.registering import BASE, KEYS, URLS, form, run

COMMAND = [*BASE, *URLS, *KEYS]
ADD = "/admin/lti_1p3_provider/registration/add/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


def mapped() -> tuple[str, ...]:
    row = Registration.objects.get()
    return tuple(getattr(row, name) for name in ROLE_FIELDS)


def given(row: Registration) -> CourseRole:
    """Give somebody the role of staff in the demo's course, as a launch does."""
    user = get_user_model().objects.create_user("lti_teacher")
    PlatformUser.objects.create(registration=row, sub="t", sub_digest=digest("t"), user=user)
    DemoCourseRoles().give(user, CourseKey.from_string(COURSE), RoleName.STAFF)
    deployment = Deployment.objects.filter(registration=row).first() or Deployment.objects.create(
        registration=row, deployment_id="1"
    )
    return CourseRole.objects.create(
        user=user,
        course_key=COURSE,
        course_digest=digest(COURSE),
        role="staff",
        because="instructor_role",
        deployment=deployment,
    )


def test_the_command_sets_keeps_and_removes_them():
    run(*COMMAND, "--instructor-role=staff", "--assistant-role=limited_staff", "--designer-role=beta_testers")
    assert mapped() == ("staff", "limited_staff", "beta_testers")
    run(*COMMAND, "--assistant-role=none")
    assert mapped() == ("staff", "", "beta_testers")
    with pytest.raises(CommandError):
        run(*COMMAND, "--instructor-role=instructor")


def test_a_new_registration_gives_nothing():
    run(*COMMAND)
    assert mapped() == ("", "", "")


def test_the_command_says_what_is_taken_back():
    run(*COMMAND, "--instructor-role=staff")
    given(Registration.objects.get())
    assert run(*COMMAND)["warnings"] == []
    assert run(*COMMAND, "--instructor-role=none")["warnings"] == [roles_of.taken(1)]


def test_the_admin_sets_them_and_says_what_they_let_people_do(admin_client):
    page = admin_client.get(ADD).content.decode()
    assert "Staff of a course, limited or not, see all people in it" in page
    values = form(title="T", platform="moodle", platform_host="m.example", client_id="c", instructor_role="staff")
    assert admin_client.post(ADD, values).status_code == 302
    assert mapped() == ("staff", "", "")
    row = Registration.objects.get()
    given(row)
    address = f"/admin/lti_1p3_provider/registration/{row.pk}/change/"
    assert "1 role is given now." in admin_client.get(address).content.decode()
    kept = {name: getattr(row, name) for name in ("issuer", "auth_login_url", "auth_token_url", "key_set_url")}
    values = form(**{**kept, "title": "T", "platform": "moodle", "client_id": "c", "instructor_role": ""})
    said = admin_client.post(address, values, follow=True).content.decode()
    assert roles_of.taken(1) in said
    changed = Change.objects.filter(kind="registration", action="changed").latest("pk")
    assert (changed.before["instructor_role"], changed.after["instructor_role"]) == ("staff", "")


@every("wrong", ["instructor", "org_staff", "x"])
def test_no_other_role_can_be_set(admin_client, wrong):
    values = form(title="T", platform="moodle", platform_host="m.example", client_id="c", instructor_role=wrong)
    assert admin_client.post(ADD, values).status_code == 200
    assert tenant()("POST", "registrations/", {**PLATFORM, "instructor_role": wrong}).status_code == 400
    assert not Registration.objects.exists()


def by_mapping(said: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "PATCH", f"registrations/{said['registration']}/", {"instructor_role": ""}


def by_switch(said: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "PATCH", f"registrations/{said['registration']}/", {"enabled": False}


def by_deployment(said: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    path = f"registrations/{said['registration']}/deployments/{said['deployment']}/"
    return "PATCH", path, {"status": "disabled"}


def by_gate(said: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    gate = {"allowed_orgs": [DEMO], "allowed_courses": [], "allowed_keys": [], "block_filter": {"all": ["problem"]}}
    return "PUT", f"registrations/{said['registration']}/gate/", gate


@pytest.mark.parametrize("way", [by_mapping, by_switch, by_deployment, by_gate], ids=lambda way: way.__name__)
@pytest.mark.django_db(transaction=True)
def test_what_a_tenant_changes_takes_roles_back_at_once(way: Callable[..., Any]):
    """By a worker, which here is the request itself."""
    staff, had = tenant(), belongings(DEMO)
    Deployment.objects.update(status="approved")
    Registration.objects.update(instructor_role="staff")  # an operator did: staff of an organization may not
    row = given(Registration.objects.get())
    method, path, body = way(had)
    assert staff(method, path, body).status_code == 200
    assert not DemoCourseRoles().has(row.user, CourseKey.from_string(COURSE), RoleName.STAFF)
    assert not CourseRole.objects.exists()


@pytest.mark.parametrize(
    ("gate", "role", "expected"),
    [
        ({"allowed_courses": [COURSE]}, "", []),
        ({"allowed_courses": [COURSE]}, "staff", []),
        ({"allowed_keys": [PROBLEM]}, "staff", ["roles"]),
        ({"allowed_orgs": ["DemoX"], "block_filter": {"all": ["problem"]}}, "beta_testers", ["roles"]),
        ({"allowed_courses": [OTHER_COURSE]}, "staff", ["roles"]),  # where another platform has people
        ({"allowed_courses": [OTHER_COURSE]}, "limited_staff", ["roles"]),
        ({"allowed_courses": [OTHER_COURSE]}, "beta_testers", []),
        ({"allowed_courses": [OTHER_COURSE], "block_filter": {"all": ["problem"]}}, "staff", ["roles"]),
    ],
)
def test_an_operator_is_told_where_no_role_is_given_and_where_it_shows_others_people(gate, role, expected):
    belongings(DEMO)  # its scores are in the other course
    row = Registration.objects.create(issuer="https://p.example", client_id="c", instructor_role=role)
    LaunchGate.objects.create(registration=row, **gate)
    assert [one.about for one in doubts(row) if one.about == "roles"] == expected


# --- before people come -----------------------------------------------------------------------------------------------


def ahead() -> str:
    return Registration.objects.get().ahead_way


def test_the_command_sets_keeps_and_removes_what_is_done_ahead():
    with pytest.raises(CommandError, match="enrolment_mode"):
        run(*COMMAND, "--ahead-way=enrol")
    run(*COMMAND, "--ahead-way=enrol_and_unenrol", "--enrol=audit")
    assert ahead() == "enrol_and_unenrol"
    run(*COMMAND)
    assert ahead() == "enrol_and_unenrol"
    run(*COMMAND, "--ahead-way=none")
    assert ahead() == ""


def test_the_admin_sets_what_is_done_ahead_and_says_what_it_means(admin_client):
    assert "nobody gets anything before their first launch" in admin_client.get(ADD).content.decode()
    values = form(title="T", platform="brightspace", platform_host="m.example", client_id="c", enrolment_mode="audit")
    refused = admin_client.post(ADD, {**values, "ahead_way": "enrol_and_unenrol"}).content.decode()
    assert "This platform may list only those who have opened an activity" in refused
    assert admin_client.post(ADD, {**values, "ahead_way": "enrol"}).status_code == 302
    assert ahead() == "enrol"


def test_an_organization_may_want_it_for_its_own_platform():
    call = tenant()
    assert call("POST", "registrations/", {**PLATFORM, "ahead_way": "enrol"}).status_code == 400  # without a mode
    wanted = {**PLATFORM, "ahead_way": "enrol", "enrolment_mode": "audit"}
    assert call("POST", "registrations/", wanted).status_code == 201
    assert ahead() == "enrol"

"""Roles in one course: given and taken as the LMS's own teams do it, and by launches."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.http import HttpResponse
from django.test import Client
from edx_django_utils.cache import RequestCache

from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.host.port import StaffRole
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import CourseRole

from .launching import LTI, account, launch, open_launched, register_platform
from .world import Contract

STAFF = (RoleName.STAFF, RoleName.LIMITED_STAFF)


class CourseRolesContract(Contract):
    """Each role by itself, in one course."""

    def again(self, user: AbstractUser) -> AbstractUser:
        """Return the account as the next request reads it."""
        RequestCache.clear_all_namespaces()
        return get_user_model().objects.get(pk=user.pk)

    def named(self, user: AbstractUser) -> set[tuple[str, str]]:
        """Return what an account is staff of, as launches compare it with what they gave."""
        return {(one.name, one.course) for one in self.world.host.identity.staff_roles(self.again(user))}

    def test_a_role_is_given_in_one_course_and_taken_again(self) -> None:
        roles = self.world.host.course_roles
        for role in RoleName:
            user = self.person()
            assert not roles.has(user, self.world.course, role)
            for _ in range(2):
                roles.give(user, self.world.course, role)
            assert [one for one in RoleName if roles.has(self.again(user), self.world.course, one)] == [role]
            assert not roles.has(user, self.world.other_course, role)
            assert self.named(user) == ({(role.value, str(self.world.course))} if role in STAFF else set())
            for _ in range(2):
                roles.take(user, self.world.course, role)
            assert not roles.has(self.again(user), self.world.course, role)
            assert self.named(user) == set()

    def test_what_the_lms_keeps_of_an_account_is_up_to_date_at_once(self) -> None:
        """In the request that gives or takes, on the same object: a launch asks about access right after."""
        identity, roles, user = self.world.host.identity, self.world.host.course_roles, self.person()
        assert not identity.staff_roles(user)
        assert not identity.is_course_staff(user, self.world.course)
        roles.give(user, self.world.course, RoleName.STAFF)
        assert {one.course for one in identity.staff_roles(user)} == {str(self.world.course)}
        assert identity.is_course_staff(user, self.world.course)
        roles.take(user, self.world.course, RoleName.STAFF)
        assert identity.staff_roles(user) == frozenset()
        assert not identity.is_course_staff(user, self.world.course)

    def test_staff_of_a_course_is_staff_of_no_other_and_of_no_organization(self) -> None:
        identity = self.world.host.identity
        for role in STAFF:
            user = self.person()
            self.world.host.course_roles.give(user, self.world.course, role)
            user = self.again(user)
            assert identity.is_course_staff(user, self.world.course)
            assert not identity.is_course_staff(user, self.world.other_course)
            assert not self.world.host.tenants.organizations(user)
            assert StaffRole("site") not in identity.staff_roles(user)

    def test_what_a_team_gave_is_seen_and_taking_another_role_leaves_it(self) -> None:
        roles, user = self.world.host.course_roles, self.person()
        self.world.put_on_team(user, self.world.course)
        assert roles.has(user, self.world.course, RoleName.STAFF)
        assert not roles.has(user, self.world.course, RoleName.LIMITED_STAFF)
        for role in (RoleName.LIMITED_STAFF, RoleName.BETA_TESTER):
            roles.take(user, self.world.course, role)
        assert roles.has(self.again(user), self.world.course, RoleName.STAFF)

    def test_a_role_in_all_courses_of_an_organization_is_another(self) -> None:
        roles, user = self.world.host.course_roles, self.person()
        self.world.put_on_org_team(user, self.world.course.org)
        assert not roles.has(user, self.world.course, RoleName.STAFF)
        roles.take(user, self.world.course, RoleName.STAFF)
        assert self.world.course.org in {
            one.org for one in self.world.host.identity.staff_roles(self.again(user)) if not one.course
        }

    def test_an_account_that_is_off_gets_nothing(self) -> None:
        roles, user = self.world.host.course_roles, self.person()
        user.is_active = False
        user.save()
        roles.give(user, self.world.course, RoleName.STAFF)
        assert not roles.has(self.again(user), self.world.course, RoleName.STAFF)

    def test_staff_see_what_has_not_started(self) -> None:
        user, later = self.person(), self.world.future_unit
        with pytest.raises(LtiError):
            self.world.host.content.require_access(user, later.course_key, later)
        self.world.host.course_roles.give(user, later.course_key, RoleName.STAFF)
        self.world.host.content.require_access(self.again(user), later.course_key, later)


class TeacherLaunchContract(Contract):
    """A registration that maps roles."""

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        register_platform()
        Registration.objects.update(instructor_role=RoleName.STAFF.value, assistant_role=RoleName.BETA_TESTER.value)

    def launched(self, *roles: str) -> HttpResponse:
        """Launch a problem with these roles; return what the browser gets for content."""
        RequestCache.clear_all_namespaces()
        named = [f"http://purl.imsglobal.org/vocab/lis/v2/{role}" for role in roles]
        answer = open_launched(Client(), "grace", self.world.problem, **{f"{LTI}roles": named})
        RequestCache.clear_all_namespaces()
        return answer

    def has(self, role: RoleName) -> bool:
        return self.world.host.course_roles.has(account("grace"), self.world.course, role)

    def test_a_teacher_has_the_role_until_a_launch_without_it(self) -> None:
        for _ in range(2):
            assert self.launched("membership#Instructor").status_code == 200
            assert self.has(RoleName.STAFF)
        assert self.launched("membership/Instructor#TeachingAssistant", "membership#Instructor").status_code == 200
        assert (self.has(RoleName.STAFF), self.has(RoleName.BETA_TESTER)) == (False, True)
        assert self.launched("membership#Learner").status_code == 200
        assert not any(map(self.has, RoleName))
        assert not CourseRole.objects.exists()

    def test_roles_outside_the_course_give_nothing(self) -> None:
        assert self.launched("institution/person#Instructor", "system/person#SysAdmin").status_code == 200
        assert not any(map(self.has, RoleName))

    def test_whoever_is_staff_by_the_lms_stays_out(self) -> None:
        assert self.launched("membership#Learner").status_code == 200
        self.world.put_on_team(account("grace"), self.world.other_course)
        answer = launch(Client(), "grace", self.world.problem)
        assert answer.status_code == 403
        assert not CourseRole.objects.exists()

    def test_switching_the_registration_off_takes_the_role(self) -> None:
        self.launched("membership#Instructor")
        Registration.objects.update(enabled=False)
        assert taking_back.take_back() == 1
        assert not self.has(RoleName.STAFF)

    def test_retirement_takes_the_role(self) -> None:
        self.launched("membership#Instructor")
        user = account("grace")
        self.world.retire(user)
        assert not self.world.host.course_roles.has(user, self.world.course, RoleName.STAFF)
        assert not CourseRole.objects.exists()

"""Accounts and sessions."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.host.sessions import GRACE

from .world import Contract, browser


class IdentityContract(Contract):
    """Accounts and sessions."""

    def stored_user(self, user: AbstractUser) -> AbstractUser:
        return get_user_model().objects.get(pk=user.pk)

    def test_a_new_account_is_active_without_a_password_and_has_a_profile(self) -> None:
        user = self.stored_user(self.person("ada@school.example", "Ada Lovelace"))
        assert user.is_active
        assert user.email == "ada@school.example"
        assert user.password
        assert not user.has_usable_password()
        assert self.world.profile_name(user) == "Ada Lovelace"

    def test_a_taken_or_missing_email_gives_a_placeholder_of_its_own(self) -> None:
        self.person("ada@school.example")
        for said in ("ada@school.example", "ADA@school.example", None):
            user = self.stored_user(self.person(said))
            assert user.email == f"{user.username}@lti.invalid"

    def test_a_very_long_name_is_no_obstacle(self) -> None:
        user = self.person(name="x" * 1000)
        self.world.host.identity.update_profile(user, None, "y" * 1000)
        assert self.world.profile_name(user) == "y" * 255

    def test_the_profile_follows_the_platform(self) -> None:
        user = self.person("ada@school.example", "Ada")
        self.world.host.identity.update_profile(user, "countess@school.example", "Ada King")
        assert self.stored_user(user).email == "countess@school.example"
        assert self.world.profile_name(user) == "Ada King"

    def test_what_the_platform_does_not_say_changes_nothing(self) -> None:
        user = self.person("ada@school.example", "Ada")
        self.world.host.identity.update_profile(user, None, "")
        assert self.stored_user(user).email == "ada@school.example"
        assert self.world.profile_name(user) == "Ada"

    def test_the_email_of_somebody_else_is_not_taken_over(self) -> None:
        self.person("babbage@school.example")
        user = self.person("ada@school.example", "Ada")
        self.world.host.identity.update_profile(user, "Babbage@school.example", "Ada King")
        assert self.stored_user(user).email == "ada@school.example"
        assert self.world.profile_name(user) == "Ada King"

    def signed_in(self, user: AbstractUser) -> HttpRequest:
        """Return the next request of a browser in which ``user`` launched and did something."""
        first = browser()
        first.session["before"] = "anonymous"
        first.session.save()
        key = first.session.session_key
        self.world.host.identity.sign_in(first, user)
        assert first.session.session_key != key
        first.session["work"] = "of this user"
        first.session.save()
        return browser(first.session.session_key, user)

    def test_signing_in_makes_the_session_the_users_under_a_new_key(self) -> None:
        user = self.person()
        request = self.signed_in(user)
        assert request.session["_auth_user_id"] == str(user.pk)
        assert request.session["_auth_user_backend"] in settings.AUTHENTICATION_BACKENDS

    def test_signing_in_again_changes_the_key_and_keeps_the_session(self) -> None:
        user = self.person()
        request = self.signed_in(user)
        key = request.session.session_key
        self.world.host.identity.sign_in(request, user)
        assert request.session["work"] == "of this user"
        assert request.session["_auth_user_id"] == str(user.pk)
        assert request.session.session_key != key
        assert type(request.session)(key).get_expiry_age() == GRACE  # for requests that are under way
        assert request.session.get_expiry_age() > GRACE

    def test_another_user_replaces_the_first_and_sees_nothing_of_the_session(self) -> None:
        request = self.signed_in(self.person())
        key, other = request.session.session_key, self.person()
        self.world.host.identity.sign_in(request, other)
        assert request.session["_auth_user_id"] == str(other.pk)
        assert request.user == other
        assert "work" not in request.session
        assert not request.session.exists(key)

    def is_staff(self, user: AbstractUser, course: CourseKey) -> bool:
        return self.world.host.identity.is_course_staff(self.stored_user(user), course)

    def test_learners_are_no_course_staff(self) -> None:
        user = self.person()
        assert not self.is_staff(user, self.world.course)
        assert not self.is_staff(user, CourseKey.from_string("course-v1:Gone+Gone+Gone"))

    def test_course_staff_are_staff_of_their_course_only(self) -> None:
        user = self.person()
        self.world.put_on_team(user, self.world.course)
        assert self.is_staff(user, self.world.course)
        assert not self.is_staff(user, self.world.other_course)

    def test_the_sites_staff_are_staff_of_each_course(self) -> None:
        user = self.person()
        user.is_staff = True
        user.save()
        assert self.is_staff(user, self.world.course)
        assert self.is_staff(user, self.world.other_course)

    def test_a_switched_off_account_is_nobodys_staff(self) -> None:
        user = self.person()
        self.world.put_on_team(user, self.world.course)
        user.is_staff, user.is_active = True, False
        user.save()
        assert not self.is_staff(user, self.world.course)

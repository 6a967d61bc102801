"""Accounts and sessions."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save
from django.http import HttpRequest
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.host.sessions import GRACE

from .world import Contract, browser

PREVENT = "PREVENT_CONCURRENT_LOGINS"


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

    def test_an_account_that_signs_in_as_soon_as_it_is_made_is_saved_once_and_later_at_each_sign_in(self) -> None:
        saved: list[object] = []

        def note(instance: AbstractUser, update_fields: object, **_: object) -> None:
            saved.append(update_fields and sorted(update_fields))  # type: ignore[call-overload]

        post_save.connect(note, sender=get_user_model())
        self.addCleanup(post_save.disconnect, note, sender=get_user_model())  # type: ignore[attr-defined]
        create, name = self.world.host.identity.create_user, f"lti_{next(self.numbers):024}"
        user = create(name, None, "Ada", signs_in=True)
        made = self.stored_user(user).last_login
        assert made is not None
        self.signed_in(user)
        assert saved == [None]
        assert self.stored_user(user).last_login == made

        self.signed_in(user)  # elsewhere
        self.signed_in(self.stored_user(user))
        assert saved == [None, ["last_login"], ["last_login"]]
        assert self.stored_user(user).last_login > made
        user.first_name = "Ada"
        user.save()
        assert self.stored_user(user).first_name == "Ada"

    def test_what_else_is_saved_at_a_first_sign_in_is_saved(self) -> None:
        def give_a_name(user: AbstractUser, **_: object) -> None:
            user.first_name = "Ada"
            user.save()

        user_logged_in.connect(give_a_name)
        self.addCleanup(user_logged_in.disconnect, give_a_name)  # type: ignore[attr-defined]
        name = f"lti_{next(self.numbers):024}"
        user = self.world.host.identity.create_user(name, None, "Ada", signs_in=True)
        self.signed_in(user)
        assert self.stored_user(user).first_name == "Ada"

    def test_an_account_that_does_not_sign_in_never_did(self) -> None:
        user = self.person()
        assert self.stored_user(user).last_login is None
        self.signed_in(user)
        assert self.stored_user(user).last_login is not None

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

    def launched(self, user: AbstractUser, session_key: str | None = None) -> str:
        """Sign in with nothing but what the host itself stores: a launch's answer comes later. Return the key."""
        request = browser(session_key, user if session_key else None)
        self.world.host.identity.sign_in(request, self.stored_user(user))
        assert request.session.session_key
        return request.session.session_key

    def logged_in(self, user: AbstractUser) -> str:
        """Log in at the LMS itself; return the session's key."""
        request = browser()
        login(request, self.stored_user(user), backend=settings.AUTHENTICATION_BACKENDS[-1])
        request.session.save()
        assert request.session.session_key
        return request.session.session_key

    @staticmethod
    def lives(key: str) -> bool:
        return browser(key).session.exists(key)

    def test_launches_end_no_session_that_a_launch_made(self) -> None:
        for prevented in (True, False):
            self.feature(PREVENT, prevented)
            user = self.person()
            keys = [self.launched(user) for _ in range(3)]
            assert all(map(self.lives, keys)), prevented

    def test_a_launch_ends_a_session_of_the_lms_where_it_prevents_concurrent_logins(self) -> None:
        for prevented in (True, False):
            self.feature(PREVENT, prevented)
            user = self.person()
            own = self.logged_in(user)
            self.launched(user)
            assert self.lives(own) is not prevented

    def test_a_login_at_the_lms_ends_the_newest_launchs_session(self) -> None:
        self.feature(PREVENT, True)
        user = self.person()
        key = self.launched(user)
        self.logged_in(user)
        assert not self.lives(key)

    def test_whoever_takes_a_browser_over_has_a_session_that_the_lms_can_end(self) -> None:
        self.feature(PREVENT, True)
        request, other = self.signed_in(self.person()), self.person()
        self.world.host.identity.sign_in(request, self.stored_user(other))
        key = request.session.session_key
        assert self.launched(other)
        assert self.lives(key)
        request = browser()
        self.world.host.identity.sign_in(request, self.stored_user(other))
        self.logged_in(other)
        assert not self.lives(request.session.session_key)

    def test_a_relaunch_leaves_the_old_key_its_last_minute_and_the_new_one_can_be_ended(self) -> None:
        self.feature(PREVENT, True)
        user = self.person()
        request = self.signed_in(user)
        old = request.session.session_key
        self.world.host.identity.sign_in(request, user)
        new = request.session.session_key
        request.session.save()
        assert self.lives(old)
        self.logged_in(user)
        assert not self.lives(new)

    def test_a_relaunch_in_another_session_leaves_the_recorded_one_alone(self) -> None:
        self.feature(PREVENT, True)
        user = self.person()
        request, newest = self.signed_in(user), self.launched(user)
        self.world.host.identity.sign_in(request, self.stored_user(user))
        assert self.lives(newest)
        self.logged_in(user)
        assert not self.lives(newest)

    def test_the_end_of_an_older_session_ends_no_newer_one(self) -> None:
        for prevented in (False, True):
            self.feature(PREVENT, prevented)
            user = self.person()
            request, newest = self.signed_in(user), self.launched(user)
            older = request.session.session_key
            self.world.host.identity.sign_out(request)
            assert (self.lives(older), self.lives(newest)) == (False, True)
            assert request.user.is_anonymous
            assert "_auth_user_id" not in request.session
        self.logged_in(user)
        assert not self.lives(newest)

    def test_the_end_of_the_newest_session_is_a_logout(self) -> None:
        heard: list[object] = []

        def hear(sender: object, user: object, **kwargs: object) -> None:
            heard.append(user)

        user_logged_out.connect(hear)
        self.addCleanup(user_logged_out.disconnect, hear)  # type: ignore[attr-defined]
        for prevented in (True, False):
            self.feature(PREVENT, prevented)
            request = self.signed_in(self.person())
            key = request.session.session_key
            self.world.host.identity.sign_out(request)
            assert not self.lives(key)
            assert request.user.is_anonymous
        assert len(heard) == 2

    def test_signing_in_keeps_a_name_that_changed_since_the_account_was_read(self) -> None:
        self.feature(PREVENT, True)
        user = self.person(name="Ada")  # this object knows its profile
        self.world.host.identity.update_profile(self.stored_user(user), None, "Ada King")
        self.launched_with(user)
        assert self.world.profile_name(user) == "Ada King"
        self.world.host.identity.update_profile(user, None, "Ada Lovelace")
        self.launched_with(user)
        assert self.world.profile_name(user) == "Ada Lovelace"

    def launched_with(self, user: AbstractUser) -> None:
        """Sign in with this very object."""
        self.world.host.identity.sign_in(browser(), user)

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

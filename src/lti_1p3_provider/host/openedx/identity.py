"""Accounts and sessions of the LMS."""

from __future__ import annotations

import logging

from django.contrib.auth import get_user_model, load_backend, login, logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps, reduce
from lti_1p3_provider.host.sessions import renew_key

log = logging.getLogger(__name__)


class OpenEdxIdentity:
    """Django users with the LMS's UserProfile, in its safe sessions."""

    def create_user(self, username: str, email: str | None, name: str) -> AbstractUser:
        """Create an active account. The profile must exist: enrolment and concurrent-login checks rely on it."""
        from common.djangoapps.student.models import UserProfile

        user = get_user_model()(username=username, email=_free(email) or f"{username}@{conf.email_domain}")
        user.set_unusable_password()
        user.save()
        UserProfile.objects.create(user=user, name=reduce(name, UserProfile)[:255])
        return user

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Write what changed, and make the profile that somebody lost."""
        from common.djangoapps.student.models import UserProfile

        name = reduce(name, UserProfile)[:255]
        profile, _ = UserProfile.objects.get_or_create(user=user, defaults={"name": name})
        if name and profile.name != name:
            UserProfile.objects.filter(pk=profile.pk).update(name=name)
        if email and email != user.email and _free(email):
            user.email = email
            user.save(update_fields=["email"])

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Log in. Safe sessions flush a session whose user changes without being told."""
        from common.djangoapps.student.models import UserProfile
        from openedx.core.djangoapps.safe_sessions.middleware import mark_user_change_as_expected

        if not hasattr(user, "profile"):  # somebody deleted it, and the LMS does not work without
            UserProfile.objects.create(user=user)
        if request.user.is_authenticated and request.user.pk == user.pk:
            # A fresh login would end this user's other session where concurrent logins are prevented.
            before = request.session.session_key
            renew_key(request.session)
            _renew_only_session(user, before, request.session.session_key)
            return
        mark_user_change_as_expected(user.pk)
        login(request, user, backend=_backend_for(user))  # type: ignore[arg-type]

    def sign_out(self, request: HttpRequest) -> None:
        """Log out. Safe sessions would take it for a mixed-up user otherwise."""
        from openedx.core.djangoapps.safe_sessions.middleware import mark_user_change_as_expected

        mark_user_change_as_expected(None)
        logout(request)

    def forget(self, response: HttpResponseBase) -> None:
        """Delete the cookies that the LMS's other front ends read."""
        from openedx.core.djangoapps.user_authn.cookies import delete_logged_in_cookies

        delete_logged_in_cookies(response)

    def decorate(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Set the cookies that the LMS's other front ends read: those of an earlier user must not stay."""
        from openedx.core.djangoapps.user_authn.cookies import delete_logged_in_cookies, set_logged_in_cookies
        from openedx.core.djangoapps.user_authn.exceptions import AuthFailedError

        try:
            set_logged_in_cookies(request, response, user)
        except AuthFailedError:  # the site has no OAuth client for them; our pages need none
            log.exception("LTI: the login cookies of other front ends cannot be made")
            delete_logged_in_cookies(response)

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Ask the LMS; who has which role, and where that is kept, is its own affair."""
        from lms.djangoapps.courseware.access import has_access

        return user.is_active and bool(has_access(user, "staff", course_key))


def _renew_only_session(user: AbstractUser, before: str | None, now: str | None) -> None:
    """Where concurrent logins are prevented, the LMS keeps the key of the session that the next login ends."""
    from common.djangoapps.student.models import UserProfile

    profile = UserProfile.objects.filter(user_id=user.pk).first()
    if profile is not None and before is not None and profile.get_meta().get("session_id") == before:
        profile.set_login_session(now)


def _free(email: str | None) -> str | None:
    """Return the address if nobody has it and nobody who left had it."""
    from common.djangoapps.student.models import is_email_retired

    if not email or len(email) > 254 or not keeps(email, get_user_model()):
        return None
    taken = get_user_model().objects.filter(email__iexact=email).exists() or is_email_retired(email)
    return None if taken else email


def _backend_for(user: AbstractUser) -> str:
    """Return a configured backend that knows the user: sites replace and reorder them.

    Backends of single sign-on know every user too, and come first; a session of theirs is not what this is.
    """
    backends = [(path, load_backend(path)) for path in conf.authentication_backends]
    for path, backend in sorted(backends, key=lambda pair: not isinstance(pair[1], ModelBackend)):
        find = getattr(backend, "get_user", None)
        if find is not None and find(user.pk) is not None:
            return path
    return "django.contrib.auth.backends.ModelBackend"

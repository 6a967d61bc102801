"""Accounts and sessions of the LMS."""

from __future__ import annotations

from django.contrib.auth import get_user_model, load_backend, login
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.conf import conf


class OpenEdxIdentity:
    """Django users with the LMS's UserProfile, in its safe sessions."""

    def create_user(self, username: str, email: str | None, name: str) -> AbstractUser:
        """Create an active account. The profile must exist: enrolment and concurrent-login checks rely on it."""
        from common.djangoapps.student.models import UserProfile

        user = get_user_model()(username=username, email=_free(email) or f"{username}@{conf.email_domain}")
        user.set_unusable_password()
        user.save()
        UserProfile.objects.create(user=user, name=name[:255])
        return user

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Write what changed."""
        from common.djangoapps.student.models import UserProfile

        if name:
            UserProfile.objects.filter(user_id=user.pk).exclude(name=name[:255]).update(name=name[:255])
        if email and email != user.email and _free(email):
            user.email = email
            user.save(update_fields=["email"])

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Log in. Safe sessions flush a session whose user changes without being told."""
        from openedx.core.djangoapps.safe_sessions.middleware import mark_user_change_as_expected

        if request.user.is_authenticated and request.user.pk == user.pk:
            # A fresh login would end this user's other session where concurrent logins are prevented.
            request.session.cycle_key()
            return
        mark_user_change_as_expected(user.pk)
        login(request, user, backend=_backend_for(user))  # type: ignore[arg-type]

    def decorate(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Set the cookies that the LMS's other front ends read: those of an earlier user must not stay."""
        from openedx.core.djangoapps.user_authn.cookies import set_logged_in_cookies

        set_logged_in_cookies(request, response, user)


def _free(email: str | None) -> str | None:
    """Return the address if nobody has it and nobody who left had it."""
    from common.djangoapps.student.models import is_email_retired

    if not email or len(email) > 254:
        return None
    taken = get_user_model().objects.filter(email__iexact=email).exists() or is_email_retired(email)
    return None if taken else email


def _backend_for(user: AbstractUser) -> str:
    """Return the first configured backend that knows the user: sites replace and reorder them."""
    for path in conf.authentication_backends:
        find = getattr(load_backend(path), "get_user", None)
        if find is not None and find(user.pk) is not None:
            return path
    return "django.contrib.auth.backends.ModelBackend"

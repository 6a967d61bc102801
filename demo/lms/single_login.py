"""The LMS's setting PREVENT_CONCURRENT_LOGINS: a login or logout ends the session that the person's profile names."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from demo.lms.models import Profile


@receiver(user_logged_in)
@receiver(user_logged_out)
def enforce_single_login(
    sender: object, request: HttpRequest, user: AbstractUser | None, signal: Signal, **kwargs: Any
) -> None:
    """Let the profile do it, which may be one that the account's object has had for long."""
    if not settings.FEATURES.get("PREVENT_CONCURRENT_LOGINS", False) or not user:
        return
    Profile.objects.get_or_create(user_id=user.pk)
    key = request.session.session_key if signal is user_logged_in else None
    user.demo_profile.set_login_session(key)  # type: ignore[attr-defined]

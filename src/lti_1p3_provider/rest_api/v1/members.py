"""Decides who may use the API for which organization. Others learn nothing, not even that the organization exists."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from rest_framework.exceptions import APIException

from lti_1p3_provider import host
from lti_1p3_provider.errors import ApiNotFound, ApiNotSignedIn
from lti_1p3_provider.host.recorded_login import LAUNCHED
from lti_1p3_provider.organizations import is_name
from lti_1p3_provider.users.sign_in import is_made_by_launch

SAFE = frozenset(("GET", "HEAD"))


def signed_in(request: Any) -> AbstractUser:
    """Return who sends a request of Django REST framework.

    Sessions that a launch made are not accepted, nor accounts that only launches sign in to, whatever token they have:
    a platform vouches for those people, and the API is about the platforms.

    Raises:
        ApiNotSignedIn
        rest_framework.exceptions.PermissionDenied: a session's request lacks the CSRF token.
    """
    try:
        user = request.user
    except APIException as error:
        if error.status_code == ApiNotSignedIn.status:
            raise ApiNotSignedIn(type(error).__name__) from error
        raise
    session = getattr(request, "session", None)
    if session is not None and session.get(LAUNCHED):
        raise ApiNotSignedIn("a launch made this session")
    if not isinstance(user, AbstractUser) or not user.is_active or is_made_by_launch(user.get_username()):
        raise ApiNotSignedIn("nobody, or an account that does not count here")
    if not host.current().tenants.is_within_token(request, request.method not in SAFE):
        raise ApiNotSignedIn("the token does not allow this")
    return user


def require(user: AbstractUser, org: str) -> None:
    """Return if the person acts for the organization. Superusers act for all, and only they act for the site (``org``
    empty).

    Raises:
        ApiNotFound
    """
    acts = user.is_superuser or (org and org in host.current().tenants.organizations(user))
    if not acts or not (is_name(org) or not org):
        raise ApiNotFound("not theirs, or no such organization")

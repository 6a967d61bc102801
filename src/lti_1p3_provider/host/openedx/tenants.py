"""Organizations of the LMS, and the authentication that its own APIs accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import AbstractUser

# Roles of the LMS that hold for an organization. Whoever makes courses of any organization acts for none: that role
# names none.
ACTING = frozenset(("org_course_creator_group", "course_creator_group", "staff", "instructor"))
READ, WRITE = "read", "write"  # scopes of the LMS's OAuth


class OpenEdxTenants:
    """The LMS's roles, sessions, JWTs and bearer tokens."""

    def organizations(self, user: AbstractUser) -> frozenset[str]:
        """Ask the LMS's cache of roles, which newer releases fill from two sources."""
        from common.djangoapps.student.role_helpers import get_role_cache

        held = get_role_cache(user).all_roles_set
        return frozenset(str(one.org) for one in held if one.role in ACTING and one.org and not one.course_id)

    def authenticators(self) -> Sequence[Any]:
        """Accept what its own APIs accept, but no account that is inactive."""
        from edx_rest_framework_extensions.auth.jwt.authentication import JwtAuthentication
        from openedx.core.lib.api.authentication import BearerAuthentication
        from rest_framework.authentication import SessionAuthentication

        return [BearerAuthentication(), JwtAuthentication(), SessionAuthentication()]

    def is_within_token(self, request: Any, writes: bool) -> bool:
        """Look at the scopes of a bearer token, and of a JWT that does not come from the browser's cookies. A JWT of an
        application that the site restricts is for APIs that it names, not for this one."""
        from edx_rest_framework_extensions.auth.jwt.authentication import JwtAuthentication, is_jwt_authenticated
        from edx_rest_framework_extensions.auth.jwt.decoder import decode_jwt_is_restricted, decode_jwt_scopes

        needed = WRITE if writes else READ
        if is_jwt_authenticated(request):
            if decode_jwt_is_restricted(request.auth):
                return False
            return JwtAuthentication.is_authenticating_with_jwt_cookie(request) or needed in decode_jwt_scopes(
                request.auth
            )
        scope = getattr(request.auth, "scope", None)
        return request.auth is None or (isinstance(scope, str) and needed in scope.split())

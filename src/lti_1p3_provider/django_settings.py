"""Settings of Django and the LMS that concern us. ``conf`` reads them together with our own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlsplit


class DjangoSettings(ABC):
    """Settings that are not ours. The subclass says where they are read from."""

    @abstractmethod
    def _get(self, name: str, default: Any) -> Any:
        """Return a setting as it is now."""

    @property
    @abstractmethod
    def public_url(self) -> str:
        """Where platforms and browsers reach the LMS."""

    @property
    def user_model(self) -> str:
        """Django's ``AUTH_USER_MODEL``, for our foreign keys."""
        return str(self._get("AUTH_USER_MODEL", "auth.User"))

    @property
    def authentication_backends(self) -> tuple[str, ...]:
        """Django's ``AUTHENTICATION_BACKENDS``."""
        return tuple(self._get("AUTHENTICATION_BACKENDS", ()))

    @property
    def login_url(self) -> str:
        """Django's ``LOGIN_URL``."""
        return str(self._get("LOGIN_URL", "/login"))

    @property
    def session_cookie_name(self) -> str:
        """Django's ``SESSION_COOKIE_NAME``."""
        return str(self._get("SESSION_COOKIE_NAME", "sessionid"))

    @property
    def middleware(self) -> tuple[str, ...]:
        """Django's ``MIDDLEWARE``."""
        return tuple(self._get("MIDDLEWARE", ()))

    @property
    def cache_backend(self) -> str:
        """Dotted path of the default cache's backend; the system checks judge it."""
        return str(self._get("CACHES", {}).get("default", {}).get("BACKEND", ""))

    @property
    def cache_max_entries(self) -> int:
        """``MAX_ENTRIES`` of the default cache (Django's default: 300); only some backends look at it."""
        options = self._get("CACHES", {}).get("default", {}).get("OPTIONS", {})
        return int(options.get("MAX_ENTRIES", 300))

    @property
    def debug(self) -> bool:
        """Django's ``DEBUG``."""
        return bool(self._get("DEBUG", False))

    @property
    def uses_https(self) -> bool:
        """Whether platforms reach the LMS over https."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def cookies_work_in_frames(self) -> bool:
        """Whether session and CSRF cookies are ``SameSite=None; Secure``, as browsers want them in others' frames."""
        return self.session_works_in_frames and self._is_for_frames("CSRF")

    @property
    def session_works_in_frames(self) -> bool:
        """Whether the session's cookie is, so that a launch in a frame replaces an earlier person's session."""
        return self._is_for_frames("SESSION")

    def _is_for_frames(self, kind: str) -> bool:
        same_site = self._get(f"{kind}_COOKIE_SAMESITE", "Lax")
        return same_site == "None" and bool(self._get(f"{kind}_COOKIE_SECURE", False))

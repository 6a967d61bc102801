"""The one typed reader of Django's settings: a property per setting, its default beside it.

Nothing else in the app imports ``django.conf.settings``. Every value is read when it is asked for, so that
tests and site configuration may change it at run time. ``docs/reference/settings.md`` lists the same names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings as django_settings

from lti_1p3_provider.django_settings import DjangoSettings

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class ProviderSettings(DjangoSettings):
    """What a site may configure. All times are in seconds."""

    def _get(self, name: str, default: Any) -> Any:
        return getattr(django_settings, name, default)

    def _texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one."""
        value: Sequence[str] | str = self._get(name, ()) or ()
        return (value,) if isinstance(value, str) else tuple(map(str, value))

    @property
    def enabled(self) -> bool:
        """``ENABLE_LTI_1P3_PROVIDER``, flat or in FEATURES (False): off means that every URL of ours is a 404."""
        return self._is_on("ENABLE_LTI_1P3_PROVIDER")

    @property
    def prevents_concurrent_logins(self) -> bool:
        """The LMS's ``PREVENT_CONCURRENT_LOGINS``, flat or in FEATURES: a login ends the person's earlier session."""
        return self._is_on("PREVENT_CONCURRENT_LOGINS")

    def _is_on(self, name: str) -> bool:
        flat = self._get(name, None)
        if flat is not None:
            return bool(flat)
        return bool((self._get("FEATURES", None) or {}).get(name, False))

    @property
    def aggregate_delay(self) -> float:
        """``LTI_AGGREGATE_SCORE_PASSBACK_DELAY`` (900): how long the score of a unit or subsection is collected."""
        return float(self._get("LTI_AGGREGATE_SCORE_PASSBACK_DELAY", 900))

    @property
    def access_length(self) -> float | None:
        """``LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC`` (None): how long a launch opens content; None: as the session."""
        value = self._get("LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC", None)
        return None if value is None else float(value)

    @property
    def session_length(self) -> float:
        """Django's ``SESSION_COOKIE_AGE``."""
        return float(self._get("SESSION_COOKIE_AGE", 14 * 24 * 3600))

    @property
    def require_launch_gate(self) -> bool:
        """``LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE`` (False): a registration without a gate opens nothing."""
        return bool(self._get("LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE", False))

    @property
    def host(self) -> str:
        """``LTI_1P3_PROVIDER_HOST``: dotted path of the class that connects us to the LMS."""
        return str(self._get("LTI_1P3_PROVIDER_HOST", "lti_1p3_provider.host.openedx.OpenEdxHost"))

    @property
    def public_url(self) -> str:
        """``LTI_1P3_PROVIDER_PUBLIC_URL`` (LMS_ROOT_URL): scheme and host under which platforms reach the LMS."""
        value = self._get("LTI_1P3_PROVIDER_PUBLIC_URL", None) or self._get("LMS_ROOT_URL", None) or ""
        return str(value).rstrip("/")

    @property
    def private_hosts(self) -> frozenset[str]:
        """``LTI_1P3_PROVIDER_PRIVATE_HOSTS`` (()): hosts (``name`` or ``name:port``) that we may reach although
        they are private or speak plain http: intranets and tests."""
        return frozenset(host.lower() for host in self._texts("LTI_1P3_PROVIDER_PRIVATE_HOSTS"))

    @property
    def key_secrets(self) -> tuple[str, ...]:
        """``LTI_1P3_PROVIDER_KEY_SECRETS`` ((SECRET_KEY,)): secrets that encrypt private keys; the first encrypts,
        all decrypt, so that a secret can be replaced."""
        own = self._texts("LTI_1P3_PROVIDER_KEY_SECRETS")
        return own or (str(self._get("SECRET_KEY", "")), *self._texts("SECRET_KEY_FALLBACKS"))

    @property
    def key_overlap(self) -> float:
        """``LTI_1P3_PROVIDER_KEY_OVERLAP_SEC`` (7 days): how long a rotated key stays published."""
        return float(self._get("LTI_1P3_PROVIDER_KEY_OVERLAP_SEC", 7 * 24 * 3600))

    @property
    def email_domain(self) -> str:
        """``LTI_1P3_PROVIDER_EMAIL_DOMAIN`` (lti.invalid): of the address of a user whose email we do not know."""
        return str(self._get("LTI_1P3_PROVIDER_EMAIL_DOMAIN", "lti.invalid"))

    @property
    def retry_base(self) -> float:
        """``LTI_1P3_PROVIDER_RETRY_BASE_SEC`` (30): first wait before a failed score is sent again."""
        return float(self._get("LTI_1P3_PROVIDER_RETRY_BASE_SEC", 30))

    @property
    def lease(self) -> float:
        """``LTI_1P3_PROVIDER_LEASE_SEC`` (300): how long a worker that says nothing keeps the scores it took."""
        return float(self._get("LTI_1P3_PROVIDER_LEASE_SEC", 300))

    @property
    def http_timeout(self) -> float:
        """``LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC`` (10): whole time of one request to a platform's service."""
        return float(self._get("LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC", 10))

    @property
    def ca_bundle(self) -> tuple[str, str] | None:
        """``LTI_1P3_PROVIDER_CA_BUNDLE`` (None): what names the certificate authorities that platforms are trusted by,
        and their path; else what the usual environment variables say; None: the public ones."""
        name = "LTI_1P3_PROVIDER_CA_BUNDLE"
        path = self._get(name, None)
        if path:
            return name, str(path)
        return next(((one, os.environ[one]) for one in CA_VARIABLES if os.environ.get(one)), None)

    @property
    def key_set_waiters(self) -> int:
        """``LTI_1P3_PROVIDER_KEY_SET_WAITERS`` (2): how many threads of a process may wait for platforms' keys."""
        return int(self._get("LTI_1P3_PROVIDER_KEY_SET_WAITERS", 2))

    @property
    def attempt_retention(self) -> float:
        """``LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC`` (90 days): how long launch attempts are kept."""
        return float(self._get("LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC", 90 * 24 * 3600))

    @property
    def roster_days(self) -> float:
        """``LTI_1P3_PROVIDER_ROSTER_DAYS`` (30 days): how long it is kept whom a platform listed last."""
        return float(self._get("LTI_1P3_PROVIDER_ROSTER_DAYS", 30))

    @property
    def daily_quota(self) -> int:
        """``LTI_1P3_PROVIDER_DAILY_QUOTA`` (20000): how many new people, contexts and resource links, each, one
        deployment may bring in a day."""
        return int(self._get("LTI_1P3_PROVIDER_DAILY_QUOTA", 20_000))

    @property
    def deep_linking_sec(self) -> float:
        """``LTI_1P3_PROVIDER_DEEP_LINKING_SEC`` (3600): how long somebody may take to choose content."""
        return float(self._get("LTI_1P3_PROVIDER_DEEP_LINKING_SEC", 3600))

    @property
    def deep_linking_roles(self) -> frozenset[str]:
        """``LTI_1P3_PROVIDER_DEEP_LINKING_ROLES`` (()): roles that may choose content besides those that make a course,
        in full or by their last part: ``TeachingAssistant``, ``Mentor``."""
        return frozenset(self._texts("LTI_1P3_PROVIDER_DEEP_LINKING_ROLES"))

    @property
    def deep_linking_custom(self) -> frozenset[str]:
        """``LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM`` (()): names of custom parameters that the site's filter is told."""
        return frozenset(self._texts("LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM"))

    @property
    def show_score_status(self) -> bool:
        """``LTI_1P3_PROVIDER_SHOW_SCORE_STATUS`` (True): above graded content, tell learners where their score is."""
        return bool(self._get("LTI_1P3_PROVIDER_SHOW_SCORE_STATUS", True))

    @property
    def early_logins(self) -> bool:
        """``LTI_1P3_PROVIDER_EARLY_LOGINS`` (True): logins that go well are answered before the LMS's middleware."""
        return bool(self._get("LTI_1P3_PROVIDER_EARLY_LOGINS", True))

    @property
    def deep_linking_filter(self) -> str:
        """``LTI_1P3_PROVIDER_DEEP_LINKING_FILTER`` (""): dotted path of a function that decides, after the gate, what
        instructors are offered to pick."""
        return str(self._get("LTI_1P3_PROVIDER_DEEP_LINKING_FILTER", "") or "")

    @property
    def api_limits(self) -> tuple[int, int]:
        """``LTI_1P3_PROVIDER_API_READS`` (300) and ``LTI_1P3_PROVIDER_API_WRITES`` (60): requests to the API that read,
        and that change something, of one account in a minute."""
        return int(self._get("LTI_1P3_PROVIDER_API_READS", 300)), int(self._get("LTI_1P3_PROVIDER_API_WRITES", 60))

    @property
    def tool_name(self) -> str:
        """``LTI_1P3_PROVIDER_TOOL_NAME`` (PLATFORM_NAME): what platforms that register this site call it."""
        return str(self._get("LTI_1P3_PROVIDER_TOOL_NAME", "") or self._get("PLATFORM_NAME", "") or "Open edX")

    @property
    def terms_url(self) -> str:
        """``LTI_1P3_PROVIDER_TERMS_URL`` (""): the site's terms of service, which platforms may show."""
        return str(self._get("LTI_1P3_PROVIDER_TERMS_URL", "") or "")

    @property
    def privacy_url(self) -> str:
        """``LTI_1P3_PROVIDER_PRIVACY_URL`` (""): the site's privacy policy, which platforms may show."""
        return str(self._get("LTI_1P3_PROVIDER_PRIVACY_URL", "") or "")

    @property
    def celery_queue(self) -> str | None:
        """``LTI_1P3_PROVIDER_CELERY_QUEUE`` (None): queue of our tasks; None: Celery's default queue."""
        value = self._get("LTI_1P3_PROVIDER_CELERY_QUEUE", None)
        return None if value is None else str(value)


conf = ProviderSettings()

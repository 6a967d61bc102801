"""OIDC third-party initiated login: the platform's request, and the redirect back. (Security Framework 1.0, 5.1.1)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from lti_1p3_provider.errors import LoginParameterMissing
from lti_1p3_provider.lti import state
from lti_1p3_provider.lti.progress import Progress
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.registrations.find import registration_for
from lti_1p3_provider.registrations.models import Registration

REQUIRED = ("iss", "login_hint", "target_link_uri")
FRAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_URL = 16_000  # Django redirects to nothing longer


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
    """Where to send the browser, and the login it belongs to."""

    url: str
    state: LoginState


@dataclass(frozen=True, slots=True)
class Login:
    """A login initiation: its registration and the parameters of an authentication request, except for the state."""

    registration: Registration
    target: str
    query: Mapping[str, str]
    storage_frame: str

    def authentication_request(self, storage_frame: str = "") -> AuthenticationRequest:
        """Begin a login whose proof is kept in a cookie, or in a frame of the platform.

        Raises:
            LoginParameterMissing: the hints are too long.
        """
        issued = state.issue(self.registration.pk, self.target, storage_frame)
        separator = "&" if urlsplit(self.registration.auth_login_url).query else "?"
        query = urlencode({**self.query, "state": issued.value, "nonce": issued.nonce})
        url = f"{self.registration.auth_login_url}{separator}{query}"
        if len(url) > MAX_URL:
            raise LoginParameterMissing("the hints are too long to be sent back")
        return AuthenticationRequest(url, issued)


def begin(parameters: Mapping[str, str], redirect_uri: str, trail: Progress) -> Login:
    """Read a login initiation.

    ``redirect_uri`` is our launch URL exactly as it is registered with the platform.

    Raises:
        LoginParameterMissing, RegistrationUnknown, RegistrationAmbiguous, RegistrationDisabled, TextNotKept
    """
    missing = [name for name in REQUIRED if not parameters.get(name)]
    if missing:
        raise LoginParameterMissing(f"missing: {', '.join(missing)}")
    if any("\x00" in value for value in parameters.values()):
        raise LoginParameterMissing("a parameter contains a NUL")
    trail.passed("parameters")
    trail.target = parameters["target_link_uri"]
    registration = registration_for(parameters["iss"], parameters.get("client_id"))
    trail.registration = registration
    trail.passed("registration")
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "login_hint": parameters["login_hint"],
    }
    if "lti_message_hint" in parameters:
        query["lti_message_hint"] = parameters["lti_message_hint"]
    frame = parameters.get("lti_storage_target", "")
    return Login(registration, parameters["target_link_uri"], query, frame if FRAME.fullmatch(frame) else "")

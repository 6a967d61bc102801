"""OIDC third-party initiated login: the platform's request, and the redirect back. (Security Framework 1.0, 5.1.1)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from lti_1p3_provider.errors import LoginParameterMissing
from lti_1p3_provider.lti import state
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.lti.trail import Trail
from lti_1p3_provider.registrations.find import registration_for

REQUIRED = ("iss", "login_hint", "target_link_uri")
LONGEST_URL = 16_000  # Django redirects to nothing longer


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
    """Where to send the browser, and the login it belongs to."""

    url: str
    state: LoginState


def begin(parameters: Mapping[str, str], redirect_uri: str, trail: Trail) -> AuthenticationRequest:
    """Answer a login initiation.

    ``redirect_uri`` is our launch URL exactly as it is registered with the platform.

    Raises:
        LoginParameterMissing, RegistrationUnknown, RegistrationAmbiguous, RegistrationDisabled
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
    issued = state.issue(registration.pk, parameters["target_link_uri"])
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "login_hint": parameters["login_hint"],
        "state": issued.value,
        "nonce": issued.nonce,
    }
    if "lti_message_hint" in parameters:
        query["lti_message_hint"] = parameters["lti_message_hint"]
    separator = "&" if urlsplit(registration.auth_login_url).query else "?"
    url = f"{registration.auth_login_url}{separator}{urlencode(query)}"
    if len(url) > LONGEST_URL:
        raise LoginParameterMissing("the hints are too long to be sent back")
    return AuthenticationRequest(url, issued)

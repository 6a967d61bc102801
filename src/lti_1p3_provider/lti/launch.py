"""Checks a launch: a chain of named steps from an untrusted form to a frozen ``Launch``.

Read ``receive`` from top to bottom: it shows what is checked and in which order, and nothing else lets anybody in.
Cheap limits come before the database and cryptography, and cryptography comes before anything is stored. (Security
Framework 1.0, 5.1.3; LTI 1.3 Core, 5)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lti_1p3_provider.errors import (
    AudienceMismatch,
    ClaimInvalid,
    LtiError,
    NonceMismatch,
    PlatformRefused,
    SignatureInvalid,
    SubjectMissing,
    TokenMalformed,
    TokenMissing,
)
from lti_1p3_provider.lti import base64url, resource_link, state
from lti_1p3_provider.lti.claims import LTI, Launch, Message
from lti_1p3_provider.lti.messages import read_message
from lti_1p3_provider.lti.progress import Progress
from lti_1p3_provider.lti.reader import is_empty
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.lti.strict_json import parse_object
from lti_1p3_provider.lti.token_size import MAX_TOKEN, limit
from lti_1p3_provider.lti.verify import ALGORITHM, verify
from lti_1p3_provider.registrations.find import deployment_for
from lti_1p3_provider.registrations.models import Deployment, Registration

PARTS = ("header", "claims", "signature")
STORED = "lti_1p3_stored"  # the field in which our own page sends on what the platform's frame kept
MAX_KID = 1024


@dataclass(frozen=True, slots=True)
class Names:
    """What a token names before it is verified. It is enough to look for rows, but nothing of it is believed.

    ``subject`` and ``link_id`` are empty except for a resource link's launch.
    """

    deployment_id: str
    subject: str = ""
    link_id: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A well-formed token. Nothing in it is believed yet."""

    token: str
    kid: str
    names: Names
    has_begin: bool = False  # nbf


Finder = Callable[[int, Names], tuple[Registration, Deployment | None]]


def receive(form: Mapping[str, str], cookies: Mapping[str, str], trail: Progress, find: Finder) -> Launch[Message]:
    """Validate a posted launch, and add each passed step to ``trail``.

    ``find`` returns the enabled registration and its deployment with these names, as ``registrations.find`` does. It
    may read more than these at the same time.

    Raises:
        LtiError: the subclass says which check failed; nothing was stored, except that an unknown deployment of a
            genuine launch is offered to the operator.
    """
    token = _require_form(form)
    trail.passed("form")
    login = state.read(form["state"])
    trail.registration_pk, trail.login_digest = login.registration_pk, login.dated_digest
    trail.passed("state")
    state.require_same_browser(login, cookies, form.get(STORED, ""))
    trail.passed("browser")
    envelope = _open(token)
    trail.passed("shape")
    registration, deployment = find(login.registration_pk, envelope.names)
    trail.registration = registration
    trail.passed("registration")
    claims = verify(envelope.token, envelope.kid, registration, has_begin=envelope.has_begin)
    trail.passed("signature")
    _require_audience(claims, registration)
    trail.passed("audience")
    if not login.has_nonce(claims["nonce"]):
        raise NonceMismatch("the nonce is not the one of this login")
    trail.passed("nonce")
    message = read_message(claims)
    trail.target, trail.return_url, trail.subject = message.target_link_uri, message.return_url, message.subject
    _require_subject(message, registration)
    if state.digest_of_target(message.target_link_uri) != login.target_digest:
        trail.note = "the login named another target_link_uri; the launch's own counts"
    trail.passed("message")
    state.use_once(login)
    trail.passed("first use")
    trail.deployment = deployment_for(registration, message.deployment_id, deployment)
    trail.passed("deployment")
    return Launch(registration, trail.deployment, message, login)


def proof_is_elsewhere(form: Mapping[str, str], cookies: Mapping[str, str]) -> LoginState | None:
    """Return the login of a launch whose proof is kept by a frame of the platform and was not asked for yet."""
    if STORED in form or not form.get("id_token"):
        return None
    try:
        login = state.read(form.get("state", ""))
    except LtiError:
        return None  # ``receive`` says what is wrong
    return login if login.storage_frame and login.cookie_name not in cookies else None


def _require_form(form: Mapping[str, str]) -> str:
    """Return the token, or raise what the platform sent instead of one."""
    if form.get("error"):
        reason = " ".join(form["error"].split())[:64]
        raise PlatformRefused(f"error: {reason}")
    missing = [name for name in ("id_token", "state") if not form.get(name)]
    if missing:
        raise TokenMissing(f"missing: {', '.join(missing)}")
    return form["id_token"]


def _open(token: str) -> Envelope:
    """Check size and shape before any cryptography. Of the header, use only the key's name."""
    if len(token) > MAX_TOKEN and len(token) > (most := limit(token)):
        raise TokenMalformed(f"larger than {most} characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenMalformed("not a signed JWT in three parts")
    header, claims = _object(parts, 0), _object(parts, 1)
    _require_types(claims)
    if header.get("alg") != ALGORITHM:
        raise SignatureInvalid(f"alg must be {ALGORITHM}")
    if "crit" in header or header.get("b64") not in (None, True):
        raise TokenMalformed("the header demands an extension that we do not know")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid or len(kid) > MAX_KID:
        raise TokenMalformed("the header has no usable kid")
    _decoded(parts, 2)
    return Envelope(token, kid, _names(claims), has_begin=claims.get("nbf") is not None)


def _names(claims: Mapping[str, Any]) -> Names:
    """Return what to look for, as far as it has the right types; ``read_message`` says what is wrong with the rest."""
    deployment_id, subject = str(claims.get(f"{LTI}deployment_id", "")), claims.get("sub")
    is_of_link = claims.get(f"{LTI}message_type") == resource_link.MESSAGE_TYPE
    link = claims.get(f"{LTI}resource_link") if is_of_link else None
    link_id = link.get("id") if isinstance(link, dict) else None
    if not isinstance(subject, str) or not isinstance(link_id, str):
        return Names(deployment_id)
    return Names(deployment_id, subject, link_id)


def _object(parts: list[str], number: int) -> dict[str, Any]:
    try:
        return parse_object(_decoded(parts, number))
    except ValueError as error:
        raise TokenMalformed(f"{PARTS[number]}: {error}") from error


def _decoded(parts: list[str], number: int) -> bytes:
    """Decode strictly. PyJWT is not strict, and would accept a token in many spellings."""
    try:
        return base64url.decode(parts[number])
    except ValueError as error:
        raise TokenMalformed(f"{PARTS[number]}: {error}") from error


def _require_types(claims: Mapping[str, Any]) -> None:
    """Check the types of claims. PyJWT accepts numbers in strings, and older versions break at other types. Null is
    absent."""
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise ClaimInvalid(f"{name} must be a number")
    for name in ("nonce", "azp"):
        if not isinstance(claims.get(name), str | None) and not (name == "azp" and is_empty(claims[name])):
            raise ClaimInvalid(f"{name} must be a text")


def _require_audience(claims: Mapping[str, Any], registration: Registration) -> None:
    """Check ``azp``: it must be there if there are several audiences, and if it is there it must be us. (Security
    Framework 1.0, 5.1.3, points 4 to 6)"""
    audience, party = claims["aud"], claims.get("azp")
    if isinstance(audience, list) and len(set(audience)) > 1 and is_empty(party):
        raise AudienceMismatch("several audiences and no azp")
    if not is_empty(party) and party != registration.client_id:
        raise AudienceMismatch("azp is not the registration's client id")


def _require_subject(message: Message, registration: Registration) -> None:
    if message.subject is None and not registration.allow_anonymous:
        raise SubjectMissing("no sub claim, and the registration does not allow anonymous launches")

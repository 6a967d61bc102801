"""Access tokens for a platform's services: client credentials with a signed assertion, shared until they expire.

(Security Framework 1.0, 4.1; RFC 7523)
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import AccessTokenRefused, LtiError, PlatformUnreachable
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import contacts, numbers, store, transport
from lti_1p3_provider.lti.claims import LTI
from lti_1p3_provider.lti.contacts import About
from lti_1p3_provider.lti.exchange import Answer, Exchange, Pause, Request
from lti_1p3_provider.registrations import keys, own_keys
from lti_1p3_provider.registrations.models import Deployment, ToolKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = 300 - 5  # seconds; issued 5 s ago, so at most 5 minutes in all
MARGIN = 60  # seconds before its end in which a token is not used any more
DEFAULT_LIFETIME, MAX_LIFETIME = 600, 24 * 3600
DAY = 24 * 3600  # seconds for which it is remembered that a platform does not grant all scopes of a launch at once
ALONE = "\n"  # kept in place of a token: ask for one scope at a time; no token has a line break
FEWER = frozenset(("invalid_scope", "insufficient_scope", "access_denied"))  # names of errors
BETWEEN = re.compile(r"[\s,]+")  # of scopes, and of the words of an error's name
TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")  # what a header takes
KEY_REFUSED = frozenset((400, 401, 403))  # what platforms answer to a signature that they cannot check
OF_SCOPES = frozenset(("invalid_scope", "insufficient_scope"))  # names of errors that say nothing of a signature
POLL = 0.05  # seconds between two looks for what another process learns


def access_token(deployment: Deployment, scopes: Iterable[str], *, fresh: bool = False, needed: str = "") -> str:
    """Return a Bearer token for the scopes, waiting in this thread. ``fresh``: not the one that is known. ``needed``:
    the scope that it must have, see ``obtain_for``.

    Raises:
        AccessTokenRefused, PlatformUnreachable, AddressForbidden, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    refused = store.get(_name(deployment, scopes)) if fresh else None
    return transport.run(obtain_for(deployment, scopes, needed, refused=refused))


def obtain_for(deployment: Deployment, scopes: Iterable[str], needed: str, refused: str | None = None) -> Exchange[str]:
    """Get a Bearer token for a call that needs one of the scopes. All calls share one token for all scopes. A platform
    may grant fewer scopes than its launches list; then, for a day, it is asked only for the needed one.

    Raises:
        AccessTokenRefused, PlatformUnreachable, AddressForbidden, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    together, alone = frozenset(scopes), frozenset((needed,)) & frozenset(scopes)
    try:
        return (yield from obtain(deployment, together, refused))
    except AccessTokenRefused as error:
        if error.reason not in FEWER or alone in (together, frozenset()):
            raise
    store.put(_name(deployment, together), ALONE, DAY)
    return (yield from obtain(deployment, alone, refused))


def obtain(deployment: Deployment, scopes: Iterable[str], refused: str | None = None) -> Exchange[str]:
    """Get a Bearer token for the scopes: the one that all processes share, or a new one if that is ``refused`` or has
    expired.

    Only one process at a time asks the platform; the others wait for its result.

    Raises:
        AccessTokenRefused, PlatformUnreachable, AddressForbidden, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    name = _name(deployment, scopes)
    held = _held_by(deployment)
    if held.get(name) == refused:
        held.pop(name, None)
    if name in held:
        return held[name]
    asked, patience = f"{name}:asked", time.monotonic() + conf.http_timeout
    while True:
        if known := _known(name, refused):
            held[name] = known
            return known
        if store.add(asked, conf.http_timeout + 1):
            break
        if time.monotonic() > patience:
            raise PlatformUnreachable("another process is asking for an access token and has no answer yet")
        yield Pause(POLL)
    try:
        if known := _known(name, refused):  # somebody has just learned it
            return known
        store.drop(name)  # the refused one is not to come back, whatever comes of the new one
        with contacts.noted(deployment.registration_id, About.TOKEN):
            answer = yield from _answered(deployment, _text(scopes))
            token, lifetime = _granted(answer, frozenset(scopes))
        contacts.worked(deployment.registration_id, About.TOKEN, answer)
        if lifetime > MARGIN:
            store.put(name, token, lifetime - MARGIN)
            held[name] = token
        return token
    finally:
        store.drop(asked)


def accepts(deployment: Deployment, key: ToolKey, scopes: Iterable[str]) -> Exchange[bool]:
    """Ask for a token with this key, keep nothing, and tell whether the platform accepts the key.

    Raises:
        PlatformUnreachable, AddressForbidden, AnswerUnreadable, KeyInvalid
        AccessTokenRefused: it says neither yes nor no.
    """
    answer: Answer = yield _request(deployment, _text(scopes), key)
    if _has_token(answer):
        return True
    if _refuses_key(answer):
        return False
    raise AccessTokenRefused(f"status {answer.status}", _reason(answer), answer.status)


def _answered(deployment: Deployment, scope: str) -> Exchange[Answer]:
    """Ask with the key that signs. If the platform refuses it, try others that it may know: one that has begun to sign
    since, or one that was sent there and whose answer was lost. The key that it accepts signs from then on."""
    key = keys.signing_key(deployment.registration_id)
    answer: Answer = yield _request(deployment, scope, key)
    if not _refuses_key(answer):
        return answer
    for other in own_keys.instead_of(deployment.registration_id, key):
        again: Answer = yield _request(deployment, scope, other)
        if _has_token(again):
            own_keys.settle(other)
            return again
    return answer


def _known(name: str, refused: str | None) -> str:
    """Return the token that all processes share, empty if there is none except the refused one.

    Raises:
        AccessTokenRefused: the platform grants fewer scopes, as was noticed before.
    """
    known: str | None = store.get(name)
    if known is None or known == refused:
        return ""
    if known == ALONE:
        raise _fewer()
    return known


def _fewer() -> AccessTokenRefused:
    return AccessTokenRefused("the platform grants fewer scopes", reason=min(FEWER))


def _held_by(deployment: Deployment) -> dict[str, str]:
    """Return the tokens that this object holds, by name. A batch of scores shares it, so that the cache is asked once.
    It ends before ``MARGIN`` does."""
    held: dict[str, str] = vars(deployment).setdefault("_lti_1p3_access_tokens", {})
    return held


def assertion(deployment: Deployment, key: ToolKey | None = None) -> str:
    """Return a new client assertion, for one request. ``key``: the key to sign with; None: the one that signs for the
    registration.

    Raises:
        NoActiveKey, KeyInvalid
    """
    registration, now = deployment.registration, int(time.time())
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": registration.token_audience,
        "iat": now - 5,
        "exp": now + ASSERTION_LIFETIME,
        "jti": uuid.uuid4().hex,
    }
    if registration.deployment_id_in_assertion:
        claims[f"{LTI}deployment_id"] = deployment.deployment_id
    return keys.sign_with(key or keys.signing_key(deployment.registration_id), claims)


def _request(deployment: Deployment, scope: str, key: ToolKey) -> Request:
    return Request(
        "POST",
        deployment.registration.auth_token_url,
        headers={"Accept": "application/json"},
        form={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(deployment, key),
            "scope": scope,
        },
    )


def _granted(answer: Answer, wanted: frozenset[str]) -> tuple[str, int]:
    said = _said(answer)
    token = said.get("access_token")
    if not answer.ok or not isinstance(token, str) or not token:
        detail = f"status {answer.status}, error {str(said.get('error'))[:64]!r}"
        raise AccessTokenRefused(detail, _reason(answer), answer.status)
    token, scope = token.strip(), said.get("scope")
    if not TOKEN.fullmatch(token):
        raise AccessTokenRefused("the access token is too long, or has characters that no header takes")
    granted = frozenset(BETWEEN.split(" ".join(map(str, scope)) if isinstance(scope, list) else str(scope or "")))
    if granted & wanted and len(wanted) > 1 and not wanted <= granted:
        raise _fewer()
    return token, _lifetime(said.get("expires_in"))


def _refuses_key(answer: Answer) -> bool:
    """Tell whether an answer may be about the signature. An error that names the scopes is about the request."""
    return answer.status in KEY_REFUSED and _reason(answer) not in OF_SCOPES


def _reason(answer: Answer) -> str:
    """Return the name of the error in an answer (RFC 6749, 5.2); empty if it has none or cannot be read."""
    try:
        named = _said(answer).get("error")
    except LtiError:
        return ""
    return "_".join(BETWEEN.split(named.strip().lower()))[:64] if isinstance(named, str) else ""


def _has_token(answer: Answer) -> bool:
    return answer.ok and isinstance(_said(answer).get("access_token"), str)


def _said(answer: Answer) -> dict[str, Any]:
    """Return the answer's JSON object. A refusal may have none."""
    said = answer.json() if answer.body else {}
    return said if isinstance(said, dict) else {}


def _text(scopes: Iterable[str]) -> str:
    return " ".join(sorted(scopes))


def _name(deployment: Deployment, scopes: Iterable[str]) -> str:
    return f"lti1p3:token:{deployment.registration_id}:{deployment.pk}:{digest(_text(scopes))[:32]}"


def _lifetime(said: object) -> int:
    """Return the seconds in ``expires_in``. Some platforms send text, some nothing, and some no valid number."""
    try:
        found = numbers.written(str(said))
    except ValueError:  # more digits than Python writes
        found = None
    return DEFAULT_LIFETIME if found is None else int(min(found, MAX_LIFETIME))

"""Sends a new key of ours to a Canvas that cannot read our key set.

Canvas has one key of us, without an overlap: from its answer on it refuses what the old key signed. So the registration
gets a key of its own. It is stored before it is sent, and signs from Canvas's answer on. If the answer is lost, we ask
for access tokens with the new key, then with the old one: what the platform accepts decides. If neither can be tried,
each later request for an access token tries both (``registrations.own_keys``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    AnswerUnreadable,
    KeyPushImpossible,
    KeyPushRefused,
    KeyPushUnsettled,
    LtiError,
    PlatformUnreachable,
)
from lti_1p3_provider.lti import access_tokens, public_jwk, service, store, transport
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations import keys, own_keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.web.addresses import is_within, origin

REQUESTS = 8  # at most, in one push: each may take as long as a request may
MEANINGS: Mapping[int, str] = {
    400: "it found no key in the request",
    401: "it does not accept our access",
    403: f"the developer key lacks the scope {public_jwk.SCOPE}",
    404: "there is no such service on this host: compare it with the school's own",
    422: "it does not accept this kind of key",
}


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result: the key, where it was sent, whether it signs now, and whether the platform itself said so."""

    kid: str
    host: str
    signs: bool
    answered: bool

    def __str__(self) -> str:
        if self.answered:
            return f"was taken by {self.host}, and signs for this registration now"
        if self.signs:
            return f"signs for this registration now: {self.host} did not answer, but accepts it"
        return f"was not taken by {self.host}, which did not answer and still accepts the old key: send it again"


def push(registration: Registration, host: str = "") -> Pushed:
    """Send a new key, and let it sign once the platform has it. ``host``: the school's, if ``school`` does not know it.

    Raises:
        KeyPushImpossible: nothing was sent; the detail says why.
        KeyPushRefused: the platform does not want it; the earlier key goes on signing.
        KeyPushUnsettled: nobody knows; scores try both keys.
        AccessTokenRefused, AddressForbidden, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid: there is
            no access token to send it with. Nothing was sent.
    """
    deployment, there = _deployment(registration), _origin(registration, host)
    turn = f"lti1p3:key_push:{registration.pk}"
    if not store.add(turn, REQUESTS * conf.http_timeout):
        raise KeyPushImpossible("a key is just being sent to this platform; see what comes of that")
    try:
        access_tokens.access_token(deployment, public_jwk.SCOPES)
        key, is_new = own_keys.offer(registration)
        old = keys.signing_key(registration.pk)
        answer = _sent(deployment, f"{there}{preset(registration.platform).key_push}", key)
        if answer is not None and answer.ok:
            own_keys.settle(key)
        elif answer is not None and 400 <= answer.status < 500:
            if is_new:
                own_keys.withdraw(key)
            meaning = MEANINGS.get(answer.status, "it gives no reason that we know")
            raise KeyPushRefused(f"{there} answers {answer.status}: {meaning}", answered=answer.status)
        elif not _settled(deployment, key, old):
            return Pushed(key.kid, there, signs=False, answered=False)
        return Pushed(key.kid, there, signs=True, answered=answer is not None and answer.ok)
    finally:
        store.drop(turn)


def takes_keys(registration: Registration) -> bool:
    """Tell whether the registration's kind of platform has a service that takes keys."""
    return bool(preset(registration.platform).key_push)


def school(registration: Registration) -> str:
    """Return the origin of the school's own host, which its launches or the operator named; empty if neither did."""
    columns = LineItem.objects.filter(resource_link__deployment__registration=registration).exclude(url="")
    newest = columns.order_by("-pk").values_list("url", flat=True).first()
    if newest:
        return origin(newest)
    if named := [source for source in registration.other_origins.split() if "*" not in source]:
        return origin(named[0])
    known = preset(registration.platform)
    shared = (known.endpoints, *(one.endpoints for one in known.environments))
    if registration.issuer in {one.issuer for one in shared}:
        own = origin(registration.auth_token_url)
        return "" if own in {origin(url) for one in shared for url in (one.issuer, one.auth_token_url)} else own
    return origin(registration.auth_token_url)


def _deployment(registration: Registration) -> Deployment:
    if not takes_keys(registration):
        raise KeyPushImpossible("this platform takes no keys: it reads our JWKS URL, or a person pastes the key")
    deployment: Deployment | None = registration.deployments.approved().order_by("-pk").first()
    if deployment is None:
        raise KeyPushImpossible("the registration has no approved deployment, so there is no access token")
    return deployment


def _origin(registration: Registration, host: str) -> str:
    named = host.strip()
    there = origin(named if "://" in named else f"https://{named}") if named else school(registration)
    if not there:
        raise KeyPushImpossible("the school's own host is not known: name it, like school.instructure.com")
    if not is_within(there, registration.origins):
        raise AddressForbidden(service.foreign(there))
    return there


def _sent(deployment: Deployment, url: str, key: ToolKey) -> Answer | None:
    """Send the key; None if there is no answer."""
    try:
        return transport.run(public_jwk.put(deployment, url, key.public_jwk))
    except (PlatformUnreachable, AnswerUnreadable, AccessTokenRefused):
        return None  # a token was there before: it is the key's answer, or that of a second try, which is lost


def _settled(deployment: Deployment, key: ToolKey, old: ToolKey) -> bool:
    """Find out with token requests which key the platform has. True if it is the new one, which then signs."""
    try:
        if transport.run(access_tokens.accepts(deployment, key, public_jwk.SCOPES)):
            own_keys.settle(key)
            return True
        if transport.run(access_tokens.accepts(deployment, old, public_jwk.SCOPES)):
            return False
    except LtiError as error:
        raise KeyPushUnsettled(f"the answer was lost, and asking for an access token fails: {error.code}") from error
    raise KeyPushUnsettled("the answer was lost, and neither key gets an access token")

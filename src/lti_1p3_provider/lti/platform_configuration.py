"""What a platform says of itself: its configuration. It is read once, because some addresses work only once. (Dynamic
Registration 1.0, 3.4)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import (
    ClaimInvalid,
    ClaimMissing,
    ConfigurationUnreadable,
    RegistrationAddressInvalid,
    TextNotKept,
)
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.exchange import Request
from lti_1p3_provider.lti.reader import Reader
from lti_1p3_provider.lti.redirects import followed
from lti_1p3_provider.lti.strict_json import parse_object
from lti_1p3_provider.web.addresses import problem_with, trimmed

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
ACCOUNT = "https://canvas.instructure.com/lti/account_name"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
MAX_CONFIGURATION = 256 * 1024  # bytes
MAX_URL = 2000
MAX_LISTED = 1000  # entries of a list of names
TOKEN = re.compile(r"[A-Za-z0-9._~+/=:-]{1,8192}")  # RFC 6750, 2.1; and colons, which Sakai's tokens have


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """What a platform says of itself. (3.4)

    ``address``: where it said so. ``scopes``, ``claims`` and ``messages`` (placements by type) are None if it does not
    say what it supports. ``audience``: for access tokens, empty if it has none of its own. ``account``: a school's
    name, in an installation that many share.
    """

    address: str
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    audience: str = ""
    scopes: frozenset[str] | None = None
    claims: frozenset[str] | None = None
    messages: Mapping[str, tuple[str, ...]] | None = None
    variables: frozenset[str] = frozenset()
    family: str = ""
    version: str = ""
    account: str = ""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Its addresses, in the order of ``ENDPOINTS``."""
        return tuple(getattr(self, name) for name in ENDPOINTS)

    def supports(self, message_type: str) -> bool:
        """Tell whether it sends such messages; yes if it does not say."""
        return self.messages is None or message_type in self.messages


def require_address(url: str, token: str) -> None:
    """Return if these can be a platform's configuration address and its registration token, which may be empty.

    Raises:
        RegistrationAddressInvalid
    """
    problem = problem_with(url) if len(url) <= MAX_URL else f"longer than {MAX_URL} characters"
    if problem:
        raise RegistrationAddressInvalid(f"openid_configuration: {problem}")
    if token and not TOKEN.fullmatch(token):
        raise RegistrationAddressInvalid("registration_token: not what RFC 6750 calls a token")


def fetch(url: str, token: str) -> str:
    """Return the text of a platform's configuration. (3.4)

    Raises:
        RegistrationAddressInvalid, ConfigurationUnreadable, AddressForbidden, PlatformUnreachable, TrustUnreadable
    """
    require_address(url, token)
    answer = transport.run(followed(Request("GET", url, {"Accept": "application/json", **bearer(token)})))
    if not answer.ok:
        raise ConfigurationUnreadable(f"status {answer.status}", answered=answer.status)
    try:
        text = answer.content()[: MAX_CONFIGURATION + 1].decode("utf-8-sig")
    except UnicodeError as error:
        raise ConfigurationUnreadable("not UTF-8", answered=answer.status) from error
    read(text, url)
    return text


def read(text: str, address: str) -> PlatformConfiguration:
    """Read a configuration. What we can do without never refuses one.

    Raises:
        ConfigurationUnreadable
    """
    if len(text.encode()) > MAX_CONFIGURATION:
        raise ConfigurationUnreadable(f"larger than {MAX_CONFIGURATION} bytes")
    try:
        values = parse_object(text, is_signed=False)
    except ValueError as error:
        raise ConfigurationUnreadable(f"not a JSON object: {text.lstrip()[:1]!r}") from error
    reader, platform = Reader(values), Reader(values).object_or_empty(PLATFORM)
    try:
        named = {"issuer": reader.require_name("issuer", 255)}
        named |= {name: trimmed(reader.require_name(name, MAX_URL)) for name in ENDPOINTS}
    except (ClaimMissing, ClaimInvalid, TextNotKept) as error:
        raise ConfigurationUnreadable(error.detail) from error
    for name in ENDPOINTS:
        if problem := problem_with(named[name]):
            raise ConfigurationUnreadable(f"{name}: {problem}")
    audience = reader.label("authorization_server", MAX_URL)
    return PlatformConfiguration(
        address,
        **named,
        # Canvas names a bare host there, and takes its token endpoint for the audience all the same.
        audience="" if audience == named["token_endpoint"] or problem_with(audience) else audience,
        scopes=_names(values.get("scopes_supported")),
        claims=_names(values.get("claims_supported")),
        messages=_messages(platform.values.get("messages_supported")),
        variables=_names(platform.values.get("variables")) or frozenset(),
        family=reduce(platform.label("product_family_code", 64)),
        version=reduce(platform.label("version", 64)),
        account=reduce(platform.label(ACCOUNT, 200) or reader.label(ACCOUNT, 200)),
    )


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a platform its own token. Some platforms give no token; then there is no header."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _names(value: object) -> frozenset[str] | None:
    """Return a list of names. Other entries are left out; None if it is no list."""
    return frozenset(one for one in value[:MAX_LISTED] if isinstance(one, str)) if isinstance(value, list) else None


def _messages(value: object) -> Mapping[str, tuple[str, ...]] | None:
    """Return placements by type of message. Moodle before 4.0 lists only the types."""
    if not isinstance(value, list):
        return None
    found: dict[str, tuple[str, ...]] = {}
    for one in value[:MAX_LISTED]:
        entry = one if isinstance(one, dict) else {"type": one}
        kind, placements = entry.get("type"), entry.get("placements")
        if isinstance(kind, str):
            listed = placements if isinstance(placements, list) else []
            found[kind] = (*found.get(kind, ()), *(place for place in listed[:MAX_LISTED] if isinstance(place, str)))
    return found

"""State, nonce and the browser's cookie: issued by us, bound to each other, used once.

Nothing is stored at login: the state is signed, and nonce and cookie are derived from it with keyed hashes, so neither
can be guessed from it. Using it is one atomic ``add`` to the shared cache, by whichever process is first.
(Security Framework 1.0, 5.1.1.1 and 5.1.1.5)
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner
from django.utils.crypto import constant_time_compare

from lti_1p3_provider.errors import BrowserMismatch, LaunchReplayed, StateExpired, StateStoreDown, StateUnknown
from lti_1p3_provider.identifiers import DIGEST_LENGTH, digest
from lti_1p3_provider.lti import store

LIFETIME = 600  # seconds from login to launch
MAX_LENGTH = 512
SALT = "lti_1p3_provider.state"
NONCE, BROWSER = f"{SALT}.nonce", f"{SALT}.browser"
COOKIE_PREFIX = "lti1p3-"
STORAGE_PREFIX = "lti1p3_"


@dataclass(frozen=True, slots=True)
class LoginState:
    """One login. ``value``: the ``state`` parameter. ``target_digest``: which target the login named.

    ``storage_frame``: the platform's frame that keeps our proof instead of a cookie; empty if a cookie does. (LTI
    Client Side postMessages Storage)
    """

    value: str
    registration_pk: int
    target_digest: str
    storage_frame: str = ""

    @property
    def digest(self) -> str:
        """The name under which this login is remembered."""
        return digest(self.value)

    @property
    def dated_digest(self) -> str:
        """The same after the login's time, so that an index keeps together what is made at the same time."""
        return f"{self.value.rsplit(':', 2)[1]}:{self.digest}"[:DIGEST_LENGTH]

    @property
    def nonce(self) -> str:
        """The ``nonce`` parameter that belongs to this state."""
        return Signer(salt=NONCE).signature(self.value)

    def has_nonce(self, shown: str) -> bool:
        """Tell whether this is the nonce that was issued, even if the site's secret was replaced since."""
        return _is_signature(NONCE, self.value, shown)

    @property
    def cookie_name(self) -> str:
        """A name for each login, so that tabs do not overwrite each other's cookies."""
        return f"{COOKIE_PREFIX}{self.digest[:16]}"

    @property
    def storage_key(self) -> str:
        """The name under which the platform keeps the proof."""
        return f"{STORAGE_PREFIX}{self.digest[:16]}"

    @property
    def proof(self) -> str:
        """What only the browser that began this login can show: in a cookie, or from the platform's frame."""
        return Signer(salt=BROWSER).signature(self.value)


def issue(registration_pk: int, target: str, storage_frame: str = "") -> LoginState:
    """Begin a login at the registration, for this ``target_link_uri``."""
    about = digest_of_target(target)
    content = f"{secrets.token_urlsafe(16)}.{registration_pk}.{about}.{storage_frame}"
    return LoginState(TimestampSigner(salt=SALT).sign(content), registration_pk, about, storage_frame)


def digest_of_target(target: str) -> str:
    """Return what a state holds of a target: enough to notice another one."""
    return digest(target)[:8]


def read(value: str) -> LoginState:
    """Return the login of a ``state`` that we issued in the last ten minutes.

    Raises:
        StateUnknown, StateExpired
    """
    try:
        content = TimestampSigner(salt=SALT).unsign(value[: MAX_LENGTH + 1], max_age=LIFETIME)
    except SignatureExpired as error:
        raise StateExpired(f"older than {LIFETIME} s") from error
    except BadSignature as error:
        raise StateUnknown("not signed by this site") from error
    try:
        _, registration_pk, target_digest, *frame = content.split(".", 3)
        return LoginState(value, int(registration_pk), target_digest, "".join(frame))
    except ValueError as error:
        raise StateUnknown("issued by another version of this software") from error


def require_same_browser(state: LoginState, cookies: Mapping[str, str], stored: str = "") -> None:
    """Return if the browser that posts is the one that began the login.

    ``stored`` is what the platform's frame kept, where one was to keep it.

    Raises:
        BrowserMismatch
        LaunchReplayed: the launch took the cookie back; somebody went back to its form or reloaded it.
        StateStoreDown
    """
    shown = cookies.get(state.cookie_name, "") or (stored if state.storage_frame else "")
    if _is_signature(BROWSER, state.value, shown):
        return
    if not shown and store.get(_used(state)) is not None:
        raise LaunchReplayed("this state was used before")
    raise BrowserMismatch("cookie differs" if shown else "no cookie came back")


def use_once(state: LoginState) -> None:
    """Mark the login as used. Over all processes, exactly one caller succeeds.

    Raises:
        LaunchReplayed: somebody was first.
        StateStoreDown: the cache does not answer, so nobody may pass.
    """
    if store.add(_used(state), LIFETIME + 60):
        return
    if store.get(_used(state)) is None:
        raise StateStoreDown("the cache keeps nothing")
    raise LaunchReplayed("this state was used before")


def _is_signature(salt: str, value: str, shown: str) -> bool:
    """Compare with the current secret's signature and with those of its fallbacks, as the state itself is."""
    signer = Signer(salt=salt)
    secrets_known = (signer.key, *signer.fallback_keys)
    given = shown.encode("utf-8", "surrogatepass")  # half a character is legal JSON
    return any(constant_time_compare(given, signer.signature(value, secret)) for secret in secrets_known)


def _used(state: LoginState) -> str:
    return f"lti1p3:used:{state.digest}"

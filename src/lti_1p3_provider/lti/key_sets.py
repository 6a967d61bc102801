"""Platforms' public keys: cached by kid over all processes, fetched again once for an unknown kid.

A platform that rotates hourly is followed, one that is down goes on being trusted with the keys it had, and a flood of
invented kids causes one fetch per cool-down. (Security Framework 1.0, 6.3)
"""

from __future__ import annotations

import json
import re
import time
from functools import lru_cache
from typing import Any, TypedDict

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.core.cache import cache
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from lti_1p3_provider.errors import KeySetUnavailable, KeyUnknown, LtiError
from lti_1p3_provider.lti import transport
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.models import Registration

COOL_DOWN = 20.0  # seconds between two fetches for unknown kids, or after a failure
FRESH_MIN, FRESH_DEFAULT, FRESH_MAX = 60.0, 900.0, 3600.0
STALE = 24 * 3600  # seconds that keys outlive their platform
FETCH_TIMEOUT = 5.0
MAX_KEYS = 100
MIN_BITS = 2048


class Entry(TypedDict):
    """What is cached for a registration. Times are seconds of the epoch."""

    keys: dict[str, str]
    fresh_until: float
    quiet_until: float


def key_for(registration: Registration, kid: str) -> RSAPublicKey:
    """Return the platform's key called ``kid``.

    Raises:
        KeyUnknown: the platform has no such key.
        KeySetUnavailable: the platform cannot be asked and its keys are not known from before.
    """
    if not registration.key_set_url:
        return _chosen(_usable(registration.key_set), kid)
    name = f"lti1p3:jwks:{registration.pk}:{digest(registration.key_set_url)[:16]}"
    entry: Entry | None = cache.get(name)
    now = time.time()
    if entry is None or now > entry["fresh_until"]:
        entry = _refreshed(registration, name, entry, now)
    elif kid not in entry["keys"] and now > entry["quiet_until"]:
        entry = _refreshed(registration, name, entry, now, quiet=COOL_DOWN)
    return _chosen(entry["keys"], kid)


def _refreshed(registration: Registration, name: str, old: Entry | None, now: float, quiet: float = 0.0) -> Entry:
    """Fetch; on failure keep what there was, and do not ask again for a while."""
    if old is not None and now <= old["quiet_until"]:
        failed: LtiError | None = None
        entry = old
    else:
        entry, failed = _fetched(registration, old, now, quiet)
        cache.set(name, entry, timeout=STALE)
    if not entry["keys"]:
        raise KeySetUnavailable(failed.detail if failed else "asked a moment ago, in vain") from failed
    return entry


def _fetched(registration: Registration, old: Entry | None, now: float, quiet: float) -> tuple[Entry, LtiError | None]:
    try:
        answer = transport.send(
            "GET", registration.key_set_url, headers={"Accept": "application/json"}, timeout=FETCH_TIMEOUT
        )
        if not answer.ok:
            raise KeySetUnavailable(f"the key set URL answered {answer.status}")
        keys = _usable(answer.json())
        if not keys:
            raise KeySetUnavailable("the key set URL shows no RSA key with a kid")
    except LtiError as error:
        keys = old["keys"] if old else {}
        return Entry(keys=keys, fresh_until=now + COOL_DOWN, quiet_until=now + COOL_DOWN), error
    fresh = now + _max_age(answer.headers.get("cache-control", ""))
    return Entry(keys=keys, fresh_until=fresh, quiet_until=now + quiet), None


def _max_age(cache_control: str) -> float:
    found = re.search(r"\bmax-age=(\d{1,9})\b", cache_control)
    return min(max(float(found[1]) if found else FRESH_DEFAULT, FRESH_MIN), FRESH_MAX)


def _usable(key_set: Any) -> dict[str, str]:
    """Return RSA signature keys as JSON by kid; everything else in the set is ignored."""
    members = key_set.get("keys") if isinstance(key_set, dict) else None
    found = {}
    for jwk in members[:MAX_KEYS] if isinstance(members, list) else ():
        if (
            isinstance(jwk, dict)
            and jwk.get("kty") == "RSA"
            and isinstance(jwk.get("kid"), str)
            and jwk.get("alg", "RS256") == "RS256"
            and jwk.get("use", "sig") == "sig"
        ):
            found[jwk["kid"]] = json.dumps({"kty": "RSA", "n": jwk.get("n"), "e": jwk.get("e")})
    return found


def _chosen(keys: dict[str, str], kid: str) -> RSAPublicKey:
    if kid not in keys:
        raise KeyUnknown(f"kid {kid[:64]!r} is not in the platform's key set")
    return _parsed(keys[kid])


@lru_cache(maxsize=256)
def _parsed(jwk: str) -> RSAPublicKey:
    try:
        key = RSAAlgorithm.from_jwk(jwk)
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise KeyUnknown("the platform's key cannot be read") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise KeyUnknown(f"the platform's key is not an RSA public key of at least {MIN_BITS} bits")
    return key

"""Platforms' public keys, cached by kid for all processes, and fetched once more for an unknown kid. What a process
read a moment ago it does not read again if that answers the question: when a class begins, all launch at once.

A platform that rotates hourly is followed. If a platform is down, the keys that it had are still trusted. A flood of
invented kids causes one fetch in each cool-down. One process at a time asks; the others wait for its result. (Security
Framework 1.0, 6.3)
"""

from __future__ import annotations

import logging
import re
import time
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti_1p3_provider.errors import KeySetBusy, KeySetUnavailable, LtiError, StateStoreDown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import contacts, store, transport, waiting
from lti_1p3_provider.lti.contacts import About
from lti_1p3_provider.lti.exchange import Request
from lti_1p3_provider.lti.public_keys import chosen, usable
from lti_1p3_provider.lti.redirects import followed
from lti_1p3_provider.registrations.models import Registration

log = logging.getLogger(__name__)

COOL_DOWN = 20.0  # seconds between two fetches for unknown kids, or after a failure
MIN_FRESH, DEFAULT_FRESH, MAX_FRESH = 60.0, 900.0, 3600.0
STALE = 24 * 3600  # seconds that keys outlive their platform's last answer
FETCH_TIMEOUT = 5.0  # seconds
POLL = 0.05  # seconds between two looks for what another process learns
MAX_PATIENT = 8  # waiting for as long as a fetch may take; the others give up earlier, so that workers stay free
SHORT_PATIENCE = 1.0  # seconds
MAX_MISSES = 3
MOMENT = 10.0  # seconds
MAX_RECENT = 1000  # registrations


class Entry(TypedDict):
    """What is cached for a registration. Times are seconds since the epoch. Nothing is fetched before
    ``quiet_until``."""

    keys: dict[str, str]
    fresh_until: float
    quiet_until: float
    forget_at: float
    failure: str


_recent: dict[str, tuple[float, Entry]] = {}  # what this process read, and when (``time.monotonic``)


def keys_for(registration: Registration, kid: str, moment: float = waiting.MOMENT) -> tuple[RSAPublicKey, ...]:
    """Return the platform's keys called ``kid``: one, or several if it gives several the same name.

    ``moment``: for how many seconds this thread waits for its turn to ask the platform.

    Raises:
        KeyUnknown: the platform has no such key.
        KeySetUnavailable: the platform cannot be asked and its keys are not known from before.
        KeySetBusy: so many threads of this process wait for key sets that this one may not.
        StateStoreDown
    """
    if not registration.key_set_url:
        return chosen(usable(registration.key_set), kid)
    name = f"lti1p3:jwks:{registration.pk}:{digest(registration.key_set_url)[:16]}"
    entry: Entry | None = _read_recently(name, kid)
    if entry is None:
        entry = store.get(name)
        if entry is None or _is_worth_asking(entry, kid):
            entry = _waited_for(registration, name, entry, kid, moment)
        _remember(name, entry)
    if not entry["keys"]:
        raise KeySetUnavailable(entry["failure"])
    return chosen(entry["keys"], kid)


def _read_recently(name: str, kid: str) -> Entry | None:
    """Return what this process read a moment ago, if it is fresh and has the key; otherwise others may know more."""
    read_at, entry = _recent.get(name, (0.0, None))
    if entry is None or kid not in entry["keys"] or time.time() > entry["fresh_until"]:
        return None
    return entry if time.monotonic() < read_at + MOMENT else None


def _remember(name: str, entry: Entry) -> None:
    if len(_recent) >= MAX_RECENT:
        _recent.clear()
    _recent[name] = time.monotonic(), entry


def _waited_for(registration: Registration, name: str, old: Entry | None, kid: str, moment: float) -> Entry:
    """Learn the keys, unless too many threads of this process wait for keys already. Somebody who invents kids, or has
    a key set that hangs, must leave enough threads for everybody else. A known key is used meanwhile."""
    with waiting.place(moment) as is_free:
        if is_free:
            return _learned(registration, name, old, kid)
    if old is not None and kid in old["keys"]:
        return old
    raise KeySetBusy("as many threads as may wait for key sets are waiting")


def _learned(registration: Registration, name: str, old: Entry | None, kid: str) -> Entry:
    """Ask the platform, or wait for the process that is asking already. A known key is used meanwhile."""
    asked, patience, misses = f"{name}:asked", None, 0
    while not store.add(asked, FETCH_TIMEOUT + 1):
        if old is not None and kid in old["keys"]:
            return old
        patience = patience or time.monotonic() + _patience(name)
        if time.monotonic() > patience:
            raise KeySetUnavailable("another process is asking the platform and has no answer yet")
        time.sleep(POLL)
        learned: Entry | None = store.get(name)
        if learned is not None and learned != old:
            return learned
        misses = misses + 1 if store.get(asked) is None else 0
        if misses > MAX_MISSES:
            raise StateStoreDown("the cache keeps nothing")
    try:
        known: Entry | None = store.get(name)
        if known is not None and not _is_worth_asking(known, kid):
            return known  # somebody asked between our look and our turn
        entry = _fetched(registration, known, kid)
        store.put(name, entry, STALE)
        return entry
    finally:
        store.drop(f"{name}:waiting")
        store.drop(asked)


def _patience(name: str) -> float:
    """Return for how many seconds to wait. Not everybody may wait long, or a dead platform would occupy all workers."""
    return FETCH_TIMEOUT if store.count(f"{name}:waiting", FETCH_TIMEOUT + 1) <= MAX_PATIENT else SHORT_PATIENCE


def _is_worth_asking(entry: Entry, kid: str) -> bool:
    now = time.time()
    return now > entry["quiet_until"] and (now > entry["fresh_until"] or kid not in entry["keys"])


def _fetched(registration: Registration, old: Entry | None, kid: str) -> Entry:
    """Ask the platform. If that fails, the known keys stay. If it fails or the kid is still unknown, do not ask again
    for a while."""
    asked = time.time()
    try:
        (keys, fresh), failure, forget_at = _ask(registration), "", asked + STALE
    except LtiError as error:
        log.warning("LTI key set of registration %s: %s (%s)", registration.pk, error.code, error.detail)
        failure, fresh, forget_at = f"{error.code}: {error.detail}", COOL_DOWN, old["forget_at"] if old else 0
        keys = old["keys"] if old and asked < forget_at else {}
    now = time.time()  # a slow answer must not use up the quiet time
    unknown_before = old is not None and kid not in old["keys"]
    quiet = COOL_DOWN if unknown_before or kid not in keys else 0.0
    return Entry(keys=keys, fresh_until=now + fresh, quiet_until=now + quiet, forget_at=forget_at, failure=failure)


def _ask(registration: Registration) -> tuple[dict[str, str], float]:
    """Return the usable keys, and for how many seconds they are fresh."""
    request = Request("GET", registration.key_set_url, {"Accept": "application/json"}, timeout=FETCH_TIMEOUT)
    with contacts.noted(registration.pk, About.KEYS):
        answer = transport.run(followed(request))
        if not answer.ok:
            raise KeySetUnavailable(f"the key set URL answered {answer.status}")
        keys = usable(answer.json())
        if not keys:
            raise KeySetUnavailable("the key set URL shows no RSA key with a kid")
    contacts.worked(registration.pk, About.KEYS, answer)
    return keys, _max_age(answer.headers.get("cache-control", ""))


def _max_age(cache_control: str) -> float:
    found = re.search(r"\bmax-age=(\d{1,9})\b", cache_control)
    return min(max(float(found[1]) if found else DEFAULT_FRESH, MIN_FRESH), MAX_FRESH)

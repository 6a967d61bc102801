"""Writes attempts down, and drops old ones."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error, IntegrityError
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.database.inserting import Inserts
from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.diagnostics import subjects
from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LaunchReplayed, LtiError, StateStoreDown
from lti_1p3_provider.lti import store

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that reads like something else
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
DAY = 24 * 3600
MAX_OF_A_LOGIN = 20  # with a genuine signature: its one token may be posted again and again
LOGIN_IS_OVER = 3600  # seconds; long after it
MAX_NAMES = 10_000  # of buckets that this process counts by itself

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many refusals are stored for attempts that used up no login.

    Before the signature is checked, anybody can cause these. ``per_minute`` and ``of_one_a_day``: of one bucket.
    ``a_day``: of the whole site. ``reserved``: for each bucket in a day, whatever happens in the others.
    """

    per_minute: int = 60
    of_one_a_day: int = 2_000
    a_day: int = 10_000
    reserved: int = 50


LIMITS = Limits()
_counted_here: Counter[str] = Counter()
_insert = Inserts(LaunchAttempt)


def success(trail: Trail) -> None:
    """Record an attempt that succeeded, in the transaction of everything that it writes.

    Raises:
        LaunchReplayed: its login led to a success before, although the cache does not know.
    """
    try:
        _write(trail, OK, trail.note, trail.login_digest)
    except IntegrityError as error:
        raise LaunchReplayed("this login succeeded before") from error


def refusal(trail: Trail, error: LtiError, limits: Limits = LIMITS, clock: Callable[[], float] = time.time) -> str:
    """Record a refused attempt and return its support code.

    Anybody can cause attempts that use up no login, and repeat them. Of those before the signature, only so many are
    stored in a minute and in a day; the others go to the log only. Each door, registration and stage is a bucket of its
    own, so nobody can fill the table or hide what happens to others. Attempts with a genuine signature are stored,
    except repetitions of the same login. ``clock``: seconds since the epoch.
    """
    support_code = _support_code()
    if "first use" in trail.steps or _is_recordable(trail, limits, clock()):
        try:
            _write(trail, error.code, error.detail, support_code=support_code)
        except Error as problem:  # the person gets the page all the same
            log.error("LTI: attempt %s could not be recorded: %s", support_code, traced(problem))
    log.warning("LTI %s refused: %s, support code %s", trail.door, error.code, support_code)
    return support_code


def drop_old() -> int:
    """Delete attempts older than ``LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC``, in batches; return how many."""
    before = timezone.now() - timedelta(seconds=conf.attempt_retention)
    return drop(LaunchAttempt.objects.filter(created_at__lt=before))


def _is_recordable(trail: Trail, limits: Limits, moment: float) -> bool:
    is_signed = "signature" in trail.steps
    if is_signed and trail.login_digest:
        return _count(f"login:{trail.login_digest}", LOGIN_IS_OVER) <= MAX_OF_A_LOGIN
    whose = trail.registration.pk if trail.registration else trail.registration_pk or 0
    stage = "signature" if is_signed else "browser" if "browser" in trail.steps else ""
    bucket, now = f"{trail.door}:{whose}:{stage}", int(moment)
    if _count(f"{bucket}:minute:{now // 60}", 120) > limits.per_minute:
        return False
    today = _count(f"{bucket}:day:{now // DAY}", DAY)
    if today <= limits.reserved:
        return True
    return today <= limits.of_one_a_day and _count(f"all:day:{now // DAY}", DAY) <= limits.a_day


def _count(name: str, seconds: float) -> int:
    """Count over all processes, or in this one alone while the cache is down: it is worth some rows to know what went
    wrong."""
    try:
        return store.count(f"lti1p3:refused:{name}", seconds)
    except StateStoreDown:
        if len(_counted_here) > MAX_NAMES:
            _counted_here.clear()
        _counted_here[name] += 1
        return _counted_here[name]


def _write(
    trail: Trail, outcome: str, detail: str, login_digest: str | None = None, support_code: str | None = None
) -> None:
    registration = trail.registration.pk if trail.registration else None
    _insert(
        LaunchAttempt(
            support_code=support_code or _support_code(),
            door=trail.door,
            outcome=outcome,
            detail=_line(detail)[:1000],
            steps=[reduce(step) for step in trail.steps],
            registration_id=registration,
            deployment_id=trail.deployment.pk if trail.deployment else None,
            subject_digest=subjects.keyed(registration, trail.subject) if trail.subject else "",
            target=_line(trail.target.partition("?")[0])[:500],
            login_digest=login_digest,
        )
    )


def _line(text: str) -> str:
    """Return a stranger's text as one line that the database can store."""
    return reduce(CONTROL.sub(" ", text))


def _support_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"

"""Outages: a platform that takes no scores is left alone for a while, then one score is tried.

So one dead platform burns no workers and delays no other, and its scores do not use up their tries.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.lti import store
from lti_1p3_provider.scores import outbox, retry
from lti_1p3_provider.scores.models import Outage, PendingScore

PROBE = 6  # requests, each as long as one may take: what a worker has for trying one score
LONGEST = 600.0  # seconds between two tries
MEMORY = 300.0  # seconds for which strikes count


def strike(registration_pk: int, strikes: int) -> bool:
    """Count what speaks for an outage, over all workers; return whether it is enough."""
    try:
        return store.count(_name(registration_pk), MEMORY, strikes) >= retry.OUTAGE
    except StateStoreDown:
        return strikes >= retry.OUTAGE


def forgive(registration_pk: int) -> None:
    """The platform took a score: what was counted is over."""
    with suppress(StateStoreDown):
        store.drop(_name(registration_pk))


def _name(registration_pk: int) -> str:
    return f"lti1p3:strikes:{registration_pk}"


def of_all() -> dict[int, datetime]:
    """Return until when each platform that is down is left alone, by registration."""
    return dict(Outage.objects.values_list("pk", "until"))


def try_one(registration_pk: int, seen: datetime) -> bool:
    """Whether the caller is the one who tries a score now; ``seen`` is the outage's end that it saw."""
    until = timezone.now() + timedelta(seconds=PROBE * conf.http_timeout)
    return bool(Outage.objects.filter(pk=registration_pk, until=seen).update(until=until))


def leave(registration_pk: int) -> None:
    """Let another worker try, at once: the caller of ``try_one`` had nothing to try it with."""
    now = timezone.now()
    tried = now + timedelta(seconds=PROBE * conf.http_timeout)  # what others learned meanwhile may be later
    Outage.objects.filter(pk=registration_pk, until__lte=tried).update(until=now)


def begin(registration_pk: int, reason: str, asked: float = 0.0) -> datetime:
    """Note that a platform is down, or still is; return until when.

    ``asked``: seconds that it wants to be left alone.
    """
    forgive(registration_pk)  # after it, counting begins anew
    now = timezone.now()
    known = Outage.objects.filter(pk=registration_pk).first()
    failures = known.failures + 1 if known else 1
    wait = max(asked, min(retry.backoff(failures - 1), LONGEST))
    until = now + timedelta(seconds=wait)
    values = {"until": until, "failures": failures, "reason": reduce(reason)[:255]}
    if not Outage.objects.filter(pk=registration_pk).update(**values):
        Outage.objects.get_or_create(registration_id=registration_pk, defaults={**values, "since": now})
    return until


def end(registration_pk: int) -> None:
    """The platform takes scores again: what waited for it is due now."""
    if not Outage.objects.filter(pk=registration_pk).delete()[0]:
        return
    now = timezone.now()
    waiting = PendingScore.objects.filter(registration_id=registration_pk, due_at__gt=now, attempts__gt=0)
    outbox.change_free(waiting, due_at=now)

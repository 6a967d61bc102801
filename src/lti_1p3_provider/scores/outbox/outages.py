"""Outages: where a platform takes no scores, all of them wait for a while, then one is tried.

So a dead platform ties up no workers and delays no other platform, and its scores do not use up their attempts.
Hundreds of schools may share a registration. So an outage concerns the deployment in which it was seen, or one of its
hosts, and becomes the whole registration's only when several deployments fail and none of them takes a score.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import store
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.scores.outbox import outcomes, retry
from lti_1p3_provider.scores.reasons import Why
from lti_1p3_provider.web.addresses import origin

PROBE = 6  # requests, each as long as one may take: what a worker has for trying one score
MAX_WAIT = 600.0  # seconds between two tries
MAX_ASKED = 3600.0  # seconds for which a platform's answer to one score may stop all others of its deployment
MEMORY = 300.0  # seconds for which strikes count
SEVERAL = 3  # deployments that fail: then it is probably what they share
MAX_HOST = 255


@dataclass(frozen=True, slots=True)
class Place:
    """Where scores go: a deployment, identified by the registration's primary key and its own, and one of its hosts.
    Without ``host``: all of its hosts."""

    registration: int
    deployment: int
    host: str = ""

    @property
    def whole(self) -> Place:
        """The whole deployment."""
        return Place(self.registration, self.deployment)


def place_of(row: PendingScore) -> Place:
    """Return where a row's score goes; the row comes with its line item and link."""
    item = row.line_item
    host = reduce(origin(item.url or item.container_url) or "")[:MAX_HOST]
    return Place(row.registration_id, item.resource_link.deployment_id, host)


def strike(place: Place, strikes: int) -> bool:
    """Count signs of an outage, across all workers; return whether there are enough."""
    try:
        return store.count(_name(place), MEMORY, strikes) >= retry.OUTAGE
    except StateStoreDown:
        return strikes >= retry.OUTAGE


def forgive(place: Place) -> None:
    """A score was taken: reset the count, and remember that what all deployments share is working."""
    with suppress(StateStoreDown):
        store.drop(_name(place))
        store.put(_taken(place.registration), 1, MEMORY)


def of_all() -> dict[int, datetime]:
    """Return until when each registration that is down as a whole is left alone."""
    return dict(Outage.objects.filter(deployment=None).values_list("registration_id", "until"))


def of_places() -> dict[Place, datetime]:
    """Return until when each place that is down is left alone."""
    found = Outage.objects.exclude(deployment=None).values_list("registration_id", "deployment_id", "host", "until")
    return {Place(registration, deployment, host): until for registration, deployment, host, until in found}


def of_rows(rows: Collection[PendingScore]) -> dict[int, Outage]:
    """Return the outages that rows wait for, by the rows' primary keys; the rows come with line item and link."""
    if not rows:
        return {}
    several = Outage.objects.filter(registration_id__in={row.registration_id for row in rows})
    known = {(one.registration_id, one.deployment_id, one.host): one for one in several}
    found = {}
    for row in rows:
        place = place_of(row)
        for name in ((None, ""), (place.deployment, ""), (place.deployment, place.host)):
            if outage := known.get((place.registration, *name)):
                found[row.pk] = outage
                break
    return found


def try_one(where: int | Place, seen: datetime) -> bool:
    """Whether the caller is the one that may try a score now; ``seen`` is the outage's end that the caller read.

    ``where``: a registration's primary key, if all of it is down, or a place.
    """
    until = timezone.now() + timedelta(seconds=PROBE * conf.http_timeout)
    return bool(_at(where).filter(until=seen).update(until=until))


def leave(where: int | Place) -> None:
    """Let another worker try at once: the caller of ``try_one`` had no score to try it with."""
    now = timezone.now()
    tried = now + timedelta(seconds=PROBE * conf.http_timeout)  # what others learned meanwhile may be later
    _at(where).filter(until__lte=tried).update(until=now)


def begin(where: int | Place, why: Why, asked: float = 0.0) -> datetime:
    """Note that a registration or place takes no scores, or still takes none; return until when.

    ``asked``: for how many seconds it wants to be left alone; limited, because many may share it.
    """
    now, outages = timezone.now(), _at(where)
    known = outages.first()
    failures = known.failures + 1 if known else 1
    longest = MAX_WAIT if isinstance(where, int) else MAX_ASKED
    wait = max(min(asked, longest), min(retry.backoff(failures - 1), MAX_WAIT))
    until = now + timedelta(seconds=wait)
    values = {"until": until, "failures": failures, **why.stored}
    if not outages.update(**values):
        Outage.objects.get_or_create(**_identity(where), defaults={**values, "since": now})
    return until


def begin_at(place: Place, why: Why, asked: float = 0.0) -> tuple[Place, datetime]:
    """Note that no scores are taken there; return the place that the outage covers, and until when.

    It covers the whole deployment, unless that has columns at another host.
    """
    with suppress(StateStoreDown):
        store.drop(_name(place))  # after it, counting begins anew
    items = LineItem.objects.filter(resource_link__deployment=place.deployment)
    elsewhere = items.exclude(_is_at(place.host)).with_column()
    where = place if place.host and elsewhere.exists() else place.whole
    return where, begin(where, why, asked)


def is_widespread(registration_pk: int) -> bool:
    """Tell whether several deployments fail, and none took a score lately: then one try for all of them is enough."""
    try:
        if store.get(_taken(registration_pk)):
            return False
    except StateStoreDown:
        return False
    down = Outage.objects.filter(registration_id=registration_pk).exclude(deployment=None)
    return len(set(down.values_list("deployment_id", flat=True)[: SEVERAL * SEVERAL])) >= SEVERAL


def end(where: int | Place) -> None:
    """Scores are taken again: end the outage and make due what waited for it. A registration: end all its outages."""
    rows = PendingScore.objects
    if isinstance(where, int):
        outages, waiting = Outage.objects.filter(registration_id=where), rows.filter(registration_id=where)
    else:
        outages = _at(where)
        waiting = rows.filter(registration_id=where.registration, lane__deployment_id=where.deployment)
        if where.host:
            waiting = waiting.filter(_is_at(where.host, "line_item__"))
    if not outages.delete()[0]:
        return
    now = timezone.now()
    outcomes.change_free(waiting.filter(due_at__gt=now, attempts__gt=0), due_at=now)
    outcomes.change_free(waiting.filter(due_at__isnull=False, lease="", leased_until__gt=now), leased_until=None)


def end_whole(registration_pk: int) -> None:
    """What its deployments share works again: end that outage. Deployments that are down themselves stay down."""
    if _at(registration_pk).delete()[0]:
        now = timezone.now()
        waiting = PendingScore.objects.filter(registration_id=registration_pk, due_at__gt=now, attempts__gt=0)
        outcomes.change_free(waiting, due_at=now)


def _at(where: int | Place) -> QuerySet[Outage]:
    return Outage.objects.filter(**_identity(where))


def _identity(where: int | Place) -> dict[str, object]:
    if isinstance(where, int):
        return {"registration_id": where, "deployment": None}
    return {"registration_id": where.registration, "deployment_id": where.deployment, "host": where.host}


def _is_at(host: str, prefix: str = "") -> Q:
    url, container = f"{prefix}url", f"{prefix}container_url"
    return Q(**{f"{url}__istartswith": f"{host}/"}) | Q(**{url: "", f"{container}__istartswith": f"{host}/"})


def _name(place: Place) -> str:
    return f"lti1p3:strikes:{place.registration}:{place.deployment}:{digest(place.host)[:16]}"


def _taken(registration_pk: int) -> str:
    return f"lti1p3:taken:{registration_pk}"

"""Lanes: across all processes, at most one worker at a time sends to a course of a platform."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import Lane


@prepared
def _open(pks: list[int], now: datetime) -> QuerySet[Lane, tuple[int, int]]:
    lanes = Lane.objects.filter(free(now), pk__in=pks, deployment__status=Deployment.Status.APPROVED)
    return lanes.values_list("pk", "deployment_id")


@prepared
def _named(name: str) -> QuerySet[Lane]:
    return Lane.objects.filter(name=name)


def of_link(link: ResourceLink) -> Lane:
    """Return the lane of a link's course; links without a context share their deployment's."""
    name = f"{link.deployment_id}:{link.context_id or 0}"
    return _named.one(name) or _made(name, link.deployment_id)


def _made(name: str, deployment_pk: int) -> Lane:
    try:
        with transaction.atomic():
            return Lane.objects.create(name=name, deployment_id=deployment_pk)
    except IntegrityError:  # the course's other learners came at the same time
        made_meanwhile: Lane | None = Lane.objects.filter(name=name).first()
        if made_meanwhile is None:
            raise
        return made_meanwhile


def of_deployment(deployment_pk: int) -> list[int]:
    """Return the lanes of a deployment that are free now."""
    return list(Lane.objects.filter(free(timezone.now()), deployment_id=deployment_pk).values_list("pk", flat=True))


def closed(registration_pk: int, now: datetime, down: Collection[int] = ()) -> list[int]:
    """Return the lanes in which nothing may be sent: somebody sends there, or the deployment is off or ``down``."""
    lanes = Lane.objects.filter(deployment__registration_id=registration_pk).values_list("pk", flat=True)
    off = lanes.exclude(deployment__status=Deployment.Status.APPROVED)
    if down:
        off = off.union(lanes.filter(deployment_id__in=list(down)))
    # Not with OR, for which the database would read all lanes of the platform, and these are all its courses.
    return list(lanes.filter(leased_until__gte=now).union(off))


def take(
    lanes: Sequence[int], most: int, lease: str, now: datetime, until: datetime, down: Collection[int] = ()
) -> set[int]:
    """Lease the first ``most`` of the lanes in which scores may be sent, skipping deployments that are ``down``; return
    those leased."""
    may_be_taken = {pk for pk, deployment in _open(list(lanes), now) if deployment not in down}
    wanted = [pk for pk in lanes if pk in may_be_taken][:most]
    if not wanted:
        return set()
    if Lane.objects.filter(free(now), pk__in=wanted).update(lease=lease, leased_until=until) == len(wanted):
        return set(wanted)
    return set(Lane.objects.filter(pk__in=wanted, lease=lease).values_list("pk", flat=True))


def renew(lanes: Collection[int], lease: str, until: datetime) -> None:
    """Keep lanes for longer."""
    Lane.objects.filter(pk__in=lanes, lease=lease).update(leased_until=until)


def release(lanes: Collection[int], lease: str) -> None:
    """Let others in."""
    Lane.objects.filter(pk__in=lanes, lease=lease).update(lease="", leased_until=None)


def free(now: datetime) -> Q:
    """Return the condition that nobody holds the lane (or the row), or that its holder died."""
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)

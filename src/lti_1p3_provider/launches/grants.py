"""What a launch lets its user open, and for how long: one grant per block, so that tabs and links do not disturb each
other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import Addition, Change, Lookup
from lti_1p3_provider.errors import GrantMissing
from lti_1p3_provider.launches.scope import scopes
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users.models import Grant

CLEANUP_BATCH = 1000

_granted = Lookup(
    Grant,
    lambda user, usage: Grant.objects.select_related("deployment__registration__gate").filter(
        user_id=user, usage_digest=usage
    ),
)
_renewal = Change(Grant, where=("user", "usage_digest"), columns=("deployment", "until", "link_pk", "usage_key"))
_addition = Addition(Grant)


def allow(user: AbstractUser, target: Target, deployment: Deployment, link_pk: int | None = None) -> None:
    """Let the user open the block from now on, for ``LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC`` or as long as a session.

    ``link_pk``: the resource link that was launched.
    """
    seconds = conf.session_length if conf.access_length is None else conf.access_length
    key = str(target.usage_key)
    usage = digest(key)
    until = timezone.now() + timedelta(seconds=seconds)
    values = {"user": user.pk, "usage_digest": usage, "usage_key": key, "deployment": deployment.pk}
    values |= {"until": until, "link_pk": link_pk}
    if not _renewal.make(**values):
        _add(values)
    scopes.forget(user.pk)


def _add(values: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            _addition.make(**values)
    except IntegrityError:  # another launch of the same person was first
        _renewal.make(**values)


def check(user: AbstractUser | AnonymousUser, target: Target) -> Registration:
    """Return the registration through which the session's user may open the block.

    Raises:
        GrantMissing: see ``find``.
    """
    return find(user, target).deployment.registration


def find(user: AbstractUser | AnonymousUser, target: Target) -> Grant:
    """Return what lets the user open the block, with its deployment and registration.

    Raises:
        GrantMissing: nobody is signed in, the block was never launched, its time is over, or an operator switched the
            platform off.
    """
    if not user.is_authenticated or not user.is_active:
        raise GrantMissing("nobody is signed in")
    grant = _granted.one(user=user.pk, usage=digest(str(target.usage_key)))
    if grant is None:
        raise GrantMissing("this user did not launch this block")
    if grant.until < timezone.now():
        raise GrantMissing("the time that a launch opens content is over")
    deployment = grant.deployment
    if not deployment.is_open:
        raise GrantMissing("the registration or deployment was switched off")
    return grant


def drop_lapsed() -> int:
    """Delete grants that open nothing any more, in batches; return how many."""
    lapsed = Grant.objects.filter(until__lt=timezone.now())
    dropped = 0
    while batch := list(lapsed.values_list("pk", flat=True)[:CLEANUP_BATCH]):
        dropped += lapsed.filter(pk__in=batch).delete()[0]
    return dropped

"""What a launch lets its user open, and for how long. There is one grant for each block, so tabs and links do not
disturb each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.database.inserting import Inserts
from lti_1p3_provider.database.prepared import Update, prepared, prepared_update
from lti_1p3_provider.errors import GrantMissing
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches.scope import scopes
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.users.models import Grant


@prepared
def _granted(user: int, usage_digest: str) -> QuerySet[Grant]:
    grants = Grant.objects.select_related("deployment__registration__gate")
    return grants.filter(user_id=user, usage_digest=usage_digest)


@prepared_update
def _renew(
    user: int,
    usage_digest: str,
    usage_key: str,
    deployment: int,
    until: datetime,
    link_pk: int | None,
    taught: int | None,
) -> Update:
    columns = {"usage_key": usage_key, "deployment": deployment, "until": until, "link_pk": link_pk}
    return Grant.objects.filter(user_id=user, usage_digest=usage_digest), {**columns, "taught_link_pk": taught}


_insert = Inserts(Grant)


def allow(
    user: AbstractUser,
    target: Target,
    deployment: Deployment,
    link_pk: int | None = None,
    teaches: bool = False,
    *,
    is_new: bool = False,
) -> None:
    """Let the user open the block from now on, for ``LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC`` or as long as a session.

    ``link_pk``: the resource link that was launched; ``teaches``: by somebody who teaches the platform's course;
    ``is_new``: the account was made in this transaction, so it has no grant yet.
    """
    seconds = conf.session_length if conf.access_length is None else conf.access_length
    until = timezone.now() + timedelta(seconds=seconds)
    key, taught = str(target.usage_key), link_pk if teaches else None
    scopes.forget(user.pk)
    named = digest(key)
    renew = partial(_renew, user.pk, named, key, deployment.pk, until, link_pk, taught)
    if not is_new and renew():
        return
    whose = {"user_id": user.pk, "usage_digest": named, "usage_key": key, "deployment": deployment}
    grant = Grant(**whose, until=until, link_pk=link_pk, taught_link_pk=taught)
    if is_new:
        _insert(grant)
        return
    try:
        with transaction.atomic():
            _insert(grant)
    except IntegrityError:  # another launch of the same person was first
        renew()


def find(user: AbstractUser | AnonymousUser, target: Target) -> Grant:
    """Return the grant that lets the user open the block, with its deployment and registration.

    Raises:
        GrantMissing: nobody is signed in, the block was never launched, its time is over, or an operator switched the
            platform off.
    """
    if not user.is_authenticated or not user.is_active:
        raise GrantMissing("nobody is signed in")
    grant = _granted.one(user.pk, digest(str(target.usage_key)))
    if grant is None:
        raise GrantMissing("this user did not launch this block")
    if grant.until < timezone.now():
        raise GrantMissing("the time that a launch opens content is over")
    deployment = grant.deployment
    if not deployment.is_open:
        raise GrantMissing("the registration or deployment was switched off")
    return grant


def drop_lapsed() -> int:
    """Delete grants that no longer open anything, in batches; return how many."""
    return drop(Grant.objects.filter(until__lt=timezone.now()))

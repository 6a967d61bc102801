"""Tries again what was given up after an operator saved the registration or a deployment: perhaps they fixed it."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save

from lti_1p3_provider.conf import conf
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages, outcomes
from lti_1p3_provider.scores.outbox.wake import nudge

log = logging.getLogger(__name__)


def connect() -> None:
    """Notice each save, whether by the admin, a command or other code."""
    post_save.connect(_registration_saved, sender=Registration, dispatch_uid="lti_1p3_provider.scores")
    post_save.connect(_deployment_saved, sender=Deployment, dispatch_uid="lti_1p3_provider.scores")


def try_again(registration_pk: int) -> None:
    """Once the running transaction is committed, make due what the registration's platform has not taken so far.

    Scores that it already has are not sent again.
    """

    def make_due() -> None:
        try:
            outages.end(registration_pk)
            given_up = PendingScore.objects.given_up().filter(registration_id=registration_pk)
            if outcomes.try_again(given_up):
                nudge(0)
        except Exception:  # the operator's change is saved; scores can be sent anew from their page
            log.exception("LTI scores: what registration %s waits for could not be made due", registration_pk)

    if conf.enabled:
        transaction.on_commit(make_due)


def _registration_saved(sender: object, instance: Registration, created: bool, **_: Any) -> None:
    if instance.enabled and not created:
        try_again(instance.pk)


def _deployment_saved(sender: object, instance: Deployment, created: bool, **_: Any) -> None:
    if instance.status == Deployment.Status.APPROVED and not created:
        try_again(instance.registration_id)

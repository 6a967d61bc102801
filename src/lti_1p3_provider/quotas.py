"""How many new rows a platform may cause in a day, so that no platform can fill our tables.

Each deployment has its own count: many schools may share a registration, and none may use up another's.
"""

from __future__ import annotations

import time
from contextlib import suppress

from django.db import transaction

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import QuotaReached, StateStoreDown
from lti_1p3_provider.lti import store
from lti_1p3_provider.registrations.models import Deployment

DAY = 24 * 3600  # seconds


def require(deployment: Deployment, kind: str, share: float = 1.0) -> None:
    """Return if the deployment may bring one more new thing of this kind (``people``, ``contexts``, ``links``,
    ``choices``) today. ``share``: the part of the quota that may be used for it.

    Raises:
        QuotaReached: there were ``LTI_1P3_PROVIDER_DAILY_QUOTA``, or this share of it.
        StateStoreDown
    """
    most = conf.daily_quota * share
    if (store.get(_name(deployment, kind)) or 0) >= most:
        raise QuotaReached(f"more than {most:.0f} new {kind} of deployment {deployment.pk} today")


def count(deployment: Deployment, kind: str) -> None:
    """Count a new thing, once its transaction is committed: what was refused or rolled back is none."""

    def add_one() -> None:
        with suppress(StateStoreDown):  # the row is there; a count that is one too low does no harm
            store.count(_name(deployment, kind), DAY)

    transaction.on_commit(add_one)


def _name(deployment: Deployment, kind: str) -> str:
    return f"lti1p3:new:{deployment.pk}:{kind}:{int(time.time()) // DAY}"

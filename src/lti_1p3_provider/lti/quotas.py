"""How much a platform may make us write down in a day, so that no platform can fill our tables."""

from __future__ import annotations

import time

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import QuotaReached
from lti_1p3_provider.lti import store
from lti_1p3_provider.registrations.models import Registration

DAY = 24 * 3600


def count_new(registration: Registration, kind: str) -> None:
    """Count one more new thing of this kind (``people``, ``contexts``, ``resource links``).

    Raises:
        QuotaReached: there were ``LTI_1P3_PROVIDER_DAILY_QUOTA`` today.
        StateStoreDown
    """
    name = f"lti1p3:new:{registration.pk}:{kind.replace(' ', '-')}:{int(time.time()) // DAY}"
    if store.count(name, DAY) > conf.daily_quota:
        raise QuotaReached(f"more than {conf.daily_quota} new {kind} of registration {registration.pk} today")

"""How many requests one account may send in a minute, over all processes."""

from __future__ import annotations

import time
from collections.abc import Callable

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import ApiTooManyRequests
from lti_1p3_provider.lti import store

MINUTE = 60


def require(user_pk: int, writes: bool, clock: Callable[[], float] = time.time) -> None:
    """Count a request, and return if there were not too many. ``clock``: seconds since the epoch.

    Raises:
        ApiTooManyRequests
        StateStoreDown: nobody can count.
    """
    most, kind = conf.api_limits[writes], "writes" if writes else "reads"
    name = f"lti1p3:api:{user_pk}:{kind}:{int(clock()) // MINUTE}"
    if store.count(name, 2 * MINUTE) > most:
        raise ApiTooManyRequests(f"more than {most} {kind} in a minute")

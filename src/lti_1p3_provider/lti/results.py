"""Results: what a platform's gradebook shows. (AGS 2.0, 3.3)"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.errors import AnswerUnreadable
from lti_1p3_provider.lti import ags, paging
from lti_1p3_provider.lti.ags import Column
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations.models import Deployment

RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
PAGE = "100"  # results that we ask for at once


@dataclass(frozen=True, slots=True)
class Result:
    """One person's result on the column's scale; ``given`` is None where the gradebook shows nothing."""

    user_id: str
    given: float | None
    maximum: float


def read(deployment: Deployment, column: Column, user_id: str = "") -> Exchange[list[Result]]:
    """Read the results of a line item, of everybody or of one person. Platforms may ignore the filter. (3.3.3)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    pages = preset(deployment.registration.platform).pages_results and not user_id
    url = ags.with_query(ags.below(column.url, "results"), {"user_id": user_id, "limit": PAGE if pages else ""})
    found = yield from paging.entries(deployment, column.scopes, url, RESULTS_TYPE)
    results = [_read(entry) for entry in found]
    return [result for result in results if user_id in ("", result.user_id)]


def _read(said: paging.Entry) -> Result:
    user_id = said.get("userId")
    if isinstance(user_id, bool) or not isinstance(user_id, str | int):
        raise AnswerUnreadable("a result without a usable userId")
    given = _number(said.get("resultScore"), "resultScore")
    maximum = _number(said.get("resultMaximum"), "resultMaximum") or 1.0  # absent: 1
    return Result(str(user_id), given, maximum if maximum > 0 else 1.0)


def _number(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise AnswerUnreadable(f"a result's {name} is no number of points")
    return float(value)

"""Results: what a platform's gradebook shows. (AGS 2.0, 3.3)"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.database.storable import INSTEAD
from lti_1p3_provider.lti import ags, numbers, service
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations.models import Deployment

RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
PAGE = "100"  # results that we ask for at once
BOUNDS = service.Bounds(body=service.LONG_PAGE)  # not every platform has pages


@dataclass(frozen=True, slots=True)
class Result:
    """One person's result, on the column's scale. ``given`` is None if the gradebook shows nothing. ``is_odd``: what it
    shows is no number of points."""

    user_id: str
    given: float | None
    maximum: float
    is_odd: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a platform answered. ``nobodys``: how many entries name nobody, so that they may be anybody's."""

    results: tuple[Result, ...]
    nobodys: int = 0


def ask(deployment: Deployment, column: LineItemAddress, user_id: str = "") -> Exchange[Shown]:
    """Read all results of a line item, or one person's. Platforms may ignore the filter. (3.3.3)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    pages = preset(deployment.registration.platform).pages_results and not user_id
    url, query = service.below(column.url, "results"), {"user_id": user_id, "limit": PAGE if pages else ""}
    query = {name: value for name, value in query.items() if value}
    scopes = ags.ours(column.scopes)
    found = yield from service.entries(
        deployment, scopes, url, RESULTS_TYPE, ags.RESULT_SCOPE, query=query, bounds=BOUNDS
    )
    results = tuple(result for entry in found if (result := _read(entry)))
    return Shown(results, len(found) - len(results))


def read(deployment: Deployment, column: LineItemAddress, user_id: str = "") -> Exchange[list[Result]]:
    """Return the results of everybody, or of exactly one person. Entries that name nobody are left out. Raises as
    ``ask``."""
    shown = yield from ask(deployment, column, user_id)
    return [result for result in shown.results if user_id in ("", result.user_id)]


def _read(said: service.Entry) -> Result | None:
    """Return a result, None if the entry names nobody."""
    user_id, score = said.get("userId"), said.get("resultScore")
    if isinstance(user_id, bool) or not isinstance(user_id, str | int) or user_id == "" or INSTEAD in str(user_id):
        return None
    given, maximum = _number(score), _number(said.get("resultMaximum"))
    is_odd = given is None and score is not None
    return Result(str(user_id), given, maximum if maximum is not None and maximum > 0 else 1.0, is_odd)  # absent: 1


def _number(value: object) -> float | None:
    """Return points. Some platforms write them as text."""
    return numbers.points(numbers.written(value) if isinstance(value, str) else value)

"""Scores of an organization's platforms: where they are, sending them again, and comparing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from drf_spectacular.utils import OpenApiParameter
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from rest_framework.response import Response

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Thing, note
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.database.upserts import chunks
from lti_1p3_provider.errors import ApiRequestInvalid
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1 import found, pages
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.rest_api.v1.score_fields import (
    NEEDED,
    ChoiceFields,
    NumberFields,
    ScoreFields,
    StatusFields,
    shown,
)
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outcomes, wake
from lti_1p3_provider.scores.querysets import WHERE, PendingScoreQuerySet, State
from lti_1p3_provider.scores.status import overview

MOST = 10_000  # scores that one request sends again or compares


class ScoreStatus(ApiView):
    """How a platform takes scores."""

    @describe(responses=StatusFields)
    def get(self, request: Any, org: str, registration: int) -> Response:
        """Return how many scores wait or were given up, outages, and what was delivered in the last 14 days."""
        return Response(overview.of_registration(found.registration(org, registration)).as_json())


class Scores(ApiView):
    """Those of a registration."""

    @describe(
        parameters=[
            pages.LIMIT,
            pages.AFTER,
            OpenApiParameter("state", str, enum=[one.value for one in State], description="Only those in this state."),
            OpenApiParameter("course", str, description="Only of this course: its key."),
            OpenApiParameter("user", str, description="Only of this account: its username here."),
        ],
        responses=pages.parts_of(ScoreFields),
    )
    def get(self, request: Any, org: str, registration: int) -> Response:
        """List a registration's scores."""
        asked = request.query_params
        rows = _chosen(found.registration(org, registration), asked.get("course"), asked.get("user"))
        if (state := asked.get("state")) is not None:
            if state not in set(State):
                raise ApiRequestInvalid({"state": [f"One of {', '.join(State)}."]})
            rows = rows.filter(WHERE[State(state)])
        return pages.part(request, rows.select_related(*NEEDED), shown)


class ResendScores(ApiView):
    """Sends them again."""

    @describe(request=ChoiceFields, responses=NumberFields)
    def post(self, request: Any, org: str, registration: int) -> Response:
        """Send current grades again: also where the platform has them, unless only those that were given up, or that
        the platform lost, are asked for; not those of links without a column. At most 10000 at once; `more` says that
        there are others."""
        of, chosen = found.registration(org, registration), _valid(request)
        rows = _chosen(of, chosen.get("course"), chosen.get("user")).with_column()
        pks = _pks(_narrowed(rows, chosen.get("only")))
        with transaction.atomic():
            number = sum(outcomes.send_anew(_still(part, chosen.get("only"))) for part in chunks(pks[:MOST]))
            if number:
                wake.nudge(0)
            _note(self, Change.Action.RESENT, of, chosen, number)
        return Response({"number": number, "more": len(pks) > MOST})


class CompareScores(ApiView):
    """Asks the platform what it shows."""

    @describe(request=ChoiceFields, responses={202: NumberFields})
    def post(self, request: Any, org: str, registration: int) -> Response:
        """Have a worker ask the platform which results it shows, of scores that were asked about longest ago first. The
        list of scores then says `result`, `differs` and `missing`. Links without a column are left out. At most 10000
        at once."""
        of, chosen = found.registration(org, registration), _valid(request)
        rows = _narrowed(_chosen(of, chosen.get("course"), chosen.get("user")).with_column(), chosen.get("only"))
        pks = _pks(rows.order_by(F("result_at").asc(nulls_first=True), "pk"))
        with transaction.atomic():
            wake.read_back_later(pks[:MOST])
            _note(self, Change.Action.COMPARED, of, chosen, len(pks[:MOST]))
        return Response({"number": len(pks[:MOST]), "more": len(pks) > MOST}, 202)


def _valid(request: Any) -> dict[str, Any]:
    fields = ChoiceFields(data=request.data)
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


def _chosen(of: Registration, course: str | None, user: str | None) -> PendingScoreQuerySet:
    rows: PendingScoreQuerySet = PendingScore.objects.filter(registration=of).order_by("pk")
    if course is not None:
        try:
            CourseKey.from_string(course)
        except InvalidKeyError as error:
            raise ApiRequestInvalid({"course": ["This is no course key."]}) from error
        rows = rows.filter(course_key=course)
    if user is not None:
        rows = rows.filter(platform_user__user__username=user) if keeps(user) else rows.none()
    return rows


def _narrowed(rows: Any, only: str | None) -> QuerySet[PendingScore]:
    if only == "given_up":
        return rows.given_up()  # type: ignore[no-any-return]
    return rows.sent().lost() if only == "missing" else rows  # type: ignore[no-any-return]


def _pks(rows: QuerySet[PendingScore]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[: MOST + 1])


def _still(pks: Sequence[int], only: str | None) -> QuerySet[PendingScore]:
    """Return the rows that are still in this state when they are changed: what was given up may have been delivered
    meanwhile, and what was lost may have been sent by somebody else."""
    return _narrowed(PendingScore.objects.filter(pk__in=pks), only)


def _note(view: ApiView, action: Change.Action, of: Registration, chosen: dict[str, Any], number: int) -> None:
    said = {"number": number, "course": chosen.get("course", ""), "only": chosen.get("only", "")}
    note(view.author, action, Thing("scores", of.title, of.org, of.pk), {}, said)

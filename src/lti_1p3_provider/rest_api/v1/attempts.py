"""Launch attempts of an organization's platforms, found by the support code that people see."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.errors import ApiNotFound, meaning_of
from lti_1p3_provider.rest_api.v1 import found, pages
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView

REGISTRATION = OpenApiParameter("registration", int, description="Only of this registration.")


class AttemptFields(serializers.ModelSerializer):
    """One attempt: how far it came, and why it went no further. It names nobody."""

    explanation = serializers.SerializerMethodField(help_text="The cause, in plain words.")
    registration = serializers.IntegerField(source="registration_id")
    deployment = serializers.IntegerField(source="deployment_id", allow_null=True)
    steps = serializers.ListField(child=serializers.CharField(), help_text="What it passed, in order.")

    class Meta:
        model = LaunchAttempt
        fields = (
            *("support_code", "created_at", "outcome", "explanation", "detail", "steps", "door"),
            *("registration", "deployment", "target"),
        )
        read_only_fields = fields

    def get_explanation(self, row: LaunchAttempt) -> str:
        """Return the explanation; a launch that succeeded needs none."""
        return "" if row.outcome == OK else meaning_of(row.outcome)


class Attempts(ApiView):
    """Those of the organization's platforms."""

    @describe(
        parameters=[
            pages.LIMIT,
            pages.AFTER,
            REGISTRATION,
            OpenApiParameter("outcome", str, description="`ok`, or an error's code."),
        ],
        responses=pages.parts_of(AttemptFields),
    )
    def get(self, request: Any, org: str) -> Response:
        """List launch attempts, the newest first."""
        rows = _of(org)
        rows = found.narrowed(rows, org, request)
        if outcome := request.query_params.get("outcome"):
            rows = rows.filter(outcome=outcome) if keeps(outcome) else rows.none()
        return pages.part(request, rows, _shown, newest_first=True)


class OneAttempt(ApiView):
    """One, by its support code."""

    @describe(responses=AttemptFields)
    def get(self, request: Any, org: str, support_code: str) -> Response:
        """Return the attempt of a support code, as people read it out: `ABCD-EFGH`."""
        row = _of(org).filter(support_code=support_code.upper()).first() if keeps(support_code) else None
        if row is None:
            raise ApiNotFound("no such attempt")
        return Response(_shown(row))


def _of(org: str) -> QuerySet[LaunchAttempt]:
    """Return the attempts of an organization's registrations. Attempts without a registration belong to the site."""
    own = Q(registration__in=found.registrations(org).values("pk"))
    return LaunchAttempt.objects.filter(own if org else own | Q(registration=None))


def _shown(row: LaunchAttempt) -> dict[str, Any]:
    return dict(AttemptFields(row).data)

"""The audit trail: who changed what of an organization, and when."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.organizations import where_of
from lti_1p3_provider.rest_api.v1 import pages
from lti_1p3_provider.rest_api.v1.attempts import REGISTRATION
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView


class ChangeFields(serializers.ModelSerializer):
    """One thing that somebody did. `before` and `after` hold what differs. `actor` is a username, empty once the
    account is gone."""

    actor = serializers.CharField(source="actor.username", default="", allow_null=True)
    registration = serializers.IntegerField(source="registration_pk", allow_null=True)

    class Meta:
        model = Change
        fields = ("id", "at", "actor", "way", "action", "kind", "name", "registration", "before", "after")
        read_only_fields = fields


class Changes(ApiView):
    """Everything that was done to what belongs to the organization, in the API and in the admin."""

    @describe(
        parameters=[
            pages.LIMIT,
            pages.AFTER,
            REGISTRATION,
            OpenApiParameter("kind", str, description="Only of this kind: registration, deployment, gate, ..."),
        ],
        responses=pages.parts_of(ChangeFields),
    )
    def get(self, request: Any, org: str) -> Response:
        """List changes, the newest first."""
        rows = Change.objects.filter(where_of(org)).select_related("actor")
        if (pk := pages.number(request, "registration", -1)) >= 0:
            rows = rows.filter(registration_pk=pk)
        if kind := request.query_params.get("kind"):
            rows = rows.filter(kind=kind) if keeps(kind) else rows.none()
        return pages.part(request, rows, lambda row: dict(ChangeFields(row).data), newest_first=True)

"""Deployments of an organization's registrations: those that wait, are approved, or are switched off."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.audit.note import note_difference
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.errors import ApiFull, ApiRequestInvalid
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding import changes
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.rest_api.v1 import etags, found, pages, registering
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.rest_api.v1.registrations import IF_MATCH

MAX_DEPLOYMENTS = 10_000  # of a registration; those that wait are bounded by themselves
DECIDED = (Deployment.Status.APPROVED, Deployment.Status.DISABLED)
Status = Deployment.Status


class DeploymentFields(serializers.ModelSerializer):
    """One installation of us in a platform."""

    class Meta:
        model = Deployment
        fields = ("id", "deployment_id", "status", "created_at")
        read_only_fields = ("id", "created_at")
        validators: ClassVar[list[Any]] = []
        extra_kwargs: ClassVar[dict[str, Any]] = {"deployment_id": {"trim_whitespace": False}}


class DecisionFields(serializers.Serializer):
    """What becomes of a deployment: `approved`, or `disabled`."""

    status = serializers.ChoiceField(choices=[(one.value, one.label) for one in DECIDED])


class NewDeploymentFields(DecisionFields):
    """A deployment whose ID is known before anybody launches from it."""

    deployment_id = serializers.CharField(max_length=255, trim_whitespace=False)
    status = serializers.ChoiceField(choices=[(one.value, one.label) for one in DECIDED], default=Status.APPROVED.value)


class Deployments(ApiView):
    """The deployments of a registration."""

    @describe(
        parameters=[
            pages.LIMIT,
            pages.AFTER,
            OpenApiParameter("status", str, enum=Status.values, description="Only those in this state."),
        ],
        responses=pages.parts_of(DeploymentFields),
    )
    def get(self, request: Any, org: str, registration: int) -> Response:
        """List a registration's deployments, the oldest first. `pending`: people tried to launch from there, and wait
        for somebody to approve it."""
        rows = Deployment.objects.filter(registration=found.registration(org, registration))
        if (status := request.query_params.get("status")) is not None:
            if status not in Status.values:
                raise ApiRequestInvalid({"status": [f"One of {', '.join(Status.values)}."]})
            rows = rows.filter(status=status)
        return pages.part(request, rows, _shown)

    @describe(request=NewDeploymentFields, responses={200: DeploymentFields, 201: DeploymentFields})
    def post(self, request: Any, org: str, registration: int) -> Response:
        """Add a deployment, approved unless the request says something else. One that exists already gets this
        status."""
        with transaction.atomic():
            of = found.locked(org, registration)
            values = _valid(NewDeploymentFields(data=request.data))
            row = Deployment.objects.filter(registration=of, deployment_digest=digest(values["deployment_id"])).first()
            if row is not None:
                return _decide(self, request, of, row, values["status"])
            if Deployment.objects.filter(registration=of).count() >= MAX_DEPLOYMENTS:
                raise ApiFull(f"{MAX_DEPLOYMENTS} deployments")
            registering.check(Deployment(registration=of, deployment_digest="-", **values))
            asked = values.pop("deployment_id")
            row, is_new = Deployment.objects.get_or_create(  # a launch may bring the same one in this very moment
                registration=of, deployment_digest=digest(asked), defaults={"deployment_id": asked, **values}
            )
            if not is_new:
                return _decide(self, request, of, row, values["status"])
            thing, state = changes.of_deployment(row)
            note_difference(self.author, thing, None, state)
            return etags.answer(request, _shown(row), 201)


class OneDeployment(ApiView):
    """One deployment."""

    @describe(responses=DeploymentFields)
    def get(self, request: Any, org: str, registration: int, deployment: int) -> Response:
        """Return a deployment."""
        return etags.answer(request, _shown(_one(found.registration(org, registration), deployment)))

    @describe(parameters=[IF_MATCH], request=DecisionFields, responses=DeploymentFields)
    def patch(self, request: Any, org: str, registration: int, deployment: int) -> Response:
        """Approve a deployment, or switch it off: nobody launches from there any more, open sessions end, scores
        wait."""
        with transaction.atomic():
            of = found.locked(org, registration)
            row = _one(of, deployment)
            etags.require(request, etags.of(_shown(row)))
            return _decide(self, request, of, row, _valid(DecisionFields(data=request.data))["status"])


def _one(of: Registration, pk: int) -> Deployment:
    row: Deployment = found.one(Deployment.objects.filter(registration=of), pk)
    return row


def _shown(row: Deployment) -> dict[str, Any]:
    return dict(DeploymentFields(row).data)


def _valid(fields: Any) -> dict[str, Any]:
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


def _decide(view: ApiView, request: Any, of: Registration, row: Deployment, status: str) -> Response:
    row.registration = of
    thing, before = changes.of_deployment(row)
    row.status = status
    _, after = changes.of_deployment(row)
    if before != after:
        row.save()
        note_difference(view.author, thing, before, after)
        taking_back.ask(of)
    return etags.answer(request, _shown(row))

"""An organization's registrations."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from lti_1p3_provider.errors import ApiConflict, ApiNotFound, ApiRequestInvalid
from lti_1p3_provider.organizations import in_addresses
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1 import etags, found, pages, registering
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.rest_api.v1.registration_fields import (
    NAMED,
    ChangedRegistrationFields,
    RegistrationFields,
    read,
    shown,
)

DETAIL = "lti_1p3_provider:api_registration"
ISSUER = OpenApiParameter("issuer", str, required=True, description="The platform's issuer, exactly.")
CLIENT_ID = OpenApiParameter("client_id", str, required=True, description="The client ID that it gave us, exactly.")
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="Only if it has this ETag.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="`*`: only if there is none."
)


class Registrations(ApiView):
    """All of them."""

    @describe(
        parameters=[pages.LIMIT, pages.AFTER, OpenApiParameter("enabled", bool, description="Only those on, or off.")],
        responses=pages.parts_of(RegistrationFields),
    )
    def get(self, request: Any, org: str) -> Response:
        """List the organization's registrations, the oldest first."""
        rows = found.registrations(org)
        if (enabled := request.query_params.get("enabled")) is not None:
            if enabled not in ("true", "false"):
                raise ApiRequestInvalid({"enabled": ["true or false."]})
            rows = rows.filter(enabled=enabled == "true")
        return pages.part(request, rows, shown)

    @describe(request=RegistrationFields, responses={201: RegistrationFields})
    def post(self, request: Any, org: str) -> Response:
        """Register a platform. Its launch gate opens what is the organization's; there is no deployment yet."""
        values = read(request.data, None, whole=True, superuser=self.is_superuser)
        row = registering.fresh(org, values)
        try:
            with transaction.atomic():
                if registering.named(org, row.issuer, row.client_id) is None:
                    return _made(request, registering.make(row, self.author))
        except registering.NameTaken:
            _of_this_name(org, row.issuer, row.client_id)
        raise ApiConflict("it is registered already")


class NamedRegistration(ApiView):
    """The one of an issuer and client ID: what tools that keep things as they are written down put again and again."""

    @describe(parameters=[ISSUER, CLIENT_ID], responses=RegistrationFields)
    def get(self, request: Any, org: str) -> Response:
        """Return the registration of this issuer and client ID."""
        return etags.answer(request, shown(_of_this_name(org, *self._name(request))))

    @describe(
        parameters=[ISSUER, CLIENT_ID, IF_MATCH, IF_NONE_MATCH],
        request=ChangedRegistrationFields,
        responses={200: RegistrationFields, 201: RegistrationFields},
    )
    def put(self, request: Any, org: str) -> Response:
        """Make the registration what the request says, whether it is there already or not. The same again changes
        nothing."""
        issuer, client_id = name = self._name(request)
        given = {**dict(zip(NAMED, name, strict=True)), **request.data}
        if tuple(given[one] for one in NAMED) != name:
            raise ApiRequestInvalid({one: ["The address names another."] for one in NAMED})
        # What is wrong is said first, whoever has the name.
        registering.fresh(org, read(given, None, whole=True, superuser=True))
        try:
            with transaction.atomic():
                if registering.named(org, issuer, client_id) is None:
                    etags.require(request, None)
                    values = read(given, None, whole=True, superuser=self.is_superuser)
                    return _made(request, registering.make(registering.fresh(org, values), self.author))
        except registering.NameTaken:
            pass  # somebody put it in this moment, and this comes after
        with transaction.atomic():
            row = _of_this_name(org, issuer, client_id)
            return _changed(self, request, org, row.pk, given, whole=True)

    @describe(parameters=[ISSUER, CLIENT_ID, IF_MATCH], request=None, responses={204: None})
    def delete(self, request: Any, org: str) -> Response:
        """Delete the registration of this issuer and client ID; one with people cannot be."""
        with transaction.atomic():
            return _deleted(self, request, org, _of_this_name(org, *self._name(request)).pk)

    def _name(self, request: Any) -> tuple[str, str]:
        values = [request.query_params.get(name, "") for name in NAMED]
        if missing := [name for name, value in zip(NAMED, values, strict=True) if not value]:
            raise ApiRequestInvalid({name: ["It must be in the address."] for name in missing})
        return values[0], values[1]


class OneRegistration(ApiView):
    """One, by its number."""

    @describe(responses=RegistrationFields)
    def get(self, request: Any, org: str, registration: int) -> Response:
        """Return a registration."""
        return etags.answer(request, shown(found.registration(org, registration)))

    @describe(parameters=[IF_MATCH], request=ChangedRegistrationFields, responses=RegistrationFields)
    def put(self, request: Any, org: str, registration: int) -> Response:
        """Replace a registration; what the request does not say is as in a new one."""
        with transaction.atomic():
            return _changed(self, request, org, registration, request.data, whole=True)

    @describe(parameters=[IF_MATCH], request=ChangedRegistrationFields, responses=RegistrationFields)
    def patch(self, request: Any, org: str, registration: int) -> Response:
        """Change only what the request says."""
        with transaction.atomic():
            return _changed(self, request, org, registration, request.data, whole=False)

    @describe(parameters=[IF_MATCH], request=None, responses={204: None})
    def delete(self, request: Any, org: str, registration: int) -> Response:
        """Delete a registration; one with people cannot be."""
        with transaction.atomic():
            return _deleted(self, request, org, registration)


def _of_this_name(org: str, issuer: str, client_id: str) -> Registration:
    """Return the organization's registration.

    Raises:
        ApiNotFound: there is none, or it is another's.
    """
    row = registering.named(org, issuer, client_id)
    if row is None:
        raise ApiNotFound("no such registration")
    return row


def _made(request: Any, row: Registration) -> Response:
    response = etags.answer(request, shown(row), 201)
    response["Location"] = reverse(DETAIL, args=[in_addresses(row.org), row.pk])
    return response


def _changed(view: ApiView, request: Any, org: str, pk: int, given: Any, *, whole: bool) -> Response:
    row = found.locked(org, pk)
    etags.require(request, etags.of(shown(row)))
    registering.change(row, view.author, read(given, row, whole=whole, superuser=view.is_superuser))
    return etags.answer(request, shown(row))


def _deleted(view: ApiView, request: Any, org: str, pk: int) -> Response:
    row = found.locked(org, pk)
    etags.require(request, etags.of(shown(row)))
    registering.delete(row, view.author)
    return Response(status=204)

"""People of an organization's platforms: to find one, to hand out what is stored, and to forget them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Thing, note
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import ApiRequestInvalid
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import of_rows
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.rest_api.v1 import found, pages
from lti_1p3_provider.rest_api.v1.attempts import REGISTRATION
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.users.models import PlatformUser


class PersonFields(serializers.ModelSerializer):
    """Somebody of a platform, and their account here."""

    registration = serializers.IntegerField(source="registration_id")
    username = serializers.CharField(source="user.username")

    class Meta:
        model = PlatformUser
        fields = ("id", "registration", "sub", "username", "created_at")
        read_only_fields = fields


class ExportFields(serializers.Serializer):
    """All that is stored of people, as `lti_1p3_people export` prints it."""

    format = serializers.CharField()
    made_at = serializers.CharField()
    people = serializers.ListField(child=serializers.JSONField())


class ForgottenFields(serializers.Serializer):
    """How much was forgotten. Of accounts that are left only the tie to the platform goes."""

    people = serializers.IntegerField()
    course_roles = serializers.IntegerField()
    scores = serializers.IntegerField()
    grants = serializers.IntegerField()
    attempts = serializers.IntegerField()
    rosters = serializers.IntegerField()
    accounts_erased = serializers.IntegerField()
    accounts_left = serializers.IntegerField()


class People(ApiView):
    """Finds them."""

    @describe(
        parameters=[
            pages.LIMIT,
            pages.AFTER,
            REGISTRATION,
            OpenApiParameter("sub", str, description="The platform's own ID of the person, exactly."),
            OpenApiParameter("username", str, description="The account's name here."),
        ],
        responses=pages.parts_of(PersonFields),
    )
    def get(self, request: Any, org: str) -> Response:
        """Find people by the platform's ID, or by their account here. One of both must be said: nobody lists them
        all."""
        sub, username = (request.query_params.get(name) for name in ("sub", "username"))
        if sub is None and username is None:
            raise ApiRequestInvalid({name: ["Say one of both."] for name in ("sub", "username")})
        rows = _of(org)
        rows = found.narrowed(rows, org, request)
        if sub is not None:
            rows = rows.filter(sub_digest=digest(sub))
        if username is not None:
            rows = rows.filter(user__username=username) if keeps(username) else rows.none()
        return pages.part(request, rows, lambda row: dict(PersonFields(row).data))


class OnePerson(ApiView):
    """One of them."""

    @describe(responses=ExportFields)
    def get(self, request: Any, org: str, person: int) -> Response:
        """Return all that is stored of a person here. What the LMS stores of their work in courses is not in it."""
        return Response(export(of_rows([found.one(_of(org), person)])))

    @describe(request=None, responses=ForgottenFields)
    def delete(self, request: Any, org: str, person: int) -> Response:
        """Forget a person; it cannot be undone. An account that only launches from this platform used is emptied and
        switched off."""
        with transaction.atomic():
            row = found.one(_of(org), person)
            done = asdict(forget(of_rows([row])))
            of = row.registration
            note(self.author, Change.Action.FORGOTTEN, Thing("people", of.title, of.org, of.pk), {}, done)
        return Response(done)


def _of(org: str) -> QuerySet[PlatformUser]:
    rows = PlatformUser.objects.filter(registration__in=found.registrations(org).values("pk"))
    return rows.select_related("registration", "user")

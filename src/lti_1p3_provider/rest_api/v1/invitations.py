"""Invitations: an organization lets a platform register itself, once, with what this says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.audit.note import note_difference
from lti_1p3_provider.errors import ApiConflict, ApiRequestInvalid
from lti_1p3_provider.onboarding import changes, invitations
from lti_1p3_provider.onboarding.invitations import Offer
from lti_1p3_provider.onboarding.models import GATE, OPTIONS, PROOF, Invitation
from lti_1p3_provider.organizations import where_of
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1 import found, pages
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.rest_api.v1.gates import GateFields, require_own
from lti_1p3_provider.rest_api.v1.registration_fields import require_narrow


class NewInvitationFields(GateFields, serializers.ModelSerializer):
    """The registration to be: its name, its launch gate, its options. A gate that names nothing opens what is the
    organization's. One of the site's own without a gate opens everything; a gate that is said must name something.
    Options that are not said are as in a new registration."""

    name = serializers.CharField(max_length=255, help_text="What its people call the platform.")
    host = serializers.CharField(
        max_length=255, required=False, allow_blank=True, help_text="The only host that may use it; empty: any."
    )
    days = serializers.IntegerField(min_value=1, max_value=invitations.MAX_DAYS, default=invitations.LIFE.days)
    legacy_until = serializers.DateField(
        default=None,
        allow_null=True,
        help_text="Moodle proves its key of LTI 1.1; its people keep their accounts until then.",
    )
    legacy_consumer_key = serializers.CharField(max_length=255, default="", allow_blank=True, trim_whitespace=False)

    class Meta:
        model = Registration
        fields = ("name", "host", "days", *GATE, *OPTIONS, *PROOF)


SHOWN: tuple[str, ...] = (
    *("id", "name", "host", "allowed_orgs", "allowed_courses", "allowed_keys", "block_filter", *OPTIONS, *PROOF),
    *("status", "created_at", "expires_at", "sent_at", "sent_to", "outcome", "support_code", "registration"),
)


class InvitationFields(serializers.ModelSerializer):
    """An invitation, and what became of it. `outcome` is the code of the error that ended it."""

    status = serializers.ChoiceField(choices=Invitation.Status.choices, read_only=True)
    registration = serializers.IntegerField(source="registration_id", allow_null=True)
    instructor_role = serializers.CharField(read_only=True)  # may be empty: a choice that is only read may not, it says
    assistant_role = serializers.CharField(read_only=True)
    designer_role = serializers.CharField(read_only=True)

    class Meta:
        model = Invitation
        fields: tuple[str, ...] = SHOWN
        read_only_fields: tuple[str, ...] = SHOWN


class MadeInvitationFields(InvitationFields):
    """A new invitation with its address, which nobody can see again. Whoever has it may register one platform."""

    url = serializers.CharField()

    class Meta(InvitationFields.Meta):
        fields = (*SHOWN, "url")
        read_only_fields = fields


class Invitations(ApiView):
    """The organization's."""

    @describe(parameters=[pages.LIMIT, pages.AFTER], responses=pages.parts_of(InvitationFields))
    def get(self, request: Any, org: str) -> Response:
        """List the organization's invitations, the newest first. Their addresses are not in it."""
        return pages.part(request, _of(org), _shown, newest_first=True)

    @describe(request=NewInvitationFields, responses={201: MadeInvitationFields})
    def post(self, request: Any, org: str) -> Response:
        """Make an invitation. The answer holds its address, once: the platform's administrator enters it there."""
        fields = NewInvitationFields(data=request.data)
        fields.is_valid(raise_exception=True)
        values = dict(fields.validated_data)
        require_narrow(values, None, superuser=self.is_superuser)
        life = timedelta(days=values.pop("days"))
        offer = _offer(values, org, request.data)
        require_own({name: getattr(offer, name) for name in GATE}, org)
        try:
            with transaction.atomic():
                row, url = invitations.invite(offer, life)
                thing, state = changes.of_invitation(row)
                note_difference(self.author, thing, None, state)
        except ValidationError as error:
            raise ApiRequestInvalid(error.message_dict) from error
        return Response({**_shown(row), "url": url}, 201)


class OneInvitation(ApiView):
    """One of them."""

    @describe(responses=InvitationFields)
    def get(self, request: Any, org: str, invitation: int) -> Response:
        """Return an invitation, without its address."""
        return Response(_shown(found.one(_of(org), invitation)))

    @describe(request=None, responses=InvitationFields)
    def delete(self, request: Any, org: str, invitation: int) -> Response:
        """Revoke an invitation that nobody used; what was there stays in the list."""
        with transaction.atomic():
            row = found.one(_of(org), invitation)
            thing, before = changes.of_invitation(row)
            if not invitations.revoke(_of(org).filter(pk=row.pk)):
                raise ApiConflict("it was used or revoked already")
            row.refresh_from_db()
            note_difference(self.author, thing, before, changes.of_invitation(row)[1])
        return Response(_shown(row))


def _of(org: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(where_of(org))


def _offer(values: Mapping[str, Any], org: str, said: Mapping[str, Any]) -> Offer:
    """Return what is offered. An organization's invitation always has a gate; one of the site's has none if nobody
    names one.

    Raises:
        ApiRequestInvalid: the site's names a gate that opens nothing, or may have lost what it was to open.
    """
    lists = {name: tuple(values[name]) for name in GATE if name != "block_filter"}
    if org and not any(lists.values()):
        lists["allowed_orgs"] = (org,)
    if not org and not any(lists.values()) and any(name in said for name in GATE):
        raise ApiRequestInvalid(
            {"allowed_courses": ["Name what it may open. Leave all of the gate out for everything."]}
        )
    return Offer(**{**values, **lists, "org": org})


def _shown(row: Invitation) -> dict[str, Any]:
    return dict(InvitationFields(row).data)

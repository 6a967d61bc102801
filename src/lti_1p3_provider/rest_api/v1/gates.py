"""The launch gate of a registration: what of the organization's own courses it opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.db import transaction
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.audit.note import note_difference
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.errors import ApiNotFound, ApiRequestInvalid
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import changes
from lti_1p3_provider.onboarding.models import GATE
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1 import etags, found, registering
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView
from lti_1p3_provider.rest_api.v1.registrations import IF_MATCH

MAX_NAMES = 1000  # in a list


class FilterFields(serializers.Serializer):
    """Which types of blocks open: the course's list decides, else the organization's, else the one for all."""

    courses = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)
    orgs = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)
    all = serializers.ListField(child=serializers.CharField(), required=False)


class GateFields(serializers.Serializer):
    """Opens what one of its lists names; empty, it opens nothing."""

    allowed_orgs = serializers.ListField(
        child=serializers.CharField(),
        max_length=MAX_NAMES,
        default=list,
        help_text="The organization itself, or nothing.",
    )
    allowed_courses = serializers.ListField(
        child=serializers.CharField(), max_length=MAX_NAMES, default=list, help_text="Keys of its courses."
    )
    allowed_keys = serializers.ListField(
        child=serializers.CharField(), max_length=MAX_NAMES, default=list, help_text="Usage keys of blocks in them."
    )
    block_filter = FilterFields(default=dict)


class Gate(ApiView):
    """What launches of a registration may open."""

    @describe(responses=GateFields)
    def get(self, request: Any, org: str, registration: int) -> Response:
        """Return a registration's launch gate. Without one it opens what is the organization's, unless the site
        requires gates; that is said as 404."""
        return etags.answer(request, _state(_existing(found.registration(org, registration))))

    @describe(parameters=[IF_MATCH], request=GateFields, responses=GateFields)
    def put(self, request: Any, org: str, registration: int) -> Response:
        """Replace the launch gate. It can name only what is the organization's own."""
        with transaction.atomic():
            of = found.locked(org, registration)
            gate = LaunchGate.objects.filter(registration=of).first()
            before = None if gate is None else _state(gate)
            etags.require(request, None if before is None else etags.of(before))
            fields = GateFields(data=request.data)
            fields.is_valid(raise_exception=True)
            gate = gate or LaunchGate()
            gate.registration = of
            _replace(gate, fields.validated_data, org)
            thing, after = changes.of_gate(gate)
            if before != after:
                gate.save()
                note_difference(self.author, thing, before, after)
                taking_back.ask(of)
            return etags.answer(request, after)


def _state(gate: LaunchGate) -> dict[str, Any]:
    """Return a gate as answers show it. The audit trail shows it in the same way."""
    return changes.of_gate(gate)[1]


def require_own(lists: Mapping[str, list[str]], org: str) -> None:
    """Return if a gate's lists name nothing but the organization and what belongs to it. A gate of the site's may name
    anything.

    Raises:
        ApiRequestInvalid: each of the others is named.
    """
    if not org:
        return
    wrong = {name: [*_foreign(name, values, org)] for name, values in lists.items() if name.startswith("allowed_")}
    said = {
        name: [f"Not of this organization: {one}." for one in foreign] for name, foreign in wrong.items() if foreign
    }
    if said:
        raise ApiRequestInvalid(said)


def _replace(gate: LaunchGate, values: Mapping[str, Any], org: str) -> None:
    for name in GATE:
        setattr(gate, name, values[name])
    registering.check(gate)
    require_own(values, org)


def _existing(of: Registration) -> LaunchGate:
    gate = LaunchGate.objects.filter(registration=of).first()
    if gate is None:
        raise ApiNotFound("it has no gate")
    gate.registration = of
    return gate


def _foreign(name: str, values: list[str], org: str) -> Iterator[str]:
    for text in values:
        if (text if name == "allowed_orgs" else _org_of(text)) != org:
            yield text


def _org_of(text: str) -> str | None:
    """Return the organization of a course's or block's key."""
    with suppress(InvalidKeyError):
        return getattr(UsageKey.from_string(text).context_key, "org", None)
    with suppress(InvalidKeyError):
        return getattr(CourseKey.from_string(text), "org", None)
    return None

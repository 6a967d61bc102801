"""What an organization gives to its platforms: this site's addresses, and the public part of its keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.conf import conf
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey
from lti_1p3_provider.rest_api.v1 import found
from lti_1p3_provider.rest_api.v1.described import describe
from lti_1p3_provider.rest_api.v1.door import ApiView


class KeyFields(serializers.ModelSerializer):
    """A key of ours that platforms may see."""

    status = serializers.ChoiceField(choices=ToolKey.Status.choices, read_only=True)
    public_jwk = serializers.JSONField(help_text="As in the key set (RFC 7517).")

    class Meta:
        model = ToolKey
        fields = ("kid", "status", "created_at", "published_until", "public_jwk")
        read_only_fields = fields


class KeyListFields(serializers.Serializer):
    """All of them, the newest first: those that retired are left out."""

    results = KeyFields(many=True)


class ToolFields(serializers.Serializer):
    """This site's addresses, as a platform must know them. `target_link_uri` is a pattern: one for each block."""

    login_url = serializers.CharField()
    redirect_uri = serializers.CharField()
    jwks_url = serializers.CharField()
    target_link_uri = serializers.CharField()
    deep_linking_url = serializers.CharField()
    deep_linking_message = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())


class Keys(ApiView):
    """The site's keys, and those of the organization's own registrations."""

    @describe(responses=KeyListFields)
    def get(self, request: Any, org: str) -> Response:
        """List the public keys that platforms get from the key set's address."""
        rows = keys.published_keys().filter(Q(registration=None) | Q(registration__in=found.registrations(org)))
        return Response({"results": KeyFields(rows, many=True).data})


class ToolAddresses(ApiView):
    """What to enter on a platform."""

    @describe(responses=ToolFields)
    def get(self, request: Any, org: str) -> Response:
        """Return this site's addresses."""
        return Response(ToolFields(asdict(guide(conf.public_url))).data)

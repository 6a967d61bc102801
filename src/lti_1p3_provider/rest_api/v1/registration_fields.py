"""A registration as the API shows it, and what may be written of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from rest_framework import serializers

from lti_1p3_provider.errors import ApiRequestInvalid
from lti_1p3_provider.onboarding.register import bare_host, filled_in
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, ROLE_FIELDS, Registration

NAMED = ("issuer", "client_id")
ADDRESSES = ("auth_login_url", "auth_token_url", "auth_audience", "key_set_url")
OPTIONS = (
    *("key_set", "other_origins", "enabled", "allow_anonymous", "trust_emails", "enrolment_mode"),
    *ACCOUNT_FIELDS,
    *ROLE_FIELDS,
    *LEGACY_FIELDS,
    *("ahead_way", "subsection_columns", "confine_sessions", "deployment_id_in_assertion"),
)
# What lets a platform's people out of their organization, as far as it is not as in a new registration: into others'
# courses, into accounts, or into other people's work: whoever acts for an organization may be staff of no course of it.
WIDE = ("trust_emails", "confine_sessions", *ACCOUNT_FIELDS, *ROLE_FIELDS, *LEGACY_FIELDS)
BOUNDS = ("legacy_consumer_key", "legacy_until")  # of these, too: without them more people are recognized, not fewer
EXACT = {"trim_whitespace": False}  # compared byte by byte; ``clean`` names what is wrong


class RegistrationFields(serializers.ModelSerializer):
    """A platform's registration. Addresses that are left empty are filled in from `platform` and `platform_host`, as
    far as these are known."""

    platform = serializers.ChoiceField(choices=list(PRESETS), default="generic")
    platform_host = serializers.CharField(
        write_only=True, required=False, allow_blank=True, help_text="Fills in addresses; like moodle.school.edu."
    )

    class Meta:
        model = Registration
        fields = (
            *("id", "org", "title", "platform", "platform_host", *NAMED, *ADDRESSES, *OPTIONS),
            *("created_at", "updated_at"),
        )
        read_only_fields = ("id", "org", "created_at", "updated_at")
        # Whether a name is free is for ``registering`` to say: a validator here would tell of other organizations.
        validators: ClassVar[list[Any]] = []
        extra_kwargs: ClassVar[dict[str, Any]] = {
            **dict.fromkeys((*NAMED, "legacy_consumer_key"), EXACT),
            **{name: {"required": False, "allow_blank": True} for name in ADDRESSES},
        }


class ChangedRegistrationFields(RegistrationFields):
    """What of a registration may be changed. Its issuer and client ID stay: others make another registration."""

    class Meta(RegistrationFields.Meta):
        extra_kwargs: ClassVar[dict[str, Any]] = {
            **RegistrationFields.Meta.extra_kwargs,
            **{name: {**EXACT, "required": False} for name in NAMED},
        }


def shown(row: Registration) -> dict[str, Any]:
    """Return a registration as answers show it."""
    return dict(RegistrationFields(row).data)


def read(given: Any, row: Registration | None, *, whole: bool, superuser: bool) -> dict[str, Any]:
    """Return what a request says of a registration, ready to be stored. ``whole``: what it leaves out gets the default
    of a new registration; otherwise it stays as it is.

    Raises:
        ApiRequestInvalid
    """
    kind = RegistrationFields if row is None else ChangedRegistrationFields
    fields = kind(row, data=given, partial=not whole)
    fields.is_valid(raise_exception=True)
    values = dict(fields.validated_data)
    _require_same_name(values, row)
    require_narrow(values, row, superuser)
    host = values.pop("platform_host", "")
    if whole:
        values = {**_defaults(None if superuser else row), **values}
    return {**values, **_filled(values, row, host)}


def _defaults(row: Registration | None) -> dict[str, Any]:
    """Return the defaults of a new registration. For options that its organization may not widen, return the present
    values."""
    fresh = Registration()
    return {
        name: getattr(row if row is not None and name in WIDE else fresh, name)
        for name in ("platform", *ADDRESSES, *OPTIONS)
    }


def _filled(values: Mapping[str, Any], row: Registration | None, host: str) -> dict[str, str]:
    stored = {} if row is None else {name: getattr(row, name) for name in (*NAMED, *ADDRESSES, "key_set", "platform")}
    known = {**stored, **values}
    try:
        filled = filled_in(known, known["platform"], bare_host(host))
    except ValidationError as error:
        raise ApiRequestInvalid({name: list(map(str, texts)) for name, texts in error.message_dict.items()}) from error
    return {name: value for name, value in filled.items() if value or name in values}


def _require_same_name(values: Mapping[str, Any], row: Registration | None) -> None:
    if row is None:
        return
    if changed := [name for name in NAMED if values.get(name, getattr(row, name)) != getattr(row, name)]:
        raise ApiRequestInvalid({name: ["It stays as it is: make another registration."] for name in changed})


def require_narrow(values: Mapping[str, Any], row: Registration | None, superuser: bool) -> None:
    """Let only superusers set options that reach beyond the organization. What they set may stay."""
    fresh = Registration()
    had = fresh if row is None else row
    narrow = {
        name: {getattr(had, name)} if name in BOUNDS else {getattr(fresh, name), getattr(had, name)} for name in WIDE
    }
    wider = [name for name in WIDE if name in values and values[name] not in narrow[name]]
    if wider and not superuser:
        raise ApiRequestInvalid({name: ["Only the site's own administrators can set this."] for name in wider})

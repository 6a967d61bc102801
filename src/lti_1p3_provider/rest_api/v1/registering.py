"""Makes, changes and deletes an organization's registrations, each with a note in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from lti_1p3_provider.audit.note import Author, note_difference
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.errors import ApiConflict, ApiFull, ApiNotFound, ApiRequestInvalid
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import changes
from lti_1p3_provider.onboarding.whose import foreign
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1 import found
from lti_1p3_provider.rest_api.v1.registration_fields import WIDE
from lti_1p3_provider.users.models import PlatformUser

MAX_REGISTRATIONS = 1000  # of an organization
VOICE = ("key_set_url", "key_set")  # who speaks for the platform
REACH = ("platform", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url", "other_origins")


class NameTaken(Exception):
    """The issuer and client ID of a registration to be are taken, although no such registration was found."""


def named(org: str, issuer: str, client_id: str) -> Registration | None:
    """Return the organization's registration of this issuer and client ID, None if there is none.

    Raises:
        ApiNotFound: it is another's. That it is taken, a login says to anybody; whose it is, nothing says.
    """
    row = find.exact(issuer, client_id)
    if row is not None and row.org != org:
        raise ApiNotFound("the name is another's")
    return row


def fresh(org: str, values: Mapping[str, Any]) -> Registration:
    """Return a registration that is still to be made.

    Raises:
        ApiRequestInvalid
    """
    row = Registration(org=org, **values)
    check(row)
    return row


def make(row: Registration, author: Author) -> Registration:
    """Make a fresh registration, with a gate that opens what belongs to its organization; in a transaction. One of the
    site's own has no gate, as if it were made by hand.

    Raises:
        ApiFull
        ApiRequestInvalid, ApiNotFound: it would get another platform's access tokens.
        NameTaken: somebody made one of this name in this moment, or one that the database takes for the same. Which of
            both, the next transaction sees.
    """
    org = row.org
    _require_own(row, author)
    if org and found.registrations(org).count() >= MAX_REGISTRATIONS:
        raise ApiFull(f"{MAX_REGISTRATIONS} registrations")
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            if org:
                LaunchGate.objects.create(registration=row, allowed_orgs=[org])
    except IntegrityError as error:
        raise NameTaken from error
    changes.note_all(author, {}, changes.known(row.pk))
    return row


def change(row: Registration, author: Author, values: Mapping[str, Any]) -> None:
    """Change a locked registration.

    Raises:
        ApiRequestInvalid
    """
    thing, before = changes.of_registration(row)
    for name, value in values.items():
        setattr(row, name, value)
    check(row)
    if any(before[name] != getattr(row, name) for name in REACH):  # what an operator entered stays, as long as it does
        _require_own(row, author)
    if any(before[name] != getattr(row, name) for name in VOICE):
        _require_voice(row, author, before)
    thing, after = changes.of_registration(row)
    if before != after:  # a write without a change leaves the row's moment, and so its tag, as it is
        row.save()
        note_difference(author, thing, before, after)
        taking_back.ask(row)


def delete(row: Registration, author: Author) -> None:
    """Delete a locked registration, with everything that belongs to it.

    Raises:
        ApiConflict: accounts hang on it.
    """
    if PlatformUser.objects.filter(registration=row).exists():
        raise ApiConflict("people launched from it: switch it off instead")
    changes.note_all(author, changes.known(row.pk), {})
    row.delete()


def _require_own(row: Registration, author: Author) -> None:
    """Return if the registration gets nobody else's access tokens, or a superuser makes it. The error does not say
    whose client ID it is."""
    field = "" if getattr(author.user, "is_superuser", False) else foreign(row)
    if field == "client_id":
        raise ApiNotFound("the client ID is another's")
    if field:
        raise ApiRequestInvalid({field: ["It is not on the host of auth_token_url: ask this site's operator."]})


def _require_voice(row: Registration, author: Author, before: Mapping[str, Any]) -> None:
    """Return if the new keys let nobody reach people outside the organization, or a superuser sets them. Launches
    signed with these keys are believed for accounts that people already have."""
    if getattr(author.user, "is_superuser", False):
        return
    new = Registration()
    is_wide = any(before[name] not in (getattr(new, name), None) for name in WIDE)
    if is_wide or PlatformUser.objects.filter(registration=row, linked=True).exists():
        said = ["People of this platform have accounts beyond your organization: ask this site's operator."]
        raise ApiRequestInvalid(dict.fromkeys(VOICE, said))


def check(row: Model) -> None:
    """Return if a row's values are right. Whether another row has the same is not checked.

    Raises:
        ApiRequestInvalid
    """
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise ApiRequestInvalid(error.message_dict) from error

"""Finds what belongs to an organization. What belongs to others is not found, as if it did not exist."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from lti_1p3_provider.errors import ApiNotFound
from lti_1p3_provider.organizations import where_of
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1.pages import MAX_PK, number


def registrations(org: str) -> QuerySet[Registration]:
    """Return an organization's registrations."""
    return Registration.objects.filter(where_of(org))


def registration(org: str, pk: int) -> Registration:
    """Return one of them.

    Raises:
        ApiNotFound
    """
    row: Registration = one(registrations(org), pk)
    return row


def narrowed(rows: QuerySet[Any], org: str, request: Any) -> QuerySet[Any]:
    """Return the rows of the registration that a request names; all rows if it names none.

    Raises:
        ApiRequestInvalid, ApiNotFound
    """
    pk = number(request, "registration", -1)
    return rows if pk < 0 else rows.filter(registration=registration(org, pk))


def locked(org: str, pk: int) -> Registration:
    """Return a registration that nobody else changes before the running transaction ends.

    The lock is a write that changes nothing, so it works on databases without row locks, too.

    Raises:
        ApiNotFound
    """
    if pk <= MAX_PK:
        registrations(org).filter(pk=pk).update(updated_at=F("updated_at"))
    return registration(org, pk)


def one(rows: QuerySet[Any], pk: int) -> Any:
    """Return the row with this primary key.

    Raises:
        ApiNotFound
    """
    row = rows.filter(pk=pk).first() if pk <= MAX_PK else None
    if row is None:
        raise ApiNotFound("not theirs, or no such thing")
    return row

"""Lists in parts: each part begins after a row, and neither counts nor reads the whole list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from lti_1p3_provider.errors import ApiRequestInvalid

USUAL, MOST = 50, 100  # rows in a part
MAX_PK = 2**63 - 1
LIMIT = OpenApiParameter("limit", int, description=f"Rows in a part: 1 to {MOST}; {USUAL} if it is not said.")
AFTER = OpenApiParameter("after", int, description="What `next` of the part before said.")


def parts_of(fields: type[serializers.BaseSerializer]) -> Any:
    """Return the description of a part of a list, for the API's document."""
    name = fields.__name__.removesuffix("Fields")
    inside = {"results": fields(many=True), "next": serializers.IntegerField(allow_null=True)}
    return inline_serializer(f"{name}List", inside)


def part(request: Any, rows: QuerySet[Any], said: Callable[[Any], Any], newest_first: bool = False) -> Response:
    """Return the part of ``rows`` that the request's ``limit`` and ``after`` ask for, in the order of their primary
    keys; ``next`` asks for the next one, None after the last.

    Raises:
        ApiRequestInvalid
    """
    limit = number(request, "limit", USUAL)
    if not 1 <= limit <= MOST:
        raise ApiRequestInvalid({"limit": [f"A number from 1 to {MOST}."]})
    if after := number(request, "after", 0):
        rows = rows.filter(pk__lt=after) if newest_first else rows.filter(pk__gt=after)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    more = found[limit - 1].pk if len(found) > limit else None
    return Response({"results": [said(row) for row in found[:limit]], "next": more})


def number(request: Any, name: str, default: int) -> int:
    """Return a parameter that is a whole number.

    Raises:
        ApiRequestInvalid
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_PK):
        raise ApiRequestInvalid({name: ["A whole number."]})
    return int(text)

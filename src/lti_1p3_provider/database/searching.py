"""Lets the admin search for characters that the database cannot store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, QueryDict

from lti_1p3_provider.database.storable import reduce

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Base
else:
    Base = object


class StorableSearch(Base):  # type: ignore[type-arg]
    """Part of a ``ModelAdmin``. Search words and filters are reduced in the same way as stored text was. So an emoji
    causes no database error, and a title that lost its emoji is found under the title that the platform shows."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        request.GET = reduced(request.GET)  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)


def reduced(given: QueryDict) -> QueryDict:
    """Return the parameters with their texts as the database stores them."""
    kept = QueryDict(mutable=True)
    for name, values in given.lists():
        kept.setlist(reduce(name), [reduce(value) for value in values])
    return kept

"""Notes in the trail what an administrator did to keys: their states, by name and owner."""

from __future__ import annotations

from django.http import HttpRequest

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note_difference
from lti_1p3_provider.registrations.models import ToolKey

States = dict[int, tuple[Thing, dict[str, str]]]


def known() -> States:
    """Return the states of all keys."""
    rows = ToolKey.objects.select_related("registration").defer("private_key", "public_jwk")
    return {row.pk: (_thing(row), {"status": str(row.status)}) for row in rows}


def note(request: HttpRequest, before: States) -> None:
    """Write down what is not as it was ``before``."""
    author = Author(request.user, Change.Way.ADMIN)
    for pk, (thing, state) in known().items():
        note_difference(author, thing, before[pk][1] if pk in before else None, state)


def _thing(row: ToolKey) -> Thing:
    owner = row.registration
    return Thing("key", row.kid, owner.org if owner else "", owner.pk if owner else None)

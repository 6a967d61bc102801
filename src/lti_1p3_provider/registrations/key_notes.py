"""Notes in the audit trail what somebody did to keys: their states, by name and owner."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db.models import Q

from lti_1p3_provider.audit.note import Author, Thing, note_difference
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.registrations.models import Registration, ToolKey

Owners = Collection[Registration | None]  # None: the site
States = dict[int, tuple[Thing, dict[str, str]]]


def known(owners: Owners) -> States:
    """Return the states of the keys of some owners. Their copies, which may get the same keys, are included."""
    pks = [owner.pk for owner in owners if owner is not None]
    wanted = Q(registration__in=pks) | Q(registration__production__in=pks)
    if None in owners:
        wanted |= Q(registration=None)
    rows = ToolKey.objects.filter(wanted).select_related("registration").defer("private_key", "public_jwk")
    return {row.pk: (_thing(row), {"status": str(row.status)}) for row in rows}


def note(author: Author, before: States, owners: Owners) -> None:
    """Write down what is not as it was ``before``."""
    for pk, (thing, state) in known(owners).items():
        note_difference(author, thing, before[pk][1] if pk in before else None, state)


@contextmanager
def noted(author: Author, owners: Owners) -> Iterator[None]:
    """Inside, keys are changed; afterwards the differences are noted. This holds also if an error of ours leaves a key
    behind, such as one that was sent to a platform whose answer is lost."""
    before = known(owners)
    try:
        yield
    except LtiError:
        note(author, before, owners)
        raise
    note(author, before, owners)


def _thing(row: ToolKey) -> Thing:
    owner = row.registration
    return Thing("key", row.kid, owner.org if owner else "", owner.pk if owner else None)

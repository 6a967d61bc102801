"""Writes changes down, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from lti_1p3_provider.audit.models import NAME_LENGTH, Change

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Author:
    """Who does something, and where. ``user`` None: somebody whom this site does not know, on a platform or at a
    command line."""

    user: AbstractBaseUser | AnonymousUser | None
    way: Change.Way


COMMAND = Author(None, Change.Way.COMMAND)


@dataclass(frozen=True, slots=True)
class Thing:
    """What something is done to: ``kind`` is one word, ``name`` what people call it, ``org`` whose it is."""

    kind: str
    name: str
    org: str = ""
    registration_pk: int | None = None


def note(author: Author, action: Change.Action, thing: Thing, before: State, after: State) -> None:
    """Write down that something was done. ``before`` and ``after`` are JSON values without secrets."""
    Change.objects.create(
        actor_id=author.user.pk if author.user else None,
        way=author.way,
        action=action,
        kind=thing.kind,
        name=thing.name[:NAME_LENGTH],
        org=thing.org,
        registration_pk=thing.registration_pk,
        before=dict(before),
        after=dict(after),
    )


def note_difference(author: Author, thing: Thing, before: State | None, after: State | None) -> None:
    """Write down the difference between two states of a thing; nothing if they are equal. None: the thing does not
    exist in that state."""
    if before == after:
        return
    if before is None or after is None:
        action = Change.Action.CREATED if before is None else Change.Action.DELETED
        note(author, action, thing, before or {}, after or {})
        return
    differing = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    only = [{name: state.get(name) for name in differing} for state in (before, after)]
    note(author, Change.Action.CHANGED, thing, *only)

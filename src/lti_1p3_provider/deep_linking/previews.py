"""Shows what a block holds before it is chosen: as a learner would read it, as far as text can show it.

It is no launch. Nothing is graded or stored, nobody is signed in, and no block's own code runs: the host gives what the
author wrote, or what it knows of a video, and ``excerpts`` makes plain text of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.deep_linking import catalogue, excerpts
from lti_1p3_provider.deep_linking.entries import Chooser, Entry
from lti_1p3_provider.deep_linking.excerpts import Part
from lti_1p3_provider.deep_linking.lines import points
from lti_1p3_provider.outline.type_names import type_name

MAX_READ = 12  # blocks of a unit whose text is shown
MAX_LISTED = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in a preview. ``parts`` is empty if it cannot be shown."""

    title: str
    type: str
    points: str
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """``pieces`` come with their text if ``is_read``, otherwise with their names only. ``more``: how many were left
    out."""

    entry: Entry
    type: str
    points: str
    pieces: Sequence[Piece]
    is_read: bool
    more: int = 0


def of(who: Chooser, usage_key: str) -> Preview:
    """Return the preview of a block that is shown to the chooser.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed
    """
    entry, inside = catalogue.contents(who, usage_key)
    is_read = entry.block_type not in ("course", "chapter", "sequential")
    most = MAX_READ if is_read else MAX_LISTED
    shown = (inside or [entry])[:most] if is_read else inside[:most]
    read = _read(entry.course_key, [one.usage_key for one in shown]) if is_read else {}
    pieces = [
        Piece(
            one.title,
            type_name(one.block_type),
            points(one.points),
            read.get(one.usage_key, ()),
        )
        for one in shown
    ]
    left = max(0, len(inside) - most)
    return Preview(entry, type_name(entry.block_type), points(entry.points), pieces, is_read, left)


def _read(course_key: str, usage_keys: Sequence[str]) -> dict[str, tuple[Part, ...]]:
    keys = [UsageKey.from_string(one) for one in usage_keys]
    found = host.current().content.sources(CourseKey.from_string(course_key), keys)
    return {
        str(key): excerpts.film(one.video) if one.video else excerpts.parts(one.markup) for key, one in found.items()
    }

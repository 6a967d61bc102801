"""The part of a course from which a learner's grades are computed.

The LMS keeps the structure of a course as a whole, and unpickles all of it for each learner: a quarter of a second for
2,100 blocks. What is graded together is usually one subsection. So that part is cut out once, and each learner gets a
copy of it.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.openedx.courses import OpenEdxCourses

KEPT = 20.0  # seconds: a batch of scores; the LMS itself is as far behind what was just published
MAX_PARTS = 50

_parts: dict[tuple[str | None, UsageKey], tuple[float, Any]] = {}  # by version, and the key of their first block


def part(course_key: CourseKey, keys: Collection[UsageKey]) -> Any:
    """Return the collected structure, not adapted to any learner, from the block that is above all ``keys`` down: a
    subsection if one contains them all, else the course. None if there is no such course. It must not be changed."""
    from openedx.core.djangoapps.content.block_structure.api import get_course_in_cache
    from xmodule.modulestore.exceptions import ItemNotFoundError

    now, version = time.monotonic(), OpenEdxCourses().published_version(course_key)
    for (of, _), (at, kept) in list(_parts.items()):
        if of == version and now - at < KEPT and all(key in kept for key in keys):
            return kept
    try:
        whole = get_course_in_cache(course_key)
    except ItemNotFoundError:
        return None
    start = _subsection(whole, keys)
    if start is None:
        return whole
    cut = _cut(whole, start)
    if len(_parts) >= MAX_PARTS:
        _parts.clear()
    _parts[version, start] = now, cut
    return cut


def _subsection(structure: Any, keys: Collection[UsageKey]) -> UsageKey | None:
    """Return the one subsection that contains all of the blocks, or is the block itself; None if a block is in another
    place, too."""
    found: set[UsageKey] = set()
    for key in keys:
        level = {key}
        while level:
            found |= {one for one in level if one.block_type == "sequential"}
            above = {parent for one in level if one.block_type != "sequential" for parent in structure.get_parents(one)}
            if any(one.block_type in ("chapter", "course") for one in {*level, *above}):
                return None
            level = above
    return next(iter(found)) if len(found) == 1 else None


def _cut(structure: Any, start: UsageKey) -> Any:
    """Drop what is not below ``start``. No transformer is asked, so nothing is hidden from anybody.

    The LMS's own pruning keeps the data of blocks that it drops, and would copy it for each learner.
    """
    from openedx.core.djangoapps.content.block_structure.factory import BlockStructureFactory
    from openedx.core.djangoapps.content.block_structure.transformers import BlockStructureTransformers

    structure.set_root_block(start)
    BlockStructureTransformers([]).transform(structure)
    data = {key: block for key, block in structure.iteritems() if key in structure}
    return BlockStructureFactory.create_new(start, structure._block_relations, structure.transformer_data, data)

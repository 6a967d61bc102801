"""Blocks of which each learner gets only some of the blocks below: problem banks, randomized content, experiments.

Before it computes grades, the LMS reduces a course to what a learner has. Which releases do this for which blocks
differs (problem banks came later than legacy libraries), so the collected structure is asked, not the block's type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opaque_keys.edx.keys import UsageKey

COLLECTED = "block_analytics_summary"  # of each block that the LMS selects, or not, for a learner


def most(block: Any, children: Sequence[UsageKey], course: Any, structure: Any) -> int | None:
    """Return how many of the blocks below this one a learner gets; None for all of them.

    ``children`` are their keys; ``course`` is the course's block, ``structure`` what the LMS collected of the course.
    """
    if block.location.block_type == "split_test":
        partitions = {partition.id for partition in course.user_partitions}
        return 1 if block.user_partition_id in partitions else None
    count = getattr(block, "max_count", None)
    if not isinstance(count, int) or not 0 <= count < len(children):
        return None
    return count if any(_is_selected_from(child, structure) for child in children) else None


def _is_selected_from(child: UsageKey, structure: Any) -> bool:
    from openedx.core.djangoapps.content.block_structure.transformer_registry import TransformerRegistry

    transformers = TransformerRegistry.get_registered_transformers()
    return any(structure.get_transformer_block_field(child, one, COLLECTED) is not None for one in transformers)

"""What a block is together with everything below it: the points that learners can earn, and whether something embeds
badly."""

from __future__ import annotations

from collections.abc import Sequence

from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider.host.port import Block

WHOLE_COURSE = 100.0  # a course's score is its grade in percent
EMBED_BADLY = (
    *("discussion", "openassessment"),
    *("lti", "lti_consumer", "scorm", "google-document", "google-calendar"),  # frames of others inside the frame
)
TELL_ABOVE = frozenset(("vertical", "sequential"))  # these are shown as one page, with all that is below


class Sums:
    """Sums for all blocks of a course. Each block comes after the blocks above it.

    ``totals``: points. Blocks for staff only count nowhere. A block with points of its own, such as one that selects
    some of the blocks below it, has these points. Blocks in which nothing can be earned are left out, and so is a
    course in which nothing counts for the grade. ``warnings``: block types.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.totals: dict[UsageKey, float] = {}
        self.warnings: dict[UsageKey, str] = {}
        hidden = _hidden(blocks)
        for block in reversed([one for one in blocks if one.usage_key not in hidden]):
            self._add(block)
        counts = any(block.graded and self.totals.get(block.usage_key, 0.0) > 0 for block in blocks)
        self.totals = {
            key: WHOLE_COURSE if key.block_type == "course" else total
            for key, total in self.totals.items()
            if total > 0 and (counts or key.block_type != "course")
        }

    def _add(self, block: Block) -> None:
        """Everything below it was added before."""
        key, parent = block.usage_key, block.parent
        if block.points is not None:
            self.totals[key] = block.points
        if block.block_type in EMBED_BADLY:
            self.warnings[key] = block.block_type
        if parent is None:
            return
        if key in self.totals:
            self.totals[parent] = self.totals.get(parent, 0.0) + self.totals[key]
        if key in self.warnings and parent.block_type in TELL_ABOVE:
            self.warnings[parent] = self.warnings[key]


def _hidden(blocks: Sequence[Block]) -> set[UsageKey]:
    """Return what is for staff only, and what is below that."""
    found: set[UsageKey] = set()
    for block in blocks:
        if block.staff_only or block.parent in found:
            found.add(block.usage_key)
    return found

"""A course of a platform with its learners, and the ledger: what the LMS recorded, to compare the gradebook with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opaque_keys.edx.keys import UsageKey

from demo.lms.course import courses
from demo.platform import Link, Platform
from demo.platform.store import ScoreAttempt
from tests.connection import PROBLEM

SHOWN = 20  # differences


@dataclass
class Course:
    """One registration; ``links`` may be in several of the platform's courses. ``learners`` are accounts by ``sub``;
    ``recorded`` is the ledger: each learner's newest points on each problem, as the LMS stored them."""

    platform: Platform
    client_id: str
    registration: int
    links: list[Link] = field(default_factory=list)
    learners: dict[str, int] = field(default_factory=dict)
    recorded: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    @property
    def subs(self) -> list[str]:
        """Everybody, in the order of their enrolment."""
        return list(self.learners)

    def note(self, sub: str, earned: float, possible: float, block: str = PROBLEM) -> None:
        """Write into the ledger."""
        self.recorded[sub, block] = (earned, possible)

    def columns(self) -> dict[str, str]:
        """Return the block of each line item."""
        found = {link.id: link.target_link_uri.rpartition("/")[2] for link in self.links}
        items = {link.id: self.platform.line_item(link) for link in self.links}
        return {item.id: found[link] for link, item in items.items() if item is not None}

    def expected(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Return what the gradebook must show, by line item and learner."""
        wanted: dict[tuple[str, str], tuple[float, float]] = {}
        for item, block in self.columns().items():
            weights = _problems(block)
            for sub in {sub for sub, problem in self.recorded if problem in weights}:
                points = {problem: self.recorded.get((sub, problem), (0.0, weights[problem])) for problem in weights}
                wanted[item, sub] = tuple(map(sum, zip(*points.values(), strict=True)))  # type: ignore[assignment]
        return wanted

    def shown(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Return what the gradebook shows."""
        found = {}
        for item in self.columns():
            for sub in self.subs:
                if score := self.platform.store.newest(item, sub):
                    found[item, sub] = (float(score.body["scoreGiven"]), float(score.body["scoreMaximum"]))
        return found

    def wrong(self) -> dict[tuple[str, str], str]:
        """Say for which line items and learners ledger and gradebook differ, and how."""
        expected, shown = self.expected(), self.shown()
        return {
            key: f"{key}: the LMS has {expected.get(key)}, the platform {shown.get(key)}"
            for key in sorted({**expected, **shown})
            if expected.get(key) != shown.get(key)
        }

    def differences(self) -> list[str]:
        """Say where ledger and gradebook differ."""
        return list(self.wrong().values())[:SHOWN]

    def attempts(self) -> list[ScoreAttempt]:
        """Return what was posted for this course, oldest first."""
        items = set(self.columns())
        return [attempt for attempt in self.platform.score_attempts if attempt.line_item_id in items]

    def accepted(self) -> int:
        """Return how many scores the platform stored."""
        items = set(self.columns())
        return sum(score.line_item_id in items for score in self.platform.scores)


def out_of_order(attempts: Iterable[ScoreAttempt]) -> list[str]:
    """Return those whose timestamp is not later than that of the one before, for the same score.

    What was refused for its access token (401) is sent again as it was.
    """
    seen: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    wrong = []
    for attempt in attempts:
        if attempt.status == 401:
            continue
        stamps = seen[attempt.line_item_id, attempt.user_id]
        stamp = datetime.fromisoformat(attempt.body["timestamp"])
        if stamps and stamp <= stamps[-1]:
            wrong.append(f"{attempt.user_id}: {stamp} after {stamps[-1]}")
        stamps.append(stamp)
    return wrong


def sent_again(attempts: Sequence[ScoreAttempt]) -> list[str]:
    """Return scores that the platform had stored already with the same value."""
    last: dict[tuple[str, str], float] = {}
    again = []
    for attempt in attempts:
        key, given = (attempt.line_item_id, attempt.user_id), attempt.body["scoreGiven"]
        if attempt.status == 200 and last.get(key) == given:
            again.append(f"{key}: {given}")
        if attempt.status == 200:
            last[key] = given
    return again


def _problems(block: str) -> dict[str, float]:
    """Return the problems of a block, with their weights."""
    key = UsageKey.from_string(block)
    below = courses()[key.course_key].read_whole().below(key)
    return {str(one.key): one.weight for one in below if one.published and one.key.block_type == "problem"}

"""The course's state in memory, safe for threads: tools, people, links, line items, scores."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from demo.platform.config import Link, Person, Tool


@dataclass(frozen=True)
class LineItem:
    """A gradebook column of one tool. ``extra`` keeps fields the emulator has no use for."""

    id: str
    client_id: str
    label: str
    score_maximum: float
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    context_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """An accepted score. ``timestamp`` is the tool's, ``at`` is when it arrived."""

    line_item_id: str
    user_id: str
    timestamp: datetime
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True)
class ScoreAttempt:
    """A POST to a scores endpoint, accepted or not. ``answered`` is False if the answer was lost on purpose."""

    at: datetime
    status: int
    line_item_id: str
    user_id: str
    body: Mapping[str, Any]
    reason: str = ""
    answered: bool = True


@dataclass(frozen=True)
class Result:
    """What the gradebook shows, on the line item's scale."""

    user_id: str
    score: float
    maximum: float
    comment: str
    timestamp: datetime


class Store:
    """All of it behind one lock. Getters return None for what is not there."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._last_id = 0
        self._run = secrets.token_hex(3)
        self._tools: dict[str, Tool] = {}
        self._people: dict[str, Person] = {}
        self._links: dict[str, Link] = {}
        self._line_items: dict[str, LineItem] = {}
        self._scores: list[Score] = []
        self._newest: dict[tuple[str, str], Score] = {}
        self._attempts: list[ScoreAttempt] = []
        self._overrides: dict[tuple[str, str], float] = {}
        self._lost: dict[tuple[str, str], int] = {}

    def next_id(self, prefix: str) -> str:
        """A new identifier, unlike those of an earlier run: what a tool remembers of that must not match."""
        with self._lock:
            self._last_id += 1
            return f"{prefix}-{self._run}-{self._last_id}"

    def put_tool(self, tool: Tool) -> None:
        """Add or replace the tool of this client_id."""
        with self._lock:
            self._tools[tool.client_id] = tool

    def drop_tool(self, client_id: str) -> None:
        """Drop a tool, and its links."""
        with self._lock:
            self._tools.pop(client_id, None)
            self._links = {link.id: link for link in self.links() if link.client_id != client_id}

    def put_person(self, person: Person) -> None:
        """Add or replace the person of this id."""
        with self._lock:
            self._people[person.id] = person

    def keep_people(self, people: Iterable[Person]) -> None:
        """Have these people, and nobody else."""
        with self._lock:
            self._people = {person.id: person for person in people}

    def put_link(self, link: Link, label: str = "") -> Link:
        """Add or replace a link; a graded one gets its line item, once. Returns it with its id."""
        with self._lock:
            link = replace(link, id=link.id or self.next_id("link"))
            self._links[link.id] = link
            if link.graded and not self.line_item_of(link.id):
                self.put_line_item(
                    LineItem(
                        id=self.next_id("Item"),
                        client_id=link.client_id,
                        label=label or link.title,
                        score_maximum=link.score_maximum,
                        resource_id=link.resource_id,
                        tag=link.tag,
                        resource_link_id=link.id,
                        context_id=link.context_id,
                    )
                )
            return link

    def put_line_item(self, item: LineItem) -> None:
        """Add or replace the line item of this id."""
        with self._lock:
            self._line_items[item.id] = item

    def delete_line_item(self, item_id: str) -> None:
        """Drop a line item; its scores stay in the history."""
        with self._lock:
            self._line_items.pop(item_id, None)

    def tool(self, client_id: str) -> Tool | None:
        """The tool of this client_id."""
        return self._tools.get(client_id)

    def person(self, person_id: str) -> Person | None:
        """The person of this id."""
        return self._people.get(person_id)

    def link(self, link_id: str) -> Link | None:
        """The link of this id."""
        return self._links.get(link_id)

    def line_item(self, item_id: str) -> LineItem | None:
        """The line item of this id."""
        return self._line_items.get(item_id)

    def line_item_of(self, link_id: str) -> LineItem | None:
        """The oldest line item of a link."""
        return next((item for item in self.line_items() if item.resource_link_id == link_id), None)

    def tools(self) -> list[Tool]:
        """All tools, oldest first, as all lists here."""
        with self._lock:
            return list(self._tools.values())

    def people(self) -> list[Person]:
        """All people."""
        with self._lock:
            return list(self._people.values())

    def links(self) -> list[Link]:
        """All links."""
        with self._lock:
            return list(self._links.values())

    def has_context(self, context_id: str) -> bool:
        """Whether a link is in this course."""
        with self._lock:
            return any(link.context_id == context_id for link in self._links.values())

    def line_items(self) -> list[LineItem]:
        """All line items."""
        with self._lock:
            return list(self._line_items.values())

    def scores(self) -> list[Score]:
        """All accepted scores."""
        with self._lock:
            return list(self._scores)

    def score_attempts(self) -> list[ScoreAttempt]:
        """All attempts to post a score."""
        with self._lock:
            return list(self._attempts)

    def record_attempt(self, attempt: ScoreAttempt) -> None:
        """Remember an attempt to post a score."""
        with self._lock:
            self._attempts.append(attempt)

    def accept(self, score: Score) -> bool:
        """Keep a score if it is strictly newer than the last of its line item and person, else False."""
        with self._lock:
            last = self.newest(score.line_item_id, score.user_id)
            if last and score.timestamp <= last.timestamp:
                return False
            self._scores.append(score)
            self._newest[score.line_item_id, score.user_id] = score
            return True

    def newest(self, line_item_id: str, user_id: str) -> Score | None:
        """The last accepted score."""
        with self._lock:
            return self._newest.get((line_item_id, user_id))

    def override(self, item: LineItem, user_id: str, points: float) -> None:
        """A teacher's own grade, on the line item's scale: it is shown from now on, whatever tools send."""
        with self._lock:
            self._overrides[item.id, user_id] = points

    def lose(self, item: LineItem, user_id: str) -> None:
        """Show nothing of what came so far, as after a person was taken out of the course and came back."""
        with self._lock:
            self._lost[item.id, user_id] = len(self._scores)
            self._overrides.pop((item.id, user_id), None)

    def result(self, item: LineItem, user_id: str) -> Result | None:
        """What the gradebook shows: a teacher's own grade; else fully graded scores count, and a score without a value
        clears (AGS 2.0, 3.4.4)."""
        if (override := self._overrides.get((item.id, user_id))) is not None:
            return Result(user_id, override, item.score_maximum, "", datetime.now(UTC))
        shown: Score | None = None
        for score in self.scores()[self._lost.get((item.id, user_id), 0) :]:
            if (score.line_item_id, score.user_id) != (item.id, user_id):
                continue
            if "scoreGiven" not in score.body:
                shown = None
            elif score.body["gradingProgress"] == "FullyGraded":
                shown = score
        if shown is None:
            return None
        given = shown.body["scoreGiven"] / shown.body["scoreMaximum"] * item.score_maximum
        return Result(user_id, given, item.score_maximum, shown.body.get("comment", ""), shown.timestamp)

"""Counts what the stand-in LMS reads of courses, so that tests and benchmarks see what would be dear in a real one.

There are two prices. One block, or one parent of a block, is a *block read*: cheap. Whatever loads or walks a whole
course is a *whole-course read*: it takes as long as the course is large, in the LMS half a second for 2,000 blocks.
As in the LMS, a block that a request has read stays in memory until the request ends, and counts once; a whole course
counts each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse

HEADER = "X-Course-Reads"


@dataclass
class Costs:
    """What was read in a request, or in a ``with`` block."""

    blocks: int = 0
    whole_courses: int = 0
    seen: set[object] = field(default_factory=set, repr=False)
    outer: Costs | None = field(default=None, repr=False)

    def add(self, blocks: int = 0, whole_courses: int = 0) -> None:
        """Count, here and in what is around."""
        self.blocks += blocks
        self.whole_courses += whole_courses
        if self.outer is not None:
            self.outer.add(blocks, whole_courses)


_current: ContextVar[Costs | None] = ContextVar("demo_lms_costs", default=None)


@contextmanager
def metered() -> Iterator[Costs]:
    """Count what is read inside. What is counted in a request that a test makes counts in the test's block too."""
    costs = Costs(outer=_current.get())
    token = _current.set(costs)
    try:
        yield costs
    finally:
        _current.reset(token)


def one_block(name: object) -> None:
    """Count that a block is read, unless this request has read it before."""
    costs = _current.get()
    if costs is not None and name not in costs.seen:
        costs.seen.add(name)
        costs.add(blocks=1)


def whole_course() -> None:
    """Count that a whole course is read."""
    costs = _current.get()
    if costs is not None:
        costs.add(whole_courses=1)


class MeterMiddleware:
    """Counts in each request, and says in a header what the answer has cost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        with metered() as costs:
            response = self._get_response(request)
        response[HEADER] = f"blocks={costs.blocks}, whole-courses={costs.whole_courses}"
        return response

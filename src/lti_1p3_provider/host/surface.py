"""What one request to the LMS is about, in our words: which content it names, or that it is about something else."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from opaque_keys.edx.keys import CourseKey, UsageKey


@dataclass(frozen=True, slots=True)
class Surface:
    """``blocks`` and ``courses``: the content that the request names, each key without branch or version.

    ``closed``: why no session that a launch made may ask this, whatever was launched; empty otherwise.
    ``serves_a_page``: it names a course, but a page of any of its blocks needs it. ``whole_course``: only the pages of
    whole courses need it, though it may name none. ``gives_tokens``: it gives out tokens that sign in without the
    session. ``query``: names of harmless parameters; None: all are.
    """

    blocks: tuple[UsageKey, ...] = ()
    courses: tuple[CourseKey, ...] = ()
    closed: str = ""
    serves_a_page: bool = False
    whole_course: bool = False
    gives_tokens: bool = False
    query: frozenset[str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it names no content and is closed to nobody."""
        return not (self.closed or self.blocks or self.courses or self.whole_course)


OPEN = Surface()


def closed(why: str) -> Surface:
    """Return a surface that is closed."""
    return Surface(closed=why)


def keep_query(request: HttpRequest, names: frozenset[str]) -> None:
    """Remove all other parameters from the request's query, for everybody who reads it from now on."""
    if all(name in names for name in request.GET):
        return
    kept = QueryDict(mutable=True, encoding=request.GET.encoding)
    for name, values in request.GET.lists():
        if name in names:
            kept.setlist(name, values)
    kept._mutable = False
    request.GET = kept  # type: ignore[assignment]
    request.META["QUERY_STRING"] = kept.urlencode()

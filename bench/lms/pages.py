"""Our content door beside the LMS's own page of the same problem, with the same session."""

from __future__ import annotations

from urllib.parse import urlsplit

from bench.lms import answers, makers
from bench.lms.courses import Made, link
from bench.lms.launches import Amount
from bench.lms.turns import Taken, in_turns
from bench.visit import Browsers, VisitFailed


class Pages:
    """One learner's page of a course's linked problem."""

    def __init__(self, browsers: Browsers, course: Made, reader: answers.Reader) -> None:
        self._browsers = browsers
        self._reader = reader
        self._door = urlsplit(link(course.problem).target).path
        self._own = answers.own_page(course.problem)

    def compare(self, amount: Amount) -> Taken:
        """Ask for our page (``ours``) and for the LMS's (``baseline``)."""
        return in_turns(lambda _: self._get(self._door), lambda _: self._get(self._own), amount.pairs, amount.warm_up)

    def queries(self) -> dict[str, list[makers.Query]]:
        """Return the queries of both pages."""
        with makers.recorded() as ours:
            self._get(self._door)
        with makers.recorded() as own:
            self._get(self._own)
        return {"content_door": ours, "render_xblock": own}

    def _get(self, path: str) -> float:
        page = self._browsers.get(path, self._reader.cookies)
        if not page.status.startswith("200") or b"problem" not in page.body:
            raise VisitFailed(f"{path}: {page.status} {page.body[:2000]!r}")
        return page.seconds

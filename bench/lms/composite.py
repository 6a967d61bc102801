"""What a worker pays for one learner's composite grades: of a unit, its subsection, and the whole course."""

from __future__ import annotations

from edx_django_utils.cache import RequestCache

from bench.lms import makers
from bench.lms.courses import Made
from bench.lms.launches import Amount
from bench.lms.turns import Taken, in_turns
from bench.visit import Browsers, VisitFailed
from lti_1p3_provider import host


def compare(browsers: Browsers, big: tuple[Made, int], small: tuple[Made, int], amount: Amount) -> Taken:
    """Read the grades of a learner in the big course (``ours``) and in the small one (``baseline``)."""
    return in_turns(lambda _: _read(browsers, *big), lambda _: _read(browsers, *small), max(amount.pairs // 4, 5), 2)


def queries(browsers: Browsers, course: Made, user_id: int) -> list[makers.Query]:
    """Return the queries of one reading."""
    with makers.recorded() as found:
        _read(browsers, course, user_id)
    return found


def _read(browsers: Browsers, course: Made, user_id: int) -> float:
    """Read as a task does, which begins with nothing in the caches of its request."""
    RequestCache.clear_all_namespaces()
    keys = (course.unit, course.subsection, course.key.make_usage_key("course", "course"))
    started = browsers.clock()
    found = host.current().grades.read(user_id, course.key, keys)
    seconds = browsers.clock() - started
    if not {course.unit, course.subsection} <= set(found):
        raise VisitFailed(f"the learner's grades are missing: {found}")
    return seconds

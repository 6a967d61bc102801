"""Measures inside the LMS; ``bench.lms`` starts it there. The last line on stdout is the result as JSON.

``BENCH_QUICK=1``: a try, in which only the numbers of launches mean something. ``BENCH_PROFILE=<file>``: also write
there where the processor time of a returning launch goes.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django
from openedx.core.lib.safe_lxml import defuse_xml_libs

defuse_xml_libs()  # as the LMS's own entry points do, before lxml is used
django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from bench.lms import answers, composite, courses, makers, people, report  # noqa: E402
from bench.lms.launches import Amount, Launches  # noqa: E402
from bench.lms.pages import Pages  # noqa: E402
from bench.lms.turns import Taken  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from bench.visit import OURS, Browsers  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
LAUNCHES = Amount(60, 10)  # of five, medians differ by a tenth
OTHERS = Amount(5, 2) if QUICK else Amount(40, 5)  # which take longer
PROFILED = 10 if QUICK else 200  # launches


def main() -> int:
    """Measure, and print the result."""
    if "lti_1p3_provider" not in {name.partition(".")[0] for name in settings.INSTALLED_APPS}:
        print(f"This LMS has no lti_1p3_provider: {sys.executable} -m pip install --no-deps <here>", file=sys.stderr)
        return 1
    started = time.monotonic()
    with databases():
        minter = Minter()
        browsers = Browsers(minter, time.process_time)
        people.register_platform(minter)
        people.make_login_client()
        small, big = courses.make(courses.SMALL), courses.make(courses.BIG)
        print(f"ready after {time.monotonic() - started:.0f} s", file=sys.stderr)
        queries, taken = measure(browsers, small, big)
        if os.environ.get("BENCH_PROFILE"):
            profile(minter, small, os.environ["BENCH_PROFILE"])
    for name, found in queries.items():
        print(f"\n{name}: {makers.counted(found)}\n\n{makers.table(found)}", file=sys.stderr)
    print(json.dumps(report.build(taken, queries, quick=QUICK)))
    return 0


def measure(
    browsers: Browsers, small: courses.Made, big: courses.Made
) -> tuple[dict[str, list[makers.Query]], dict[str, Taken]]:
    """Return the queries of each kind of request, and the processor time of each comparison."""
    launches = Launches(browsers, LAUNCHES)
    taken = {
        "launch_returning": launches.returning(small),
        "launch_and_login_alone": launches.parts(small),
        "launch_first": launches.first(small),
        "launch_first_of_block": launches.first_of_block(small),
        "course_growth": launches.growth(big, small),
    }
    queries = launches.queries(small)
    learners = {}
    for name, course in (("small", small), ("big", big)):
        learners[name] = answers.launched(browsers, course)
        other = answers.signed_in(browsers, course)
        for who, reader in (("answer", learners[name]), ("answer_of_others", other)):
            answering = answers.Answers(browsers, course, reader)
            taken[f"{who}_{name}_parts"] = answering.parts(OTHERS)
            queries |= {f"{who}_{name}_{side}": found for side, found in answering.queries().items()}
        taken[f"answer_{name}"] = answers.Answers(browsers, course, learners[name]).compare(OTHERS)
        pages = Pages(browsers, course, learners[name])
        taken[f"content_{name}"] = pages.compare(OTHERS)
        queries |= {f"{side}_{name}": found for side, found in pages.queries().items()}
    in_big, in_small = (big, learners["big"].user_id), (small, learners["small"].user_id)
    taken["composite"] = composite.compare(browsers, in_big, in_small, OTHERS)
    queries["composite_big"] = composite.queries(browsers, *in_big)
    queries["composite_small"] = composite.queries(browsers, *in_small)
    return queries, taken


@contextmanager
def databases() -> Iterator[None]:
    """Make the databases as the LMS's tests do, unless ``BENCH_DATABASES=configured`` names those of the settings."""
    if os.environ.get("BENCH_DATABASES") == "configured":
        yield
        return
    made = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def profile(minter: Minter, course: courses.Made, file: str) -> None:
    """Write where the processor time of returning launches goes, login and launch together."""
    profiler = cProfile.Profile(time.process_time)

    def clock() -> float:
        """Called when a request begins and when it ends: what is between two requests is not ours."""
        state["is_running"] = not state["is_running"]
        (profiler.enable if state["is_running"] else profiler.disable)()
        return time.process_time()

    known = people.returning(Browsers(minter), course.problem, 10)
    state = {"is_running": False}
    browsers = Browsers(minter, clock)
    for number in range(PROFILED):
        browsers.visit(OURS, known[number % len(known)])
    with open(file, "w", encoding="utf-8") as stream:
        stats = pstats.Stats(profiler, stream=stream)
        stream.write(f"{PROFILED} returning launches, login and launch; seconds of processor time\n")
        stats.sort_stats("cumulative").print_stats(120)
        stats.sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    sys.exit(main())

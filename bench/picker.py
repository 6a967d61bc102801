"""``make bench-picker``: the picker on a site of 2,000 courses with 500 blocks each, beside the way that tools of other
projects have it, where one page shows every course's tree.

- ``first_page_ms``, ``first_page_queries``: the list of courses, with a gate that opens all 2,000; the baseline is the
  whole tree of them. ``details`` has 20 and 200 courses, too.
- ``open_course_ms``: a course whose tree this process has read before; the baseline reads it each time.
- ``search_1m_ms``: the slowest of some searches over all titles; the baseline looks into each title.
- ``page_kb``: the largest of all these pages.
- ``answer_ms``: answering with 20 items; the baseline is PyLTI1p3's form.

All on MariaDB. The last line on stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a
short run whose numbers mean nothing.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from bench import parts
from bench.report import Figure, figure

QUICK = os.environ.get("BENCH_QUICK") == "1"
TARGETS = {"first_page_ms": 150, "first_page_queries": 5, "open_course_ms": 100, "search_1m_ms": 300}
TARGETS |= {"page_kb": 150, "answer_ms": 50}


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (_, server, environment):
        found = parts.run("picking", parts.database(server, "picker"), environment)
    print(json.dumps({**build(found), "quick": QUICK, "details": found}))
    return 0


def build(found: dict[str, Any]) -> dict[str, Figure]:
    """Return the result of what was measured. A ratio above 1 means that ours is better."""
    largest = max(found["first_page"].values(), key=lambda page: float(page["peers_ms"]))
    slowest = max(found["search"].values(), key=lambda one: float(one["ms"]))
    courses = max(map(int, found["first_page"]))
    pairs = {
        "first_page_ms": (max(page["ms"] for page in found["first_page"].values()), largest["peers_ms"], "ms"),
        "first_page_queries": (
            max(page["queries"] for page in found["first_page"].values()),
            1 + courses,
            f"queries; baseline: one for each of {courses} courses",
        ),
        "open_course_ms": (found["open_course"]["ms"], found["open_course"]["peers_ms"], "ms"),
        "search_1m_ms": (slowest["ms"], slowest["peers_ms"], f"ms, {found['blocks']:,} titles, the slowest search"),
        "page_kb": (found["page_kb"], largest["peers_kb"], "kB, uncompressed"),
        "answer_ms": (found["answer"]["ms"], found["answer"]["peers_ms"], "ms; baseline: the form alone"),
    }
    return {
        name: figure(round(ours, 2), round(beside, 2), beside / ours, unit, TARGETS[name])
        for name, (ours, beside, unit) in pairs.items()
    }


if __name__ == "__main__":
    sys.exit(main())

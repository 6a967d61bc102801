"""``make bench-fleet``: the operator's page with 10,000 registrations and 1,000,000 attempts, beside counting live.

- ``page_ms``: the slowest of the first page, the last, the problems and a search; the baseline counts attempts and
  scores of all registrations when the page is opened.
- ``queries``: of the page that has most.

All on MariaDB. The last line on stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a
small fleet, whose numbers mean nothing.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from bench import parts
from bench.report import Figure, figure

QUICK = os.environ.get("BENCH_QUICK") == "1"
TARGETS = {"page_ms": 200, "queries": 12}


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (_, server, environment):
        found = parts.run("watching", parts.database(server, "fleet"), environment)
    print(json.dumps({**build(found), "quick": QUICK, "details": found}))
    return 0


def build(found: dict[str, Any]) -> dict[str, Figure]:
    """Return the result of what was measured. A ratio above 1 means that ours is better."""
    ours, live = max(page["ms"] for page in found["pages"].values()), found["live"]
    queries = max(page["queries"] for page in found["pages"].values())
    size = f"{found['registrations']:,} registrations, {found['attempts']:,} attempts"
    target = TARGETS["queries"]
    unit = "queries, at most the target; ratio target / ours"
    return {
        "page_ms": figure(round(ours, 2), round(live["ms"], 2), live["ms"] / ours, f"ms, {size}", TARGETS["page_ms"]),
        "queries": figure(queries, live["queries"], target / queries, unit, target),
    }


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-roster``: a platform's list of 20,000 people in pages of 100, beside a loop that writes a row at a time.

- ``people_per_s``: read and kept, everybody being known already.
- ``queries_per_1000``: of the first read, in which everybody is new.
- ``peak_mb``: of the process, with Django and all that it loads.

All on MariaDB. The last line on stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a
small list, whose numbers mean nothing.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from bench import parts
from bench.report import Figure, figure

QUICK = os.environ.get("BENCH_QUICK") == "1"
TARGETS = {"people_per_s": 2.0, "queries_per_1000": 20, "peak_mb": 150}


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (_, server, environment):
        found = {
            side: parts.run("rostering", parts.database(server, f"roster_{side}"), {**environment, "BENCH_SIDE": side})
            for side in ("ours", "baseline")
        }
    print(json.dumps({**build(found["ours"], found["baseline"]), "quick": QUICK, "details": found}))
    return 0


def build(ours: dict[str, Any], plain: dict[str, Any]) -> dict[str, Figure]:
    """Return the result of what was measured. A ratio above 1 means that ours is better."""
    speeds = [side["again"]["people_per_s"] for side in (ours, plain)]
    asked = [round(side["first"]["queries"] * 1000 / side["people"], 1) for side in (ours, plain)]
    peaks = [side["peak_mb"] for side in (ours, plain)]
    size, most = f"{ours['people']:,} people", "at most the target"
    return {
        "people_per_s": figure(*speeds, speeds[0] / speeds[1], f"people/s, {size}", TARGETS["people_per_s"]),
        "queries_per_1000": figure(*asked, asked[1] / asked[0], f"queries, {most}", TARGETS["queries_per_1000"]),
        "peak_mb": figure(*peaks, peaks[1] / peaks[0], f"MB, {most}", TARGETS["peak_mb"]),
    }


if __name__ == "__main__":
    sys.exit(main())

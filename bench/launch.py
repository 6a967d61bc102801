"""``make bench-launch``: how fast a returning user gets in, ours against the stock PyLTI1p3 Django sample.

What is measured: login and launch of somebody who has launched before and comes with a fresh browser (no cookies), a
learner who opens a graded problem, through a registration with a launch gate. Both sides are in one process and Django
project, with the same middleware, database, and Redis for cache and sessions, and take turns: ours, stock, ours, ...
The clock runs while Django's WSGI handler works, all middleware included; the platform's part (signing the token) and
the browser's are outside it. Compared are medians.

- ``key_set_url``: the platform's key set is behind a URL, 20 ms away, on SQLite and on MariaDB; the worse counts. We
  keep it (for 15 minutes where the platform does not say how long) and have it warm; the sample fetches it each time.
- ``key_set_inline``: the same with the key set stored, so that nobody fetches anything.
- ``outgoing_per_warm_launch``: requests that arrive at the platform, counted there.
- ``queries_per_launch``: SQL of login and launch together, without sessions, accounts, profile and transaction control.
- ``growth_1m``: a launch with 1,000,000 users, launch attempts, grants and pending scores and 10,000 registrations in
  the tables, in relation to nearly empty ones (MariaDB).
- ``course_growth``: a launch in a course of 2,100 blocks, in relation to one of 20 blocks; the worse database counts.

The last line on stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a short run whose
numbers mean nothing.
"""

from __future__ import annotations

import json
import os
import sys

from bench import parts, report

QUICK = os.environ.get("BENCH_QUICK") == "1"


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (file, server, environment):
        found = {"sqlite": parts.run("pairs", file, environment)}
        found["mariadb"] = parts.run("pairs", parts.database(server, "sides"), environment)
        parts.database(server, "big")
        growth = parts.run("growth", parts.database(server, "small"), environment)
    result = report.build(found, growth, quick=QUICK)
    for name in found:
        print(f"{name}: {json.dumps(result['details'][name])}", file=sys.stderr)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

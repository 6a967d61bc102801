"""``make bench-scores``: how scores are delivered, ours against the stock PyLTI1p3 path.

- ``requests_per_score``, ``connections_per_1000``: what arrives at the platform, counted there, access tokens included.
- ``throughput``, ``cpu_ms_per_score``: scores per second, and processor time of this process for each, with a platform
  20 ms away, on SQLite and on MariaDB; the worse counts.
- ``coalescing``: posts for 50 answers of one learner, with problem, unit and subsection linked.
- ``intake_ms``, ``intake_queries``: what an answer of a learner without LTI costs in the learner's transaction, with
  1,000,000 rows in the tables (MariaDB).
- ``claim_100_of_1m_ms``: claiming 100 scores out of 1,000,000 rows in several shapes; the slowest counts
  (MariaDB).

With ``BENCH_MEMORY=1``, ``details`` also has the peak memory of a worker that delivers 100,000 scores. The last line on
stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a short run whose numbers mean
nothing.
"""

from __future__ import annotations

import json
import os
import sys

from bench import parts, score_report

QUICK = os.environ.get("BENCH_QUICK") == "1"


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (file, server, environment):
        environment = {**environment, "BENCH_SCORES": "1"}
        delivered = {"sqlite": parts.run("deliver", file, environment)}
        delivered["mariadb"] = parts.run("deliver", parts.database(server, "sides"), environment)
        found = {"deliver": delivered, "answers": parts.run("answers", parts.database(server, "answers"), environment)}
        if os.environ.get("BENCH_MEMORY") == "1":
            found["memory"] = parts.run("memory", parts.database(server, "memory"), environment)
        parts.database(server, "big")
        small = parts.database(server, "small")
        found |= {name: parts.run(name, small, environment) for name in ("intake", "claim")}
    result = score_report.build(found, quick=QUICK)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

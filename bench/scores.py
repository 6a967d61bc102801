"""``make bench-scores``: how scores are delivered, ours against the stock PyLTI1p3 path."""

from __future__ import annotations

import json
import os
import sys

from bench import parts

QUICK = os.environ.get("BENCH_QUICK") == "1"


def main() -> int:
    """Measure, and print the result."""
    if not parts.ready():
        return 1
    with parts.places() as (file, server, environment):
        environment = {**environment, "BENCH_SCORES": "1"}
        found = {"sqlite": parts.run("deliver", file, environment)}
        found["mariadb"] = parts.run("deliver", parts.database(server, "sides"), environment)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

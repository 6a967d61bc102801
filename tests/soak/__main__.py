"""``make soak``: scores under random faults; prints one line of JSON.

The exit status is 0 if ledger and gradebook are equal. ``SOAK_SECONDS``, ``SOAK_SCORES``, ``SOAK_SEED`` and
``SOAK_WORKERS`` change how long, how many, which and by whom.
"""

from __future__ import annotations

import os
import sys

import django


def main() -> int:
    """Set Django up, then run."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from tests.soak.run import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())

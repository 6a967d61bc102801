"""How many examples a property gets, as ``HYPOTHESIS_PROFILE`` says.

Nothing: a fifth of them, always the same, as in ``make test``. ``all``: all of them, always the same, as in ``make
test-properties``. ``long``: 25 times as many, and new ones each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
FACTOR = {"": 0.2, "all": 1, "long": 25}[PROFILE]
FEWEST = 12
LONG = PROFILE == "long"


def examples(number: int) -> settings:
    """Return the settings of a property for which ``number`` examples are all.

    Fixtures are made once for all examples on purpose: each example compares the database before and after.
    """
    return settings(
        max_examples=max(FEWEST, int(number * FACTOR)),
        derandomize=not LONG,
        deadline=None,
        database=None,
        print_blob=LONG,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )

"""How many examples a property gets: few and always the same, or with ``HYPOTHESIS_PROFILE=long`` many and new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FACTOR = 25 if LONG else 1


def examples(number: int) -> settings:
    """Return the settings of a property that tries ``number`` examples in an ordinary run.

    Fixtures are made once for all examples on purpose: each example compares the database before and after.
    """
    return settings(
        max_examples=number * FACTOR,
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

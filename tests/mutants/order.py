"""Which tests a mutant meets, and in which order: those first that will notice it soonest."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator

FIRST = re.compile(os.environ.get("MUTANT_FIRST", "$^"))  # tests that somebody expects to notice what is left
CHEAP = 0.03  # seconds: no server and no database
# Where a module has its tests; almost every launch reaches almost every function.
OWN = {
    "lti.access_tokens": ("flows/test_access_tokens", "flows/test_scores"),
    "lti.ags": ("unit/test_conversations", "flows/test_access_tokens", "flows/test_scores"),
    "lti.base64url": ("unit/test_envelopes", "flows/test_tokens"),
    "lti.public_addresses": ("unit/test_https", "unit/test_transport"),
    "lti.messages": ("unit/test_claims", "unit/test_real_messages", "flows/test_launch"),
    "lti.claims": ("unit/test_claims", "unit/test_real_messages", "flows/test_launch", "flows/test_certification"),
    "lti.codings": ("unit/test_measured",),
    "lti.deadline": ("unit/test_https", "unit/test_transport"),
    "lti.exchange": ("unit/test_transport", "flows/test_access_tokens"),
    "lti.key_sets": ("unit/test_key_sets", "unit/test_real_messages", "flows/test_tokens"),
    "lti.launch": ("unit/test_envelopes", "flows/test_launch", "flows/test_tokens", "flows/test_storage"),
    "lti.line_items": ("unit/test_conversations", "flows/test_line_items"),
    "lti.login": ("flows/test_storage", "flows/test_login"),
    "lti.measured": ("unit/test_measured",),
    "lti.numbers": ("unit/test_retry", "unit/test_conversations", "flows/test_access_tokens"),
    "lti.public_keys": ("unit/test_key_sets", "unit/test_real_messages", "flows/test_tokens"),
    "quotas": ("flows/test_sessions",),
    "lti.reader": ("unit/test_claims", "flows/test_launch"),
    "lti.redirects": ("unit/test_conversations", "flows/test_tokens"),
    "lti.results": ("unit/test_conversations", "flows/test_results", "flows/test_missing"),
    "lti.resource_link": ("unit/test_claims", "unit/test_real_messages", "flows/test_launch"),
    "lti.roles": ("unit/test_roles",),
    "lti.service": ("unit/test_service", "unit/test_conversations", "flows/test_access_tokens"),
    "lti.state": ("unit/test_state", "flows/test_login", "flows/test_launch"),
    "lti.store": ("unit/test_store", "flows/test_login"),
    "lti.strict_json": ("unit/test_strict_json", "flows/test_tokens"),
    "lti.transport": ("unit/test_https", "unit/test_transport", "unit/test_measured"),
    "lti.trusted": ("unit/test_https",),
    "lti.verify": ("flows/test_launch", "flows/test_tokens", "flows/test_storage"),
    "lti.waiting": ("unit/test_key_sets", "flows/test_tokens"),
    "launches.another_account": ("flows/test_other_account",),
    "launches.browser_check": ("flows/test_storage", "flows/test_login"),
    "launches.confine": ("flows/test_confined", "flows/test_other_account"),
    "launches.enter": ("flows/test_returning", "flows/test_courses", "flows/test_storage", "flows/test_sessions"),
    "launches.front_ends": ("contract/test_demo_host", "flows/test_parallel"),
    "launches.grants": ("flows/test_sessions", "flows/test_content"),
    "launches.handover": ("flows/test_storage", "flows/test_courses"),
    "launches.in_frame": ("flows/test_my_scores", "flows/test_content", "flows/test_reconnect"),
    "launches.limits": ("flows/test_limits",),
    "launches.interrupted": ("flows/test_parallel", "contract/test_demo_host"),
    "launches.login_cookies": ("flows/test_login", "flows/test_sessions", "flows/test_launch"),
    "web.same_origin": ("flows/test_storage", "flows/test_reconnect"),
    "launches.partitioned": ("unit/test_partitioned", "flows/test_storage"),
    "launches.reconnect": ("flows/test_reconnect",),
    "launches.sessions": ("flows/test_sessions", "flows/test_content"),
    "launches.scope": ("flows/test_confined",),
    "launches.targets": ("unit/test_targets", "flows/test_courses"),
    "launches.views": ("flows/test_storage", "flows/test_courses", "flows/test_content", "flows/test_reconnect"),
    "launches.way_back": ("flows/test_reconnect",),
}


def in_order(
    module: str, reach: set[str], refused: set[str], known: Counter[str], seconds: dict[str, float]
) -> list[str]:
    """Return the tests in ``reach`` of a function, and the module's own: of calls to what is cached, one is noted.

    Cheap tests come first, then those that killed others of the same function (``known``), then those of the module's
    own files, then those in which it raised (``refused``); one of each kind before a second.
    """
    turns: Counter[str] = Counter()

    def place(test: str) -> tuple[object, ...]:
        turns[kind := test.partition("[")[0]] += 1
        likely = not FIRST.search(test), not _is_own(test, module), test not in refused
        return seconds[test] > CHEAP, -known[test], test not in reach, *likely, turns[kind], seconds[test]

    tests = reach | {test for test in seconds if _is_own(test, module)}
    return sorted(sorted(tests, key=lambda test: seconds[test]), key=place)


def _is_own(test: str, module: str) -> bool:
    return test.removeprefix("tests/").partition(".py")[0] in OWN.get(module, ())


def within(tests: list[str], seconds: dict[str, float], left: float) -> Iterator[str]:
    """Choose tests as long as there are seconds left for them."""
    for test in tests:
        if seconds[test] <= left:
            left -= seconds[test]
            yield test

"""Mutation testing: which tests must notice a change in which module, and the summary of a run (``make mutants``).

mutmut changes one thing at a time and runs all tests that reach the changed function. Almost every launch reaches
almost every function, so as a pytest plugin this runs the files in which a module has its tests instead, fast ones
first.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

TESTS = {
    "lti.access_tokens": ("flows/test_access_tokens", "flows/test_scores"),
    "lti.ags": ("unit/test_real_messages", "flows/test_access_tokens", "flows/test_scores"),
    "lti.checked": ("unit/test_https", "unit/test_transport"),
    "lti.claims": ("unit/test_claims", "unit/test_real_messages", "flows/test_launch", "flows/test_certification"),
    "lti.deadline": ("unit/test_https", "unit/test_transport"),
    "lti.key_sets": ("unit/test_key_sets", "unit/test_real_messages", "flows/test_tokens", "flows/test_certification"),
    "lti.launch": ("unit/test_envelopes", "flows/test_launch", "flows/test_tokens", "flows/test_certification"),
    "lti.login": ("flows/test_login", "flows/test_launch"),
    "lti.quotas": ("flows/test_sessions",),
    "lti.reader": ("unit/test_claims", "flows/test_launch", "flows/test_tokens"),
    "lti.roles": ("unit/test_roles", "flows/test_certification"),
    "lti.state": ("flows/test_login", "flows/test_launch"),
    "lti.store": ("unit/test_store", "flows/test_login", "flows/test_launch"),
    "lti.strict_json": ("unit/test_strict_json", "flows/test_tokens"),
    "lti.trail": ("flows/test_launch",),
    "lti.transport": ("unit/test_https", "unit/test_transport", "flows/test_access_tokens"),
    "launches.enter": ("flows/test_launch", "flows/test_sessions", "flows/test_content"),
    "launches.grants": ("flows/test_sessions", "flows/test_content"),
    "launches.login_cookies": ("flows/test_login", "flows/test_sessions", "flows/test_launch"),
    "launches.sessions": ("flows/test_sessions", "flows/test_content"),
    "launches.targets": ("unit/test_targets", "flows/test_content"),
    "launches.views": ("flows/test_login", "flows/test_sessions", "flows/test_launch", "flows/test_content"),
}
STATES = {0: "survived", 1: "killed", 5: "no tests", 33: "no tests", None: "not tried"}
RESULTS = Path("mutants")


def pytest_configure(config: pytest.Config) -> None:
    """Run the files of the changed module, in their order."""
    changed = os.environ.get("MUTANT_UNDER_TEST", "").removeprefix("lti_1p3_provider.").rpartition(".")[0]
    if changed in TESTS:
        config.args = [f"tests/{name}.py" for name in TESTS[changed]]


def summary() -> str:
    """Return a table of the last run, and the names of the mutants that nobody killed."""
    lines, survivors, total = [f"{'module':26}{'mutants':>9}{'killed':>9}{'survived':>9}{'timeout':>9}"], [], Counter()
    for path in sorted(RESULTS.rglob("*.meta")):
        found = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        states = Counter(STATES.get(code, "timeout") for code in found.values())
        survivors += [name for name, code in found.items() if STATES.get(code) in ("survived", "no tests", "not tried")]
        total += states
        if found:
            lines.append(_line("/".join(path.with_suffix("").parts[-2:]), states))
    return "\n".join([*lines, _line("all", total), "", "Not killed (`mutmut show <name>` prints one):", *survivors])


def _line(name: str, states: Counter[str]) -> str:
    lived = states["survived"] + states["no tests"] + states["not tried"]
    return f"{name:26}{states.total():9}{states['killed']:9}{lived:9}{states['timeout']:9}"


if __name__ == "__main__":
    (RESULTS / "summary.txt").write_text(summary() + "\n", encoding="utf-8")
    print(summary())

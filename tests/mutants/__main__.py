"""``python -m tests.mutants [pattern...]``: tries the mutants that nobody killed yet, and prints a table.

A mutant stays killed until its function changes; survivors are tried again each time, but those that ``explained.txt``
says why. ``mutants/`` holds everything.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.generate import COPY, Mutant, generate

RESULTS = Path("mutants/results.json")
EXPLAINED = Path(__file__).with_name("explained.txt")
TESTS = ("tests/unit", "tests/flows")
ELSEWHERE = ("tests/unit/test_package.py", "tests/unit/demo_platform")  # what is built, and the emulator itself
ARGUMENTS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:faulthandler", *(f"--ignore={path}" for path in ELSEWHERE))
MEMORY = Path("/dev/shm")  # noqa: S108


def main(patterns: list[str]) -> None:
    """Generate, try, report."""
    Path("mutants").mkdir(exist_ok=True)
    mutants = generate()
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results = {
        each.name: found for each in mutants if (found := known.get(each.name)) and found["version"] == each.version
    }
    explained = {line.split()[0] for line in EXPLAINED.read_text(encoding="utf-8").splitlines()}
    for each in mutants:
        if each.version in explained and _is_open(results.get(each.name)):
            results[each.name] = {"version": each.version, "place": each.place, "outcome": "explained", "test": ""}
    wanted = [each for glob in patterns or ["*"] for each in mutants if fnmatch.fnmatch(each.name, glob)]
    chosen = [each for each in dict.fromkeys(wanted) if _is_open(results.get(each.name))]
    if chosen:
        sys.path.insert(0, str(COPY.resolve()))
        os.environ["PYTHONPATH"] = str(COPY.resolve())
        if MEMORY.is_dir():
            os.environ["TMPDIR"] = str(MEMORY)  # the test settings put the database there
        from tests.mutants.run import Runner

        if status := pytest.main([*ARGUMENTS, *TESTS], plugins=[Runner(chosen, RESULTS, results)]):
            sys.exit(int(status))
    report = _report(mutants, results)
    RESULTS.with_name("summary.txt").write_text(report + "\n", encoding="utf-8")
    print(report)


def _is_open(result: dict[str, Any] | None) -> bool:
    return result is None or result["outcome"] in ("survived", "no test")


def _report(mutants: list[Mutant], results: dict[str, dict[str, Any]]) -> str:
    columns = ("killed", "timeout", "explained", "survived", "no test", "not tried")
    outcomes = {each.name: results.get(each.name, {}).get("outcome", "not tried") for each in mutants}
    lines = ["".join(f"{name:>10}" for name in ("mutants", *columns)) + "  module"]
    for module in [*dict.fromkeys(each.module for each in mutants), "all"]:
        found = Counter(outcomes[each.name] for each in mutants if module in (each.module, "all"))
        numbers = (found.total(), *(found[column] for column in columns))
        lines.append("".join(f"{number:10}" for number in numbers) + f"  {module}")
    alive = [each for each in mutants if outcomes[each.name] in ("survived", "no test")]
    return "\n".join([*lines, "", *(f"{each.version} {each.name}\n{_difference(each)}" for each in alive)])


def _difference(mutant: Mutant) -> str:
    first = 0 if mutant.constant else 1
    before, after = mutant.before.splitlines()[first:], mutant.after.splitlines()[first:]
    found = difflib.unified_diff(before, after, n=0, lineterm="")
    return "\n".join(f"    {line}" for line in found if line[:3] not in ("---", "+++") and line[:2] != "@@")


if __name__ == "__main__":
    main(sys.argv[1:])

"""docs/reference/conformance.md and the names of the tests tell the same story."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import pytest

from .read import ROOT, TESTS, name_of, nodes_of, text_of

PAGE = text_of(ROOT / "docs/reference/conformance.md")
GROUPS = ["CORE", "ROLE", "STOR", "TOK", "AGS", "NRPS", "DL", "DR", "MIG", "BAD", "OK", "SEC"]

ROW = re.compile(r"^\| ([A-Z]+-\d\d) \| \S.* \|$", re.M)
LATER = re.compile(r"^- ([A-Z]+)-(\d\d(?:(?:, | to )-\d\d)*): \S", re.M)
IN_NAME = re.compile(rf"_({'|'.join(GROUPS).lower()})_(\d+)(?:_to_\1_(\d+))?(?=_|$)")


def span(group: str, first: str, last: str) -> list[str]:
    """Return the ids from first to last; a number that is no two digits stays as it is, and so is unknown."""
    if not last:
        return [f"{group}-{first}"]
    return [f"{group}-{number:02}" for number in range(int(first), int(last) + 1)]


def ids_in_name(name: str) -> set[str]:
    """Return the ids that a test's name carries."""
    return {one for group, first, last in IN_NAME.findall(name) for one in span(group.upper(), first, last)}


@cache
def ids_of_tests() -> dict[str, set[str]]:
    """Return the ids of each test function below ``tests``."""
    found = {}
    for path in TESTS:
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[f"{name_of(path)}::{node.name}"] = ids_in_name(node.name)
    return found


FULFILLED = ROW.findall(PAGE)
NOT_YET = [
    one
    for group, numbers in LATER.findall(PAGE)
    for first, last in re.findall(r"(\d\d)(?: to -(\d\d))?", numbers)
    for one in span(group, first, last)
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("test_core_04_another_audience", {"CORE-04"}),
        ("test_core_05_sec_10_state_belongs_to_one_browser", {"CORE-05", "SEC-10"}),
        ("test_bad_08_to_bad_10_a_claim_is_missing", {"BAD-08", "BAD-09", "BAD-10"}),
        ("test_ok_02_to_ok_03_role_03", {"OK-02", "OK-03", "ROLE-03"}),
        ("test_sec_4_is_a_typo", {"SEC-4"}),
        ("test_a_book_01_is_no_id", set()),
    ],
)
def test_names_are_read_as_they_are_meant(name, ids):
    assert ids_in_name(name) == ids


def test_the_page_is_read_as_a_whole():
    """A row or line of another form would be overlooked."""
    lines = PAGE.splitlines()
    headings = sum(line.startswith(("| id |", "|---")) for line in lines)
    assert sum(line.startswith("|") for line in lines) - headings == len(FULFILLED)
    assert sum(line.startswith("- ") for line in lines) == len(LATER.findall(PAGE))
    assert {one.partition("-")[0] for one in (*FULFILLED, *NOT_YET)} == set(GROUPS)


def test_each_id_stands_once():
    assert [one for one, times in Counter((*FULFILLED, *NOT_YET)).items() if times > 1] == []


def test_what_is_fulfilled_has_a_test_of_that_name():
    tested = set().union(*ids_of_tests().values())
    assert [one for one in FULFILLED if one not in tested] == [], "no test function is named after these"


def test_each_id_in_a_name_is_one_of_the_page():
    known = {*FULFILLED, *NOT_YET}
    strange = {name: sorted(ids - known) for name, ids in ids_of_tests().items() if ids - known}
    assert strange == {}

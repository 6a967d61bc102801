"""The tests' own house rules: worlds live in modules of their own, and nothing of ours is replaced."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

import pytest

from tests.distribution import (
    CHARACTERS,
    DATABASES,
    OTHER_PLACE,
    SECONDS,
    computes_first,
    folder_of,
    place,
    rank,
)

from .read import ROOT, TESTS, name_of, nodes_of

OURS = ("lti_1p3_provider", "demo")
TOOLS = {"tests/mutants/run.py": "changes the app on purpose, and makes one key for all of its processes"}
REPLACES = {"setattr", "setitem", "delattr", "delitem", "patch", "object", "dict", "multiple"}


def imported(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return what each imported name stands for, as a dotted name."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {(one.asname or one.name).partition(".")[0]: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {one.asname or one.name: f"{module}.{one.name}" for one in node.names}
    return found


def is_module(dotted: str) -> bool:
    """Tell whether a dotted name is one of our modules or packages."""
    path = (ROOT if dotted.startswith("demo") else ROOT / "src").joinpath(*dotted.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def is_ours(dotted: str) -> bool:
    return dotted.partition(".")[0] in OURS


def replaced(nodes: Collection[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield line and name of everything of ours that is replaced: by a patch of any kind, or by an assignment."""
    known = imported(nodes)

    def dotted(node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.Name):
            return known.get(node.id, "")
        return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""

    for node in nodes:
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in REPLACES and is_ours(dotted(node.args[0])):
                yield node.lineno, dotted(node.args[0])
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            owner = dotted(target.value) if isinstance(target, ast.Attribute) else ""
            if is_ours(owner) and (is_module(owner) or owner.rpartition(".")[2][:1].isupper()):  # or of a class
                yield target.lineno, f"{owner}.{target.attr}"


def test_each_folder_of_tests_has_its_place_in_a_parallel_run():
    folders = {folder_of(name_of(path)) for path in TESTS if path.name.startswith("test_")}
    assert folders == set(SECONDS) - {OTHER_PLACE, CHARACTERS, DATABASES}


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/flows/test_launch.py::test_a[b::c]", "tests/flows/test_launch.py"),
        ("tests/unit/demo_lms/test_logins.py::test_a", "tests/unit/demo_lms/test_logins.py"),
        ("tests/browser/test_admin.py::test_a", "tests/browser"),
        ("tests/browser/test_accessible.py::test_a[b]", "tests/browser of two sites"),
        ("tests/browser/test_picking.py::test_a", "tests/browser of two sites"),
        ("tests/browser/test_blocked_cookies.py::test_a", "tests/browser of two other sites"),
        ("tests/faults/test_workers.py::test_a[pool process]", "tests/faults"),
        (
            f"{DATABASES}[mariadb]",
            f"{DATABASES}[mariadb]",
        ),
    ],
)
def test_what_shares_servers_stays_together(nodeid: str, expected: str) -> None:
    assert place(nodeid) == expected


def test_what_waits_begins_and_the_longest_of_it_and_of_the_rest() -> None:
    places = [
        ("tests/unit/test_a.py", 5),
        ("tests/processes", 2),
        ("tests/flows/test_a.py", 1),
        ("tests/flows/test_b.py", 2),
        ("tests/browser", 100),
        (f"{CHARACTERS}[utf8mb3/utf8mb4]", 1),
        (f"{DATABASES}[mariadb]", 1),
    ]
    names = [name for name, number in sorted(places, key=lambda one: rank(*one))]
    assert names == [
        "tests/browser",
        f"{DATABASES}[mariadb]",
        f"{CHARACTERS}[utf8mb3/utf8mb4]",
        "tests/processes",
        "tests/flows/test_b.py",
        "tests/flows/test_a.py",
        "tests/unit/test_a.py",
    ]


def test_every_other_process_begins_with_what_computes() -> None:
    places = ["tests/faults", "tests/browser", "tests/flows/test_a.py", "tests/unit/test_a.py"]

    def order(process: str) -> list[str]:
        return sorted(places, key=lambda one: rank(one, 1, process))

    assert order("gw0") == order("gw2") == places
    assert order("gw1") == order("gw3") == [*places[2:], *places[:2]]
    assert [computes_first(name) for name in ("", "master", "gw10", "gw11")] == [False, False, False, True]


def test_no_test_imports_from_another() -> None:
    found = {name_of(path): imported(nodes_of(path)).values() for path in TESTS}
    assert [
        (path, name)
        for path, names in found.items()
        for name in names
        if any(part.startswith("test_") for part in name.split(".")[:-1])
    ] == []


def test_nothing_of_ours_is_replaced() -> None:
    found = {name_of(path): list(replaced(nodes_of(path))) for path in TESTS}
    assert {path: what for path, what in found.items() if what and path not in TOOLS} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            "from lti_1p3_provider.lti import store\nmonkeypatch.setattr(store, 'get', f)",
            ["lti_1p3_provider.lti.store"],
        ),
        ("monkeypatch.setattr('lti_1p3_provider.lti.store.get', f)", ["lti_1p3_provider.lti.store.get"]),
        ("from demo.lms import grades\nwith mock.patch.object(grades, 'record'): ...", ["demo.lms.grades"]),
        (
            "from lti_1p3_provider.lti import store\nmonkeypatch.setattr(store.time, 'time', f)",
            ["lti_1p3_provider.lti.store.time"],
        ),
        ("from lti_1p3_provider.lti import store\nstore.get = f", ["lti_1p3_provider.lti.store.get"]),
        (
            "from lti_1p3_provider.users.models import PlatformUser\nPlatformUser.save = f",
            ["lti_1p3_provider.users.models.PlatformUser.save"],
        ),
        ("import time\nmonkeypatch.setattr(time, 'time', f)", []),
        ("from demo.platform import Platform\nplatform = Platform()\nplatform.clock = f", []),
    ],
)
def test_the_check_sees_what_is_replaced(source: str, found: list[str]) -> None:
    assert [name for _, name in replaced(list(ast.walk(ast.parse(source))))] == found

"""The tests' own house rules: worlds live in modules of their own, and nothing of ours is replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
OURS = ("lti_1p3_provider", "demo")
TOOLS = {"tests/mutants/run.py": "changes the app on purpose, and makes one key for all of its processes"}
REPLACES = {"setattr", "setitem", "delattr", "delitem", "patch", "object", "dict", "multiple"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, as a dotted name."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
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


def replaced(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of everything of ours that is replaced: by a patch of any kind, or by an assignment."""
    known = imported(tree)

    def dotted(node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.Name):
            return known.get(node.id, "")
        return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in REPLACES and is_ours(dotted(node.args[0])):
                yield node.lineno, dotted(node.args[0])
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            owner = dotted(target.value) if isinstance(target, ast.Attribute) else ""
            if is_ours(owner) and (is_module(owner) or owner.rpartition(".")[2][:1].isupper()):  # or of a class
                yield target.lineno, f"{owner}.{target.attr}"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_no_test_imports_from_another(path: Path) -> None:
    names = imported(ast.parse(path.read_text(encoding="utf-8"))).values()
    assert [name for name in names for part in name.split(".")[:-1] if part.startswith("test_")] == []


@pytest.mark.parametrize("path", [path for path in TESTS if name_of(path) not in TOOLS], ids=name_of)
def test_nothing_of_ours_is_replaced(path: Path) -> None:
    assert list(replaced(ast.parse(path.read_text(encoding="utf-8")))) == []


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
    assert [name for _, name in replaced(ast.parse(source))] == found

"""The house rules that can be checked: sizes, names, docstrings, words, and that each error is explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lti_1p3_provider import errors

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in (ROOT / "src").rglob("*.py") if "migrations" not in path.parts]
DEMO = [path for path in (ROOT / "demo").rglob("*.py") if "migrations" not in path.parts]
BANNED_NAMES = {"utils", "helpers", "services", "common", "manager", "misc"}
MAX_LINES, MAX_FUNCTION_LINES = 250, 40
LONGER_MODULES = {"errors.py": "one list of all refusals, searched by code"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES + DEMO, ids=name_of)
def test_modules_are_short_named_well_and_say_their_job(path):
    text = path.read_text(encoding="utf-8")
    if path.name not in LONGER_MODULES:
        assert len(text.splitlines()) <= MAX_LINES
    assert path.stem not in BANNED_NAMES
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module says its job"


@pytest.mark.parametrize("path", SOURCES + DEMO, ids=name_of)
def test_functions_fit_one_screen(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= MAX_FUNCTION_LINES, node.name


def bound(tree: ast.Module) -> list[str]:
    """Return what a module calls by a name of its own or of another's: the same name twice, if it says so twice."""
    imported = (
        name.asname or name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names
    )
    assigned = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
    stored = (one for node in assigned for one in ast.walk(node) if isinstance(one, ast.Name))
    return [*imported, *(one.id for one in stored if isinstance(one.ctx, ast.Store))]


@pytest.mark.parametrize("path", SOURCES + DEMO, ids=name_of)
def test_a_constant_hides_none_that_was_imported(path):
    constants = [name for name in bound(ast.parse(path.read_text(encoding="utf-8"))) if name.isupper() and name != "_"]
    assert len(set(constants)) == len(constants)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_public_things_have_a_docstring(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_django_settings_are_read_in_one_place():
    readers = [name_of(path) for path in SOURCES if re.search(r"django\.conf import .*settings", path.read_text())]
    assert readers == ["src/lti_1p3_provider/conf.py"]


def test_edx_platform_is_imported_only_in_its_seam_and_only_inside_functions():
    pattern = re.compile(r"^(\s*)(?:from|import) (?:lms|cms|common|openedx|xmodule|organizations)[. ]", re.M)
    for path in SOURCES:
        for indent in pattern.findall(path.read_text(encoding="utf-8")):
            assert "openedx" in path.parts, name_of(path)
            assert indent, f"{name_of(path)} imports it at module level"


def all_errors() -> list[type[errors.LtiError]]:
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.LtiError) and value is not errors.LtiError
    ]


def test_each_error_has_a_code_of_its_own():
    codes = [error.code for error in all_errors()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in codes)
    assert all(400 <= error.status < 600 for error in all_errors())


def test_each_error_is_explained_in_the_reference():
    reference = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^### `([a-z0-9_]+)`$", reference, re.M))
    assert described == {error.code for error in all_errors()}


def test_each_setting_is_in_the_reference():
    text = (ROOT / "src/lti_1p3_provider/conf.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"((?:ENABLE_LTI|LTI_)[A-Z0-9_]+)"', text))
    reference = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z0-9_]+)`", reference, re.M)) == names


def test_we_use_our_own_words():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8").replace("xblock-lti-consumer", "").replace("LTI Consumer", "")
        assert not re.search(r"\bconsumers?\b", text, re.I), name_of(path)

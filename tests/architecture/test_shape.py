"""The house rules that can be checked: sizes, names, docstrings, words, and that each error is explained."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from lti_1p3_provider import errors

from .read import DEMO, ROOT, SOURCES, name_of, nodes_of, text_of, tree_of

BANNED_NAMES = {"utils", "helpers", "services", "common", "manager", "misc"}
MAX_LINES, MAX_FUNCTION_LINES = 250, 40
LONGER_MODULES = {"errors.py": "one list of all refusals, searched by code"}


def wrong(paths: Iterable[Path], check: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """Return what a check finds wrong, by file."""
    found = {name_of(path): list(check(path)) for path in paths}
    return {name: problems for name, problems in found.items() if problems}


def about_module(path: Path) -> Iterator[str]:
    """Yield what is wrong with a module as a whole."""
    lines = len(text_of(path).splitlines())
    if path.name not in LONGER_MODULES and lines > MAX_LINES:
        yield f"{lines} lines"
    if path.stem in BANNED_NAMES:
        yield "its name says nothing"
    if text_of(path).strip() and not ast.get_docstring(tree_of(path)):
        yield "a module says its job"


def test_modules_are_short_named_well_and_say_their_job() -> None:
    assert wrong(SOURCES + DEMO, about_module) == {}


def long_functions(path: Path) -> Iterator[str]:
    """Yield functions that do not fit one screen."""
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{node.name}: {lines} lines"


def test_functions_fit_one_screen() -> None:
    assert wrong(SOURCES + DEMO, long_functions) == {}


def bound(tree: ast.Module) -> list[str]:
    """Return what a module calls by a name of its own or of another's: the same name twice, if it says so twice."""
    imported = (
        name.asname or name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names
    )
    assigned = (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
    stored = (one for node in assigned for one in ast.walk(node) if isinstance(one, ast.Name))
    return [*imported, *(one.id for one in stored if isinstance(one.ctx, ast.Store))]


def hidden_constants(path: Path) -> list[str]:
    """Return the constants that a module has twice."""
    constants = Counter(name for name in bound(tree_of(path)) if name.isupper() and name != "_")
    return [name for name, times in constants.items() if times > 1]


def test_a_constant_hides_none_that_was_imported() -> None:
    assert wrong(SOURCES + DEMO, hidden_constants) == {}


def without_docstring(path: Path) -> Iterator[str]:
    """Yield the public functions and classes that do not say what they are for."""
    for node in tree_of(path).body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and not ast.get_docstring(node):
            yield node.name


def test_public_things_have_a_docstring() -> None:
    assert wrong(SOURCES, without_docstring) == {}


@pytest.mark.parametrize(
    ("check", "name", "source", "found"),
    [
        (about_module, "a.py", "", []),
        (about_module, "a.py", "x = 1", ["a module says its job"]),
        (about_module, "utils.py", '"""Text."""', ["its name says nothing"]),
        (about_module, "a.py", '"""Text."""' + "\n" * 251, ["251 lines"]),
        (about_module, "errors.py", '"""Text."""' + "\n" * 251, []),
        (long_functions, "a.py", "class A:\n    async def f(self):\n" + "        pass\n" * 40, ["f: 41 lines"]),
        (long_functions, "a.py", "def f():\n" + "    pass\n" * 39, []),
        (hidden_constants, "a.py", "from b import LIMIT, small\nLIMIT = 3\nsmall = 3", ["LIMIT"]),
        (hidden_constants, "a.py", "A: int = 1\nB, A = 2, 3", ["A"]),
        (without_docstring, "a.py", "def f(): ...\nclass A: ...\ndef _f(): ...\ndef g():\n    'Text.'", ["f", "A"]),
    ],
)
def test_the_checks_see_what_is_wrong(check, name: str, source: str, found: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(source)
    assert list(check(path)) == found


def test_django_settings_are_read_in_one_place():
    readers = [name_of(path) for path in SOURCES if re.search(r"django\.conf import .*settings", text_of(path))]
    assert readers == ["src/lti_1p3_provider/conf.py"]


def test_edx_platform_is_imported_only_in_its_seam_and_only_inside_functions():
    pattern = re.compile(r"^(\s*)(?:from|import) (?:lms|cms|common|openedx|xmodule|organizations)[. ]", re.M)
    for path in SOURCES:
        for indent in pattern.findall(text_of(path)):
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
        text = text_of(path).replace("xblock-lti-consumer", "").replace("LTI Consumer", "")
        assert not re.search(r"\bconsumers?\b", text, re.I), name_of(path)

"""What the documents point to exists: files, headings, error codes with their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lti_1p3_provider.errors import causes

from .read import ROOT, name_of, text_of

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tutor_plugins").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """Return the text without code."""
    return re.sub(r"^ *```.*?^ *```", "", text_of(path), flags=re.M | re.S)


@cache
def headings(path: Path) -> set[str]:
    """Return the anchors that a page's headings have where Markdown is shown."""
    titles = re.findall(r"^#+ (.+)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path: Path) -> Iterator[str]:
    for link in LINK.findall(prose(path)):
        place, _, anchor = link.partition("#")
        if ":" in place:
            continue  # another site
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (anchor and anchor not in headings(target)):
            yield link


def test_links_lead_somewhere() -> None:
    broken = {name_of(path): list(broken_links(path)) for path in DOCUMENTS}
    assert {name: links for name, links in broken.items() if links} == {}


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("b.md", []),
        ("b.md#the-title-of-b", []),
        ("#a", []),
        ("https://lms.example/gone", []),
        ("gone.md", ["gone.md"]),
        ("b.md#gone", ["b.md#gone"]),
        ("#gone", ["#gone"]),
    ],
)
def test_the_check_sees_a_broken_link(link: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The title of `b`\n\n```\n# gone\n```\n")
    page = tmp_path / "a.md"
    page.write_text(f"# A\n\nRead [this]({link}).\n")
    assert list(broken_links(page)) == found


def test_troubleshooting_names_pages_by_what_they_say():
    """The index quotes the title of each error's page; a person compares it with the screen."""
    text = text_of(ROOT / "docs/how-to/troubleshoot/README.md")
    quoted = re.findall(r'^\| "([^"]+)" \| \[`(\w+)`\]', text, re.M)
    assert len(quoted) > 10
    assert quoted == [(str(causes()[code].title), code) for _, code in quoted]


def test_the_map_of_the_code_names_what_is_there():
    """Each package and module of the app has its line, and each file that the page names exists."""
    page = (ROOT / "docs/reference/architecture.md").read_text(encoding="utf-8")
    app = ROOT / "src/lti_1p3_provider"
    rooms = {path.stem for path in app.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    listed = set(re.findall(r"[a-z_0-9]+", "".join(line[:45] for line in page.split("```")[1].splitlines(True))))
    assert rooms - {"__init__", "migrations"} == listed
    files = set(re.findall(r"\b[a-z_0-9]+(?:/[a-z_0-9]+)+\.py\b", page))
    assert len(files) > 40
    assert {name for name in files if not (app / name).exists()} == set()

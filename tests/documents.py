"""The commands that the documents tell an operator to run."""

from __future__ import annotations

import re
import shlex

from demo.stack import ROOT


def blocks(document: str) -> list[list[str]]:
    """Return the commands that a document below ``docs/how-to`` shows in blocks, in order."""
    shown = "".join(re.findall(r"^ *```\n(.*?)^ *```", _text(document), re.M | re.S)).replace("\\\n", " ")
    return [shlex.split(line)[2:] for line in map(str.strip, shown.splitlines()) if line.startswith("manage.py lms ")]


def inline(document: str, after: str) -> list[list[str]]:
    """Return the commands that a paragraph names, which begins with these words."""
    paragraph = re.split(r"\n(?=- |\n)", _text(document).partition(after)[2], maxsplit=1)[0]
    named = re.findall(r"`(?:manage\.py lms )?((?:lti_1p3|migrate )[^`]+)`", " ".join(paragraph.split()))
    return [shlex.split(one) for one in named]


def _text(document: str) -> str:
    return (ROOT / "docs/how-to" / document).read_text(encoding="utf-8")

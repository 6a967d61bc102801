"""Turns what an author wrote into what a learner would see of it: texts, pictures, choices and fields, no markup.

It works by a list of what is shown. Solutions, hints, answers and scripts are left out with all that is in them, and no
attribute is taken over but the words for a picture, its address if that is among the course's own files, and the
options of a list. What it returns is plain text, and addresses on this site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

MAX_LENGTH = 4000  # characters that are shown of one block
MAX_READ = 80_000  # that are looked at
MAX_PICTURES = 10
SILENT = frozenset(("script", "style", "answer", "template", "iframe", "object", "head", "title", "textarea", "svg"))
SILENT |= {"solution", "solutionset", "targetedfeedback", "targetedfeedbackset", "math"}
HINT = re.compile(r"^[a-z]*hint[a-z]*$")
BREAKS = frozenset(("p", "div", "br", "hr", "li", "tr", "table", "ul", "ol", "section", "blockquote", "pre"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
KINDS = {"li": "item", "label": "question", "legend": "question", "choice": "choice", "option": "choice"}
KINDS |= dict.fromkeys(HEADINGS, "heading")
FIELDS = frozenset(("textline", "formulaequationinput", "textbox", "codeinput"))
TYPED = frozenset(("stringresponse", "numericalresponse", "formularesponse"))  # have a field, written down or not
FILE = re.compile(r"/(?:asset-v1:|assets/courseware/|c4x/)[^\s\\\"'<>]+")  # of a course, as the LMS serves them
OPTION = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph. ``kind``: ``text``, ``heading``, ``item``, ``question``, ``choice``, ``field`` or ``picture``.
    ``address`` is a picture's, a path on this site; empty for one from elsewhere, of which only the words are known."""

    kind: str
    text: str = ""
    address: str = ""


def parts(markup: str) -> tuple[Part, ...]:
    """Return what a learner reads of a text's HTML or a problem's XML. Nothing of a comment; at most ``MAX_LENGTH``."""
    reader, whole = _Reader(), markup[: MAX_READ + 1]
    if len(whole) > MAX_READ:  # half a tag would be read as text
        whole = whole[: whole.rfind("<")]
    reader.feed(whole)
    reader.close()
    reader.end_part()
    return tuple(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self._kind, self._words = "text", ""
        self._silent: list[str] = []  # tags that are open and silence what is in them
        self._length, self._has_field = 0, True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _is_silent(tag):
            self._silent.append(tag)
        if self._silent:
            return
        said = dict(attrs)
        if tag in TYPED:
            self._has_field = False
        if tag in KINDS or tag in BREAKS:
            self.end_part(KINDS.get(tag, "text") if tag not in ("p", "div", "br") else self._kind)
        if tag in FIELDS:
            self._has_field = True
            self._add("field")
        elif tag == "optioninput":
            for one, other in OPTION.findall(said.get("options") or ""):
                self._add("choice", one or other)
        elif tag == "img":
            self._picture(said.get("alt") or "", said.get("src") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
        elif tag in TYPED and not self._has_field:
            self._add("field")
        elif tag in KINDS:
            self.end_part()
        elif tag in BREAKS:
            self.end_part(self._kind if tag in ("p", "div", "br") else "text")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words += data

    def end_part(self, next_kind: str = "text") -> None:
        """Close a paragraph; an empty one is none."""
        text = " ".join(self._words.split())
        if text and self._length < MAX_LENGTH:
            self.parts.append(Part(self._kind, text[: MAX_LENGTH - self._length]))
            self._length += len(text)
        self._kind, self._words = next_kind, ""

    def _picture(self, text: str, address: str) -> None:
        """Show one of the course's own; name another one."""
        is_ours = bool(FILE.fullmatch(address)) and ".." not in address
        if (is_ours or text) and sum(one.kind == "picture" for one in self.parts) < MAX_PICTURES:
            self._add("picture", text, address if is_ours else "")

    def _add(self, kind: str, text: str = "", address: str = "") -> None:
        kept = self._kind
        self.end_part(kept)
        self.parts.append(Part(kind, text, address))


def _is_silent(tag: str) -> bool:
    return tag in SILENT or bool(HINT.match(tag))

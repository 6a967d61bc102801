"""Turns what an author wrote into what a learner would see of it: text, pictures, choices and fields, without markup.
Does the same with what is known of a video.

It knows what is shown, and leaves out everything else: solutions, hints, answers and scripts go with everything in
them. Of attributes it takes only a picture's description, its address if that is one of the course's own files, and the
options of a list. It returns plain text, and addresses on this site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from lti_1p3_provider.host.sources import Video

MAX_LENGTH = 4000  # characters that are shown of one block
MAX_READ = 80_000  # that are looked at
MAX_PICTURES = 10  # and embedded things
MAX_PARTS = 300
MAX_TRANSCRIPT = 600  # characters of what is said in a video
SILENT = frozenset(("script", "style", "answer", "template", "iframe", "object", "head", "title", "textarea", "svg"))
SILENT |= {"video", "audio", "solution", "solutionset", "targetedfeedback", "targetedfeedbackset", "math"}
HINT = re.compile(r"^[a-z]*hint[a-z]*$")
BREAKS = frozenset(("p", "div", "br", "hr", "li", "tr", "table", "ul", "ol", "section", "blockquote", "pre"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
KINDS = {"li": "item", "label": "question", "legend": "question", "choice": "choice", "option": "choice"}
KINDS |= dict.fromkeys(HEADINGS, "heading")
FIELDS = frozenset(("textline", "formulaequationinput", "textbox", "codeinput", "chemicalequationinput"))
PICTURES = {"img": "src", "imageinput": "src", "drag_and_drop_input": "img"}  # which attribute has the address
EMBEDDED = frozenset(("iframe", "video", "audio", "object", "embed"))
TYPED = frozenset(("stringresponse", "numericalresponse", "formularesponse"))  # have a field, written down or not
FILE = re.compile(r"/(?:asset-v1:|assets/courseware/|c4x/)[^\s\\\"'<>]+")  # of a course, as the LMS serves them
COMPUTED = re.compile(r"\$[A-Za-z_]\w*")  # what a problem's own script fills in, for each learner another way
OPTION = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph. ``kind``: ``text``, ``heading``, ``item``, ``question``, ``choice``, ``field``, ``picture``,
    ``embedded`` (a player or a page of another site, with its name if it has one), ``length`` (of a video) or ``said``
    (in a video). ``address``: a picture's path on this site; empty for a picture from elsewhere, of which only the
    description is used."""

    kind: str
    text: str = ""
    address: str = ""


def parts(markup: str) -> tuple[Part, ...]:
    """Return what a learner reads of a text's HTML or a problem's XML, without comments; at most ``MAX_LENGTH``."""
    reader, whole = _Reader(), markup[: MAX_READ + 1]
    if len(whole) > MAX_READ:  # half a tag would be read as text
        whole = whole[: whole.rfind("<")]
    if "loncapa/python" in whole:
        whole = COMPUTED.sub("…", whole)
    reader.feed(whole)
    reader.close()
    reader.end_part()
    return tuple(reader.parts)


def film(video: Video) -> tuple[Part, ...]:
    """Return what is known of a video: its picture, its length, and its first sentences."""
    seconds = round(video.seconds or 0)
    minutes = f"{seconds // 60 % 60:02}:{seconds % 60:02}"
    length = f"{seconds // 3600}:{minutes}" if seconds >= 3600 else minutes.removeprefix("0")
    words = " ".join(video.transcript.split())
    if len(words) > MAX_TRANSCRIPT:
        words = f"{words[:MAX_TRANSCRIPT].rpartition(' ')[0] or words[:MAX_TRANSCRIPT]} …"
    told = (
        Part("picture", "", video.poster) if video.poster else None,
        Part("length", length) if seconds else None,
        Part("said", words) if words else None,
    )
    return tuple(filter(None, told))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self._kind, self._words = "text", ""
        self._silent: list[str] = []  # tags that are open and silence what is in them
        self._length, self._has_field = 0, True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in EMBEDDED and not self._silent:
            self._show("embedded", said.get("title") or said.get("aria-label") or "")
        if _is_silent(tag):
            self._silent.append(tag)
        if self._silent:
            return
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
        elif tag in PICTURES:
            self._picture(said.get("alt") or "", said.get(PICTURES[tag]) or "")

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
        if text and self._length < MAX_LENGTH and len(self.parts) < MAX_PARTS:
            self.parts.append(Part(self._kind, text[: MAX_LENGTH - self._length]))
            self._length += len(text)
        self._kind, self._words = next_kind, ""

    def _picture(self, text: str, address: str) -> None:
        """Show a picture of the course's own; describe one from elsewhere."""
        is_ours = bool(FILE.fullmatch(address)) and ".." not in address
        if is_ours or text:
            self._show("picture", text, address if is_ours else "")

    def _show(self, kind: str, text: str, address: str = "") -> None:
        if sum(one.kind == kind for one in self.parts) < MAX_PICTURES:
            self._add(kind, text[:MAX_LENGTH], address)

    def _add(self, kind: str, text: str = "", address: str = "") -> None:
        kept = self._kind
        self.end_part(kept)
        if len(self.parts) < MAX_PARTS:
            self.parts.append(Part(kind, text, address))


def _is_silent(tag: str) -> bool:
    return tag in SILENT or bool(HINT.match(tag))

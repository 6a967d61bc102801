"""What a block holds, for somebody who thinks of choosing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Video:
    """What the LMS knows of a video without playing it. ``seconds``: how long it is, None if nobody knows. ``poster``:
    the address of its picture on this site, empty for none or one elsewhere. ``transcript``: what is said in it, plain
    text, in the reader's language if there is one."""

    seconds: float | None = None
    poster: str = ""
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """``markup``: the HTML of a text or the XML of a problem, as its author wrote it, with solutions: never shown as it
    is. Files of the course have the addresses that browsers ask."""

    markup: str = ""
    video: Video | None = None

"""The sources of a block's preview, before it is chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Video:
    """What the LMS knows of a video without playing it. ``seconds``: its length, None if unknown. ``poster``: the
    address of its picture on this site; empty if there is none, or it is elsewhere. ``transcript``: plain text, in the
    reader's language if possible."""

    seconds: float | None = None
    poster: str = ""
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """``markup``: the HTML of a text or the XML of a problem, as its author wrote it, with solutions: it is never shown
    as it is. Files of the course have the addresses that browsers ask for."""

    markup: str = ""
    video: Video | None = None

"""How something that was tried turned out."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """``WRONG``: something does not work. ``NOTICE``: it works, or nobody can tell yet, but a person should know."""

    GOOD = "good"
    NOTICE = "notice"
    WRONG = "wrong"

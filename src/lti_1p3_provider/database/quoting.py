"""Quotes strangers' texts in messages for the operator: short, on one line, in characters that every database can
store."""

from __future__ import annotations

import re

from lti_1p3_provider.database.storable import INSTEAD, NEVER

MAX_LENGTH = 100
UNCLEAN = re.compile(f"[{NEVER}\x01-\x1f\x7f-\x9f]")
PASSWORD = re.compile(r"//[^/@]*@")


def quoted(text: str, longest: int = MAX_LENGTH) -> str:
    """Return the beginning of ``text`` in quotation marks; ``longest`` is in characters."""
    line = UNCLEAN.sub(INSTEAD, " ".join(text[: 10 * longest].split()))
    return f"'{line[:longest]}…'" if len(line) > longest else f"'{line}'"


def quoted_address(url: str) -> str:
    """Return an address in quotation marks, without what may be a secret: query, fragment and password."""
    return quoted(PASSWORD.sub("//", re.split("[?#]", url, maxsplit=1)[0]))

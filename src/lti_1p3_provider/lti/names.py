"""People's names, as platforms send them and people may choose them. Only what belongs in a name is let in.

Names appear in the LMS's pages, in mails to others, and in tables that staff open in a spreadsheet. So a name may hold
no markup, nothing that a mail program turns into a link, and no beginning that a spreadsheet takes for a formula.
"""

from __future__ import annotations

import re
import unicodedata

TAG = re.compile(r"<[^<>]*>?")
ADDRESS = re.compile(r"\S*://\S*|\S+@\S+|\bwww\.\S*|(?<!\S)(?:mailto|javascript|data|tel):\S*", re.IGNORECASE)
HOST_WITH_PATH = re.compile(r"\S+\.[^\W\d_]{2,}[/?#]\S*")
HOST = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
FORMULA = "=+-@|%\t\r\uff1d\uff0b\uff0d\uff20"  # in both widths
MAX_LENGTH = 300  # characters that are looked at; the LMS keeps 255
JOINERS = "\u200c\u200d"  # letters of some scripts need them


def plain_name(text: str) -> str:
    """Return the name in ``text``, on one line; empty if nothing is left."""
    visible = "".join(map(_visible, unicodedata.normalize("NFC", text[:MAX_LENGTH])))
    without = HOST_WITH_PATH.sub(" ", ADDRESS.sub(" ", TAG.sub(" ", visible))).replace("<", " ").replace(">", " ")
    apart = HOST.sub(". ", without)  # "ada.lovelace" stays a name, and "evil.example" is no host any more
    return " ".join(apart.split()).lstrip(FORMULA + " ")


def _visible(character: str) -> str:
    """Drop invisible characters: they can change the direction of the text around them, or hide an address in it."""
    kind = unicodedata.category(character)
    if kind in ("Cf", "Co", "Cn") and character not in JOINERS:
        return ""
    return " " if kind == "Cc" else character

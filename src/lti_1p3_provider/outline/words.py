"""Turns titles into words that every database can find by their beginnings, in any script.

A title's words are stored in a column of their own, in plain ASCII: ``_zlight``. So it does not matter how a database's
charset, collation or full-text parser treats accents, scripts, short words and stop words: the same search finds the
same on all of them. Case and accents are dropped. A character outside ASCII becomes five ASCII characters, so the
beginning of a word is still its beginning. In scripts without spaces, each pair of neighbours is a word, and so is the
last character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MARK = "_z"  # begins each word and is nowhere else: no word is too short for an index, or one of its stop words
MAX_WORD = 60  # of ASCII; an index may have a limit at 84
MAX_SEARCHED = 8  # words of one search
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u0640\u200b-\u200f\u00ad]")
SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
PARTS = re.compile(f"{SPACELESS.pattern}|[^{SPACELESS.pattern[1:-2]}]+")


def indexed(title: str, longest: int) -> str:
    """Return a title's words for the column, each once, as many as fit into ``longest`` characters."""
    found, length = [], 0
    for word in dict.fromkeys(_coded(part) for part in _words(title, alone=True)):
        length += len(MARK) + len(word) + 1
        if length > longest:
            break
        found.append(MARK + word)
    return " ".join(found)


def searched(text: str) -> tuple[str, ...]:
    """Return the beginnings of words, as the column has them, that a title must have to be found by ``text``.

    None of them: there is nothing to search for.
    """
    words = [MARK + _coded(part) for part in _words(text, alone=False)]
    kept = [one for one in dict.fromkeys(words) if not any(other.startswith(one) and other != one for other in words)]
    return tuple(kept[:MAX_SEARCHED])


def folded(text: str) -> str:
    """Return the text without case and accents."""
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", ACCENTS.sub("", apart)).casefold()


def _words(text: str, *, alone: bool) -> Iterator[str]:
    """Yield the words. A stretch without spaces yields its pairs, and its last character if ``alone`` or if it is the
    only one."""
    for word in _stretches(folded(text)):
        for part in PARTS.findall(word):
            if not SPACELESS.fullmatch(part):
                yield part
                continue
            yield from (part[at : at + 2] for at in range(len(part) - 1))
            if alone or len(part) == 1:
                yield part[-1]


def _stretches(text: str) -> Iterable[str]:
    """Split at everything that is not a letter, a digit or a mark on one."""
    return "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in text).split()


def _coded(word: str) -> str:
    coded = "".join(one if one.isascii() else f"_{ord(one):04x}" for one in word)
    if len(coded) <= MAX_WORD:
        return coded
    cut = coded[:MAX_WORD]
    return cut[: cut.rfind("_")] if "_" in cut[-5:] and not cut[-5:].startswith("_") else cut

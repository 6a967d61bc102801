"""Words of titles: the same search finds the same on every database, in any script."""

from __future__ import annotations

from lti_1p3_provider.outline.words import MARK, MAX_SEARCHED, MAX_WORD, indexed, searched
from tests.cases import every


def finds(text: str, title: str) -> bool:
    """As the database decides: each beginning is somewhere in the column, behind a mark."""
    column, words = indexed(title, 1000), searched(text)
    return bool(words) and all(word in column for word in words)


@every(
    "text, title",
    [
        ("photo", "Photosynthesis"),
        ("SYNTH 2", "2. Synthesis"),
        ("ete", "Été"),
        ("été", "ete"),
        ("e\u0301te\u0301", "Été"),
        ("strasse", "Straße"),
        ("istanbul", "İstanbul"),
        ("глаг", "Глагол"),
        ("ежик", "Ёжик"),
        ("αθηνα", "Αθήνα"),
        ("العربية", "الْعَرَبِيَّة"),
        ("שלום", "שָׁלוֹם"),
        ("व्याकर", "व्याकरण क्रिया"),
        ("문법", "한국어 문법"),
        ("光合", "光合作用"),
        ("合作用", "光合作用"),
        ("用", "光合作用"),
        ("ひら", "ひらがな"),
        ("がな", "ひらか\u3099な"),
        ("ﾋﾗ", "ヒラ"),
        ("ภาษา", "ภาษาไทย"),
        ("pH", "What pH is"),
        ("the", "The cell"),
        ("1/2", "1 / 2"),
        ("c++", "C++ for all"),
        ("don't", "Don't"),
        ("smile", "😀 smile"),
    ],
)
def test_is_found(text, title):
    assert finds(text, title)


@every(
    "text, title",
    [
        ("synthesis", "Photosynthesis"),
        ("光用", "光合作用"),
        ("作合", "光合作用"),
        ("%", "100 %"),
        ("_", "a_b"),
        ("*", "anything"),
        ("' OR 1", "x"),
        ("", "x"),
        ("x0444", "ф"),
        ("0444", "ф"),
        ("444", "фф"),
    ],
)
def test_is_not_found(text, title):
    assert not finds(text, title)


@every("title", ["Été 光合作用 глагол", "a" * 500, "я" * 255, "光" * 255, "😀" * 50, "\x00\ud800", "x" * 59 + "яя"])
def test_the_column_is_plain_and_short_and_begins_each_word_with_a_mark(title):
    column = indexed(title, 1000)
    assert column.isascii()
    assert len(column) <= 1000
    for word in column.split():
        assert word.startswith(MARK)
        assert MARK not in word[1 + len(MARK) :]
        assert len(word) <= len(MARK) + MAX_WORD


@every("word", ["a" * 100, "я" * 100, "x" * 58 + "я" * 9, "x" * 55 + "я1я1"])
def test_words_that_are_too_long_are_found_by_themselves_and_by_their_beginnings(word):
    assert finds(word, word)
    assert finds(word[:30], word)
    assert finds(word[:57], word)


def test_a_search_has_few_words_and_none_twice():
    assert len(searched(" ".join(f"w{number}" for number in range(100)))) == MAX_SEARCHED
    assert searched("pro problem PROBLEM") == (f"{MARK}problem",)

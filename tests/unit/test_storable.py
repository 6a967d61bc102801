"""Which characters a database keeps, by its charsets; and which of its errors pass by themselves."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError
from django.http import QueryDict

from lti_1p3_provider.database import storable
from lti_1p3_provider.database.conflicts import described, is_conflict, traced
from lti_1p3_provider.database.searching import reduced
from lti_1p3_provider.database.storable import Repertoire
from lti_1p3_provider.errors import TextNotKept
from tests.cases import every

NAMES = ["a", "é", "家", "\uffff", "\U00010000", "\U0001f389", "\U0010ffff"]


@every(
    "charsets, kept",
    [
        ((), "aé家\uffff\U00010000\U0001f389\U0010ffff"),
        (("utf8mb4",), "aé家\uffff\U00010000\U0001f389\U0010ffff"),
        (("utf8mb3", "utf8mb4"), "aé家\uffff\ufffd"),
        (("utf8",), "aé家\uffff\ufffd"),
        (("ucs2", "utf16"), "aé家\uffff\ufffd"),
        (("latin1", "utf8mb4"), "aé???"),
        (("ascii",), "a????"),
        (("a charset of the future",), "a????"),
        (("koi8r",), "a????"),
        (("big5",), "a?家??"),
    ],
)
def test_what_is_kept(charsets, kept):
    found = Repertoire(charsets).reduced("".join(NAMES))
    assert found == kept
    assert Repertoire(charsets).reduced(found) == found


@every("charsets", [(), ("utf8mb4",), ("utf8mb3",)])
@every("text", ["a\0b", "a\ud800b", "a\0\ud83d\0b"])
def test_what_no_database_keeps(charsets, text):
    assert Repertoire(charsets).reduced(text) == "a\ufffdb"


def test_a_reduced_text_is_no_longer_than_it_was():
    assert Repertoire(("utf8mb3",)).reduced("\U0001f389" * 300) == "\ufffd"


def test_a_database_that_keeps_all_is_not_asked():
    """No database is at hand in this test."""
    assert storable.reduce("\U0001f389\0") == "\U0001f389\ufffd"
    assert storable.keeps("\U0001f389")
    assert not storable.keeps("\0")
    assert storable.require("", "sub") == ""
    with pytest.raises(TextNotKept, match=r"sub holds U\+0000"):
        storable.require("a\0", "sub")
    with pytest.raises(TextNotKept, match=r"sub holds U\+D800"):
        storable.require("\ud800\0", "sub")


def test_sentences_of_forms():
    assert storable.problem_with("a\U0001f389") is None
    assert storable.problem_with({"a": ["b"]}) is None
    assert storable.problem_with("a\0") == "This site's database does not keep U+0000."
    assert storable.problem_with({"a": ["\ud800", "\ud801"]}) == "This site's database does not keep U+D800, U+D801."


def test_searches_are_reduced():
    given = QueryDict(mutable=True)
    given.setlist("q", ["a\0", "b"])
    assert reduced(given).getlist("q") == ["a\ufffd", "b"]
    assert reduced(QueryDict("q=a&q=b&o=1")).urlencode() == "q=a&q=b&o=1"


# --- errors -----------------------------------------------------------------------------------------------------------


def around(beneath: BaseException, error: Exception) -> Exception:
    """Return the error as Django raises it."""
    error.__cause__ = beneath
    return error


class Psycopg(Exception):
    """As psycopg 3's errors."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("it says secret")
        self.sqlstate = sqlstate


class Psycopg2(Exception):
    """As psycopg2's."""

    def __init__(self, pgcode: str) -> None:
        super().__init__("it says secret")
        self.pgcode = pgcode


def of_sqlite(code: int, name: str) -> Exception:
    error = sqlite3.OperationalError("secret")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


CONFLICTS = [
    *(OperationalError(number, "secret") for number in (1020, 1205, 1213, 3572)),
    around(OperationalError(1213, "secret"), ProgrammingError("the transaction is over")),
    *(around(Psycopg(state), OperationalError("secret")) for state in ("40001", "40P01", "55P03")),
    around(Psycopg2("40P01"), OperationalError("secret")),
    *(around(of_sqlite(code, "SQLITE_BUSY"), OperationalError("secret")) for code in (5, 6, 261, 517)),
]
OTHERS = [
    *(OperationalError(number, "secret") for number in (1366, 1267, 2006, 2013, 1040, 5, 6)),
    DataError(1406, "secret"),
    IntegrityError(1062, "secret"),
    OperationalError("database is locked"),  # who says so?
    OperationalError(),
    *(around(Psycopg(state), DataError("secret")) for state in ("22021", "23505", "57014")),
    *(around(of_sqlite(code, "SQLITE_ERROR"), OperationalError("secret")) for code in (1, 8, 13)),
]


@every("error", CONFLICTS)
def test_another_transaction_was_first(error):
    assert is_conflict(error)


@every("error", OTHERS)
def test_other_errors_do_not_pass_by_themselves(error):
    assert not is_conflict(error)


def test_sqlite_itself_says_that_it_is_busy(tmp_path):
    with sqlite3.connect(tmp_path / "x", timeout=0) as one, sqlite3.connect(tmp_path / "x", timeout=0) as other:
        one.execute("CREATE TABLE x (y)")
        one.commit()
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("BEGIN IMMEDIATE")
    assert is_conflict(around(caught.value, OperationalError("locked")))


@every("error", [*CONFLICTS, *OTHERS])
def test_nothing_that_was_to_be_stored_is_told(error):
    assert "secret" not in described(error) + traced(error)


def test_the_number_is_told():
    assert described(OperationalError(1366, "secret")) == "OperationalError 1366"
    assert described(around(Psycopg("22021"), DataError("secret"))) == "DataError 22021"
    assert described(around(of_sqlite(8, "SQLITE_READONLY"), DataError("x"))) == "DataError SQLITE_READONLY"
    assert described(DataError("secret")) == "DataError"

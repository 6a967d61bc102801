"""Where a list goes on: what comes back from a browser may be anything."""

from __future__ import annotations

import base64

from lti_1p3_provider.database.cursors import MAX_TEXT, place, text
from tests.cases import every


@every("where", [("", ""), ("light, \u05d0\u05d5\u05e8", "course-v1:A+B+C"), ("x" * 255, "y" * 255)])
def test_a_place_comes_back_as_it_was(where: tuple[str, str]):
    assert place(text(where)) == where
    assert text(None) == ""


@every(
    "made_up",
    [
        '["\\ud800", "x"]',
        '["a\\u0000", "x"]',
        '["a"]',
        '["a", 1]',
        '["a", null]',
        '{"a": "b"}',
        "[" * (MAX_TEXT // 2),
        f'["{"a" * MAX_TEXT}", "x"]',
        "NaN",
        "",
    ],
)
def test_what_is_no_place_begins_anew(made_up: str):
    assert place(base64.urlsafe_b64encode(made_up.encode()).decode().rstrip("=")) is None


@every("made_up", ["", "%%%", "\u00e9", "9" * 5000, "\x00"])
def test_what_is_no_text_of_ours_begins_anew(made_up: str):
    assert place(made_up) is None

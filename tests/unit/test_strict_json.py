"""SEC-25: which JSON of strangers is read, with each limit at its edge."""

from __future__ import annotations

import json

import pytest

from lti_1p3_provider.lti.strict_json import parse_object, parse_objects, parse_objects_in
from tests.cases import every


def nested(levels: int, opening: str, closing: str) -> str:
    """Return an object with containers inside, ``levels`` below each other."""
    return '{"a": ' + opening * levels + closing * levels + "}"


def test_values_are_what_they_say():
    text = '{"text": "é", "number": 1.5, "negative": -2, "list": [true, null], "object": {"a": 1}}'
    value = {"text": "é", "number": 1.5, "negative": -2, "list": [True, None], "object": {"a": 1}}
    assert parse_object(text) == parse_object(text.encode()) == value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": [', "]}")], ids=["lists", "objects"])
def test_sec_25_depth(opening, closing):
    levels = 10 if "{" in opening else 20
    assert parse_object(nested(levels, opening, closing))
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_object(nested(levels + 1, opening, closing))


def test_sec_25_what_the_deepest_list_holds_does_not_count():
    assert parse_object(nested(20, "[", "]").replace("[]", '[1, "a", null]'))


def test_sec_25_depth_that_the_parser_cannot_follow():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_object(nested(100_000, "[", "]"))


@every("form", ["list", "object", "a list further in"])
def test_sec_25_how_many_members_there_are_is_for_the_limit_of_bytes_to_say(form):
    if form == "object":
        text = "{" + ", ".join(f'"{number}": 1' for number in range(5000)) + "}"
    else:
        numbers = "[" + ", ".join(["1"] * 5000) + "]"
        text = '{"a": ' + (numbers if form == "list" else f'[{{"b": {numbers}}}, []]') + "}"
    assert parse_object(text)


@every(
    "text, said",
    [
        ('{"a": 1, "a": 1}', "twice"),
        ('{"b": {"a": 1, "a": 2}}', "twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": Infinity}', "Infinity"),
        ('{"a": [-Infinity]}', "-Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": -1e999}', "too large"),
        ("[]", "not a JSON object"),
        ('"{}"', "not a JSON object"),
        ("", "Expecting value"),
        ('{"a": 1} {}', "Extra data"),
    ],
)
def test_sec_25_what_is_no_sane_object(text, said):
    with pytest.raises(ValueError, match=said):
        parse_object(text)


def test_sec_25_bytes_that_are_no_text():
    with pytest.raises(ValueError, match="decode"):
        parse_object(b'{"a": "\xff"}')


def test_sec_25_a_list_of_objects_has_20_000_at_most():
    assert parse_objects(json.dumps([{"a": [1]}] * 20_000)) == [{"a": [1]}] * 20_000
    with pytest.raises(ValueError, match="not a list of at most 20000 JSON objects"):
        parse_objects(json.dumps([{}] * 20_001))


@every(
    "text",
    [
        "{}",
        '"[]"',
        "[1]",
        "[[]]",
        "[null]",
        "[null, 1]",
        '{"a": {}}',
        "null",
        '{"1": {}, "a": {}}',
        '{"1": {}, "1": {}}',
        '{"1": 1}',
    ],
)
def test_sec_25_what_is_no_list_of_objects(text):
    with pytest.raises(ValueError, match="not a list of"):
        parse_objects(text)


def test_php_writes_a_list_with_holes_as_an_object():
    assert parse_objects('{"1": {"a": 1}, "7": {"a": 2}, "8": 7}') == [{"a": 1}, {"a": 2}]
    assert parse_objects_in('{"members": {"3": {"a": 1}, "5": 5}}', "members") == ([{"a": 1}], 1)


@every("odd", ["null", "1", "[]", '"x"', nested(21, "[", "]"), '{"a": 1, "a": 2}', '{"a": [{"b": 1, "b": 1}]}'])
def test_sec_25_an_odd_entry_of_a_list_is_left_out(odd):
    assert parse_objects(f'[{odd}, {{"a": 1}}, {odd}]') == [{"a": 1}]


@every("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000, "-" + "9" * 5000])
def test_sec_25_a_number_that_is_none_spoils_no_list(number):
    first, second = parse_objects(f'[{{"a": {number}}}, {{"a": 1}}]')
    assert not abs(first["a"]) < 1e308
    assert second == {"a": 1}


def test_sec_25_a_list_that_the_parser_cannot_follow():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_objects(f"[{nested(100_000, '[', ']')}]")

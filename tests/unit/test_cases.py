"""``every`` tries each case once, and tells which ones failed."""

from __future__ import annotations

import inspect

import pytest

from tests.cases import every


def test_all_combinations_are_tried_with_the_same_fixtures():
    seen = []

    @every("letter, number", [("a", 1), ("b", 2)])
    @every("flag", (one for one in (False, True)))
    def tried(world, letter, number, flag):
        seen.append((world, letter, number, flag))

    assert list(inspect.signature(tried).parameters) == ["world"]
    tried(world="w")
    assert seen == [("w", "a", 1, False), ("w", "a", 1, True), ("w", "b", 2, False), ("w", "b", 2, True)]


def test_whatever_fails_is_named_and_the_others_are_tried():
    seen = []

    @every("number", [1, 2, 3])
    def tried(number):
        seen.append(number)
        assert number == 2

    with pytest.raises(BaseExceptionGroup) as caught:
        tried()
    assert seen == [1, 2, 3]
    assert [error.__notes__ for error in caught.value.exceptions] == [["number = 1"], ["number = 3"]]


def test_one_that_fails_fails_as_it_does_alone():
    @every("number", [1, 2])
    def tried(number):
        with pytest.raises(ZeroDivisionError):
            1 / (number - 1)

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE") as caught:
        tried()
    assert caught.value.__notes__ == ["number = 2"]


def test_a_case_has_as_many_values_as_there_are_names():
    @every("one, other", [(1, 2, 3)])
    def tried(one, other): ...

    with pytest.raises(ValueError, match="zip"):
        tried()


def test_a_table_without_cases_is_refused():
    with pytest.raises(ValueError, match="no cases of number"):
        every("number", ())

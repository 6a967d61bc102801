"""The bar of commands that take long."""

from __future__ import annotations

import io
import itertools

import pytest

from lti_1p3_provider.management.progress import followed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is_and_how_long_the_rest_takes():
    screen, clock = Terminal(), itertools.count().__next__  # each look at the clock is a second later
    assert list(followed("abcd", 4, screen, lambda: float(clock()))) == ["a", "b", "c", "d"]
    drawings = screen.getvalue().split("\r")[1:]
    assert drawings[0].startswith(f"[{' ' * 30}] 0/4")
    assert "2/4, 0:0" in drawings[2]
    assert drawings[-1].startswith(f"[{'#' * 30}] 4/4 in 0:")
    assert drawings[-1].endswith("\n")


def test_logs_get_no_bar():
    log = io.StringIO()
    assert list(followed("ab", 2, log)) == ["a", "b"]
    assert log.getvalue() == ""


def test_nothing_to_do_and_an_end_in_the_middle_leave_a_whole_line():
    screen = Terminal()
    assert list(followed((), 0, screen)) == []
    assert screen.getvalue().endswith("\n")
    screen = Terminal()
    rows = followed("abc", 3, screen)
    next(rows)
    rows.close()
    assert screen.getvalue().endswith("\n")
    with pytest.raises(StopIteration):
        next(rows)

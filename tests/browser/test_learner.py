"""A learner's day: content in a frame and in a window, several tabs, and somebody else at the same computer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .visitor import RIGHT_COLOURS, WIDTH, Visitor, choose, expect, open_in_page, open_in_window, problem, score, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

ADA, CLEO = "u-1001", "u-1003"


def test_an_answer_in_the_frame_reaches_the_open_gradebook(visitor: Visitor, picture: Callable[[Page, str], None]):
    page = visitor.course(ADA)
    gradebook = visitor.gradebook()
    ada = score(gradebook, "Ada Park", "Primary colours")
    expect(ada).to_have_text("–")
    gradebook.evaluate("window.notReloaded = true")

    frame = open_in_page(page, "Primary colours")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Primary colours")
    said = submit(problem(frame, "Primary colours"), *RIGHT_COLOURS)

    expect(said).to_have_text("4 of 4 points")
    expect(ada).to_have_text("100")
    assert gradebook.evaluate("window.notReloaded")
    picture(page, "demo-frame")
    picture(gradebook, "demo-gradebook")


def test_a_subsection_in_a_new_window_sends_the_score_of_all_its_problems(visitor: Visitor):
    gradebook = visitor.gradebook()
    window = open_in_window(visitor.course(ADA), "Light in numbers")

    expect(submit(problem(window, "How fast is light?"), text="300000")).to_have_text("3 of 3 points")
    expect(submit(problem(window, "Name the unit"), text="hertz")).to_have_text("1 of 1 points")

    expect(score(gradebook, "Ada Park", "Light in numbers")).to_have_text("100")


def test_two_tabs_with_two_links_both_go_on_taking_answers(visitor: Visitor):
    first, second = visitor.course(CLEO), visitor.course(CLEO)
    colours = open_in_page(first, "Primary colours")
    mixing = open_in_page(second, "Mixing colours")

    expect(submit(problem(colours, "Primary colours"), *RIGHT_COLOURS)).to_have_text("4 of 4 points")
    expect(submit(problem(mixing, "White light"), "White light")).to_have_text("2 of 2 points")
    expect(submit(problem(colours, "Primary colours"), "Yellow")).to_have_text("0 of 4 points")


def test_what_was_answered_is_still_there_after_a_new_launch(visitor: Visitor):
    said = submit(problem(visitor.launch("problem", CLEO), "Primary colours"), "Yellow")
    expect(said).to_have_text("0 of 4 points")  # it has been taken
    again = problem(visitor.launch("problem", CLEO), "Primary colours")
    expect(again.get_by_role("status")).to_have_text(re.compile("of 4 points"))
    expect(again.get_by_label("Yellow")).to_be_checked()


def test_another_person_in_the_same_browser_ends_the_first_ones_session(visitor: Visitor):
    gradebook = visitor.gradebook()
    ada, ben = (score(gradebook, name, "Primary colours") for name in ("Ada Park", "Ben Osei"))
    before = ada.inner_text()
    adas_problem = problem(open_in_page(visitor.course(ADA), "Primary colours"), "Primary colours")
    adas_window = visitor.launch("welcome", ADA)
    course = visitor.course(ADA)
    choose(course, "Ben Osei")
    bens_problem = problem(open_in_page(course, "Primary colours"), "Primary colours")

    expect(submit(adas_problem, *RIGHT_COLOURS)).to_contain_text("Your session has ended")
    adas_window.reload()
    expect(
        adas_window.get_by_role("heading", name="Another activity was opened in this browser, with another account")
    ).to_be_visible()
    expect(adas_window.get_by_text("go to its course and open it from there again")).to_be_visible()

    expect(submit(bens_problem, "Yellow")).to_have_text("0 of 4 points")
    expect(ben).to_have_text("0")
    expect(ada).to_have_text(before)


def test_the_frame_becomes_as_high_as_the_content_and_shrinks_again(visitor: Visitor):
    page = visitor.course(ADA)
    page.set_viewport_size({"width": WIDTH, "height": 400})
    frame = open_in_page(page, "Light in numbers")
    tool = page.locator("#tool")

    page.wait_for_function("document.querySelector('#tool').clientHeight > 400")
    inside = next(one for one in page.frames if one.parent_frame is not None)
    inside.wait_for_function("document.documentElement.scrollHeight <= window.innerHeight + 1")  # no scroll bar
    whole = tool.bounding_box()["height"]
    frame.locator("body").evaluate("body => [...body.children].slice(0, -2).forEach((one) => one.remove())")
    page.wait_for_function("whole => document.querySelector('#tool').clientHeight < whole - 50", arg=whole)

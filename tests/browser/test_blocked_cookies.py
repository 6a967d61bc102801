"""A learner in the course page's frame, in browsers that treat the LMS's cookies there in different ways."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from demo.stack import Stack

from .browsers import Profile
from .reading import require_readable
from .two_sites import Kind
from .visitor import (
    NARROW,
    RIGHT_COLOURS,
    STRIP,
    Visitor,
    arrived,
    expect,
    problem,
    require_score,
    scores_of_class,
    submit,
    tell_platform,
    whole,
)

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

COOKIES = Kind()
PARTITIONED = Kind(blocks_third_party=True)
NOTHING = Kind(blocks_third_party=True, takes_partitioned=False)
STORED = replace(NOTHING, storage="_parent")
IN_FRAME = {"cookies": COOKIES, "partitioned": PARTITIONED}
IN_WINDOW = {
    "stored": STORED,
    "stored-in-a-named-frame": replace(NOTHING, storage="post_message_forwarding"),
    "stored-and-not-announced": replace(STORED, announced=False),
    "nothing": NOTHING,
    "storage-answers-with-an-error": replace(STORED, storage_answers="error"),
    "storage-does-not-answer": replace(STORED, storage_answers="nothing"),
}
PROBLEM = "Primary colours"
LEARNER, TEACHER = "u-1003", "u-2001"
GO = "Open in a new window"
NUMBERS = itertools.count(1)


@pytest.fixture
def learner(profile_of: Callable[[Kind], Profile], sites: Stack) -> Iterator[Any]:
    """Return a function that makes somebody with such a browser, without cookies or open pages of anybody else."""
    used = []

    def arrive(kind: Kind) -> Visitor:
        used.append(profile_of(kind))
        return Visitor(used[-1].as_new(), sites)

    yield arrive
    for profile in used:
        profile.leave()


@pytest.fixture
def somebody(sites: Stack) -> Callable[[], tuple[str, str]]:
    """Return a function that adds a person to the course and returns id and name."""

    def add() -> tuple[str, str]:
        number = next(NUMBERS)
        person, name = f"u-blocked-{number}", f"Learner {number:03}"
        tell_platform(sites, "people", {"id": person, "name": name, "email": f"{person}@platform.example"})
        return person, name

    return add


@pytest.fixture(scope="module")
def a_score(profile_of: Callable[[Kind], Profile], sites: Stack) -> None:
    """Somebody of the class has one."""
    profile = profile_of(COOKIES)
    window = Visitor(profile.as_new(), sites).launch("problem", LEARNER)
    submit(problem(window, PROBLEM), *RIGHT_COLOURS)
    expect(window.locator(STRIP)).to_contain_text("Sent to")
    profile.leave()


def open_course_page(visitor: Visitor, kind: Kind, person: str, link: str = "problem") -> Page:
    """Open the page of the course that shows a link in its frame."""
    page = visitor.context.new_page()
    kind.be_patient(page)
    page.goto(f"{visitor.stack.platform_url}/links/{link}?person={person}&{kind.query}")
    return page


def framed(page: Page) -> FrameLocator:
    """Return what the course page shows in its frame."""
    return page.frame_locator("#tool")


def in_new_window(page: Page) -> Page:
    """Click once, and return the window that opens."""
    page.bring_to_front()  # a tab in the background may not take a click
    expect(framed(page).get_by_role("heading", level=1)).to_have_text("Open this activity in a new window")
    whole(framed(page).get_by_role("button", name=GO))
    with page.expect_popup() as opened:
        framed(page).get_by_role("button", name=GO).click()
    expect(arrived(opened.value)).to_be_visible()
    return opened.value


@pytest.mark.parametrize("kind", IN_FRAME.values(), ids=IN_FRAME)
def test_stor_06_the_learner_works_in_the_frame_where_any_cookies_work_and_after_coming_back(learner, somebody, kind):
    visitor, (person, name) = learner(kind), somebody()
    page = open_course_page(visitor, kind, person)
    require_score(visitor.stack, framed(page), name, PROBLEM)
    kept = visitor.context.cookies(visitor.stack.lms_url)
    assert {bool(cookie.get("partitionKey")) for cookie in kept} == {kind == PARTITIONED}

    leave_and_come_back(page)
    expect(submit(problem(framed(page), PROBLEM), "Yellow")).to_have_text("0 of 4 points")

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(framed(page).get_by_label("Yellow")).to_be_checked()
    assert any("/lti/1p3/login/" in url for url in asked)
    assert not any("browser_check" in url for url in asked), "what works here was known already"


@pytest.mark.parametrize("kind", IN_WINDOW.values(), ids=IN_WINDOW)
def test_stor_02_to_stor_06_the_learner_works_in_a_new_window_after_one_click(learner, somebody, kind):
    visitor, (person, name) = learner(kind), somebody()
    page = open_course_page(visitor, kind, person)
    page.set_viewport_size(NARROW)  # where all of these pages can be read
    expect(framed(page).get_by_role("button", name=GO)).to_be_visible()
    require_readable(page)
    window = in_new_window(page)
    require_readable(window)
    require_score(visitor.stack, window, name, PROBLEM)
    page.bring_to_front()
    expect(framed(page).get_by_text("The activity is open in another window")).to_be_visible()
    expect(framed(page).get_by_role("button", name=GO)).to_be_hidden()
    require_readable(page)


@pytest.mark.parametrize("kind", [COOKIES, PARTITIONED, NOTHING], ids=["cookies", "partitioned", "nothing"])
@pytest.mark.usefixtures("a_score")
def test_whoever_teaches_sees_their_class_and_stays_who_they_are_at_the_lms(learner, sites, kind):
    visitor = learner(kind)
    admin = sign_in_as_admin(visitor, sites)
    page = open_course_page(visitor, kind, TEACHER)
    place = in_new_window(page) if kind == NOTHING else framed(page)
    window = scores_of_class(place)
    expect(window.get_by_role("cell", name="Primary colours").first).to_be_visible()
    window.get_by_role("button", name="Show").click()
    expect(window.get_by_role("heading", level=1, name="Scores of your class")).to_be_visible()
    if kind == PARTITIONED:  # with other cookies, the launch itself is the browser's new session
        admin.reload()
        expect(admin.get_by_role("heading", name="Site administration")).to_be_visible()


@pytest.mark.parametrize("kind", [PARTITIONED, STORED, NOTHING], ids=["partitioned", "stored", "nothing"])
def test_stor_06_two_tabs_both_go_on_taking_answers(learner, somebody, kind):
    visitor, (person, _) = learner(kind), somebody()
    pages = [open_course_page(visitor, kind, person, link) for link in ("problem", "unit")]
    places = [framed(page) for page in pages] if kind == PARTITIONED else [in_new_window(page) for page in pages]
    colours, mixing = places
    expect(submit(problem(colours, PROBLEM), *RIGHT_COLOURS)).to_have_text("4 of 4 points")
    expect(submit(problem(mixing, "White light"), "White light")).to_have_text("2 of 2 points")
    expect(submit(problem(colours, PROBLEM), "Yellow")).to_have_text("0 of 4 points")


@pytest.mark.parametrize("kind", [PARTITIONED, STORED, NOTHING], ids=["partitioned", "stored", "nothing"])
def test_sec_21_somebody_of_the_lms_in_the_same_browser_stays_signed_in_and_out_of_the_frame(
    learner, somebody, sites, kind
):
    visitor, (person, _) = learner(kind), somebody()
    admin = sign_in_as_admin(visitor, sites)
    frame = framed(open_course_page(visitor, kind, person))
    expect(arrived(frame)).to_be_visible()
    if kind == PARTITIONED:
        expect(submit(problem(frame, PROBLEM), *RIGHT_COLOURS)).to_have_text("4 of 4 points")
    admin.bring_to_front()
    admin.reload()
    expect(admin.get_by_role("heading", name="Site administration")).to_be_visible()


def test_stor_06_who_comes_back_to_the_course_page_can_work_in_the_window(learner, somebody):
    visitor, (person, _) = learner(NOTHING), somebody()
    page = open_course_page(visitor, NOTHING, person)
    leave_and_come_back(page)
    expect(submit(problem(in_new_window(page), PROBLEM), *RIGHT_COLOURS)).to_have_text("4 of 4 points")


def test_stor_06_who_comes_back_to_a_hand_over_is_told_what_to_do(learner, somebody):
    visitor, (person, _) = learner(STORED), somebody()
    page = open_course_page(visitor, STORED, person)
    whole(framed(page).get_by_role("button", name=GO))
    leave_and_come_back(page)
    expect(framed(page).get_by_text("Go back to your course and open this activity again.")).to_be_visible()


def test_stor_06_a_hand_over_that_waited_too_long_says_what_to_do(learner, somebody):
    visitor, (person, _) = learner(STORED), somebody()
    page = visitor.context.new_page()
    STORED.be_patient(page)
    page.clock.install()
    page.goto(f"{visitor.stack.platform_url}/links/problem?person={person}&{STORED.query}")
    whole(framed(page).get_by_role("button", name=GO))  # and its clock runs
    page.clock.fast_forward(60_000)
    expect(framed(page).get_by_text("This page waited too long.")).to_be_visible()
    expect(framed(page).get_by_role("button", name=GO)).to_be_hidden()


def leave_and_come_back(page: Page) -> None:
    """Follow a link of the course page, once its frame shows something, and press Back."""
    whole(arrived(framed(page)))
    page.get_by_role("link", name="A course on another platform").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
    page.go_back(wait_until="commit")


def sign_in_as_admin(visitor: Visitor, sites: Stack) -> Page:
    """Sign in to the LMS itself, in a tab of its own."""
    page = visitor.context.new_page()
    page.goto(f"{sites.lms_url}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(sites.facts["admin_password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    return page


# --- many frames at once ----------------------------------------------------------------------------------------------

FRAMES = 10
# To press each key in each frame costs more than all their launches.
ANSWER = """(form, choices) => {
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = choices.includes(box.value);
  form.requestSubmit();
}"""


def open_many(visitor: Visitor, kind: Kind, person: str) -> Page:
    """Open a page of the platform with ten frames, which all launch at once."""
    page = visitor.context.new_page()
    page.goto(f"{visitor.stack.platform_url}/gradebook")
    sources = [f"/launch/{link}?person={person}&target=iframe&{kind.query}" for link in ("problem", "unit")]
    show = """(sources) => document.body.replaceChildren(...sources.map((src, number) =>
        Object.assign(document.createElement("iframe"), { id: `tool${number}`, src, height: 500, width: 900 })))"""
    page.evaluate(show, [sources[number % 2] for number in range(FRAMES)])
    return page


def require_all_work(page: Page, points: int, *choices: str) -> None:
    """All ten show content, and only then is each answered."""
    forms = [problem(page.frame_locator(f"#tool{number}"), PROBLEM) for number in range(FRAMES)]
    for form in forms:
        whole(form)
    for form in forms:
        form.evaluate(ANSWER, choices)
    for form in forms:
        expect(form.get_by_role("status")).to_have_text(f"{points} of 4 points")


@pytest.mark.parametrize("kind", IN_FRAME.values(), ids=IN_FRAME)
def test_stor_06_ten_frames_of_one_page_all_take_answers_at_the_first_visit_and_later(learner, somebody, kind):
    visitor, (person, _) = learner(kind), somebody()
    for points, choices in ((4, RIGHT_COLOURS), (0, ["Yellow"])):  # another result than the one that is there already
        page = open_many(visitor, kind, person)
        require_all_work(page, points, *choices)
        page.close()
    cookies = {cookie["name"] for cookie in visitor.context.cookies(visitor.stack.lms_url)}
    assert not any(name.startswith("edx") for name in cookies)

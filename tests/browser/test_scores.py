"""Where scores are, on the screen: the learner's strip, the course team's page, the administrator's picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from demo.stack import Stack

from .browsers import VIEWPORT, Profile
from .reading import require_readable
from .visitor import NARROW, RIGHT_COLOURS, STRIP, Visitor, compare, expect, look, open_in_page, problem, submit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COURSE = "course-v1:DemoX+LTI101+2026"
BEN, CLEO, TEACHER = "u-1002", "u-1003", "u-2001"
KATHMANDU = "Asia/Kathmandu"  # three quarters of an hour off everybody else


@pytest.fixture
def in_kathmandu(browser: Browser, stack: Stack) -> Iterator[Visitor]:
    """Somebody with a browser in Kathmandu."""
    with browser.new_context(timezone_id=KATHMANDU, locale="en-US", viewport=VIEWPORT) as context:  # type: ignore[arg-type]
        profile = Profile(context)
        yield Visitor(context, stack)
        profile.leave()


def clock() -> str:
    """Return a pattern of the times of day that a browser in Kathmandu shows for what happens in the next minutes."""
    now = datetime.now(ZoneInfo(KATHMANDU))
    times = [f"{now + timedelta(minutes=later):%-I:%M %p}" for later in (0, 1, 2)]
    return "|".join(times).replace(" ", r"\s")  # a narrow no-break space in some browsers


def test_the_strip_follows_an_answer_in_the_frame_and_speaks_the_browsers_time(in_kathmandu: Visitor):
    page = in_kathmandu.course(BEN)
    frame = open_in_page(page, "Primary colours")
    strip = frame.locator(STRIP)
    expect(strip).to_have_attribute("role", "status")
    expect(strip).to_have_attribute("aria-live", "polite")
    answered = clock()
    submit(problem(frame, "Primary colours"), *RIGHT_COLOURS)
    expect(strip).to_have_text(re.compile(rf"Sent to Riverside College at ({answered}) \(4/4\)\."))
    look(page, "strip-desktop")


def test_the_strip_tells_of_a_unit_that_is_collected_and_then_sent_and_is_seen_in_a_frame_that_scrolls(
    visitor: Visitor,
):
    window = visitor.launch("unit", BEN)
    strip = window.locator(STRIP)
    submit(problem(window, "White light"), "White light")
    expect(strip).to_contain_text("Sent to Riverside College")
    expect(strip).to_be_in_viewport()
    # As in a platform that gives a frame one height and takes no other: the content is higher than that.
    window.set_viewport_size({"width": 1000, "height": 300})
    for place in ("0", "document.body.scrollHeight"):
        window.evaluate(f"window.scrollTo(0, {place})")
        expect(strip).to_be_in_viewport(ratio=1)
    assert strip.evaluate("strip => strip.getBoundingClientRect().height") < 32


def test_an_ungraded_page_has_an_empty_strip(visitor: Visitor):
    window = visitor.launch("welcome", CLEO)
    window.wait_for_load_state("networkidle")
    expect(window.locator(STRIP)).to_have_text("")
    assert window.locator(STRIP).evaluate("strip => strip.getBoundingClientRect().height") == 0


def test_the_strip_is_readable_on_a_narrow_screen(narrow_visitor: Visitor):
    window = narrow_visitor.launch("problem", CLEO)
    submit(problem(window, "Primary colours"), *RIGHT_COLOURS)
    expect(window.locator(STRIP)).to_contain_text("Sent to")
    require_readable(window)
    look(window, "strip-320")


def test_the_strip_stands_in_the_way_of_no_answer_when_its_server_fails(visitor: Visitor):
    window = visitor.launch("problem", CLEO)
    window.route("**/scores/mine/**", lambda route: route.fulfill(status=500, body="<p>"))
    window.reload()
    expect(submit(problem(window, "Primary colours"), *RIGHT_COLOURS)).to_have_text(re.compile("of 4 points"))
    expect(window.locator(STRIP)).to_have_text("")


def test_the_course_teams_page_is_readable_in_the_browsers_zone_and_sends_again(visitor: Visitor, admin: Page):
    window = visitor.launch("problem", CLEO)
    submit(problem(window, "Primary colours"), *RIGHT_COLOURS)
    expect(window.locator(STRIP)).to_contain_text("Sent to")
    admin.goto(f"{visitor.stack.lms_url}/lti/1p3/scores/{COURSE}/?state=sent")
    require_readable(admin)
    expect(admin.get_by_role("columnheader", name="What happens next")).to_be_visible()
    moment = admin.locator("time").first
    form = "new Intl.DateTimeFormat('en', {dateStyle: 'medium', timeStyle: 'short'})"
    expect(moment).to_have_text(moment.evaluate(f"time => {form}.format(new Date(time.dateTime))"))
    assert moment.get_attribute("title").endswith(" UTC")
    look(admin, "course-desktop")
    before = admin.viewport_size
    admin.set_viewport_size(NARROW)  # type: ignore[arg-type]
    require_readable(admin)
    look(admin, "course-320")
    admin.set_viewport_size(before)  # type: ignore[arg-type]

    admin.get_by_role("checkbox", name=re.compile("Primary colours")).first.check()
    admin.get_by_role("button", name="Send the ticked scores again").click()
    expect(admin.get_by_role("status")).to_have_text("1 score will be sent.")
    admin.get_by_label("Username").fill("nobody")
    admin.get_by_role("button", name="Show", exact=True).click()
    expect(admin.get_by_text("No score matches.")).to_be_visible()


def test_the_course_team_compares_and_sends_in_one_step(visitor: Visitor, admin: Page):
    window = visitor.launch("problem", CLEO)
    submit(problem(window, "Primary colours"), *RIGHT_COLOURS)
    expect(window.locator(STRIP)).to_contain_text("Sent to")
    admin.goto(f"{visitor.stack.lms_url}/lti/1p3/scores/{COURSE}/")
    look(admin, "compare-before")
    found = compare(admin)
    expect(found).to_contain_text("Compared at")
    expect(found).to_contain_text(re.compile("as (it was|they were) sent"))
    require_readable(admin)
    look(admin, "compare-desktop")
    before = admin.viewport_size
    admin.set_viewport_size(NARROW)  # type: ignore[arg-type]
    require_readable(admin)
    look(admin, "compare-320")
    admin.set_viewport_size(before)  # type: ignore[arg-type]


def test_whoever_teaches_reads_that_their_answers_do_not_count(visitor: Visitor):
    window = visitor.launch("problem", TEACHER)
    expect(window.locator(STRIP)).to_contain_text("your own answers here do not count")
    expect(window.locator(STRIP)).to_be_in_viewport()
    look(window, "strip-teacher")


def test_the_list_of_registrations_fits_a_screen(visitor: Visitor, admin: Page):
    before = admin.viewport_size
    admin.set_viewport_size({"width": 1280, "height": 800})
    admin.goto(f"{visitor.stack.lms_url}/admin/lti_1p3_provider/registration/")
    look(admin, "registrations-1280")
    cut_off = "(one => one.scrollWidth - one.clientWidth)(document.querySelector('#changelist-form .results'))"
    assert admin.evaluate(cut_off) <= 0  # beside the filter and the admin's own menu
    admin.set_viewport_size(before)  # type: ignore[arg-type]


def test_an_administrator_sees_the_picture_of_a_registration(visitor: Visitor, admin: Page):
    window = visitor.launch("problem", CLEO)
    submit(problem(window, "Primary colours"), *RIGHT_COLOURS)
    expect(window.locator(STRIP)).to_contain_text("Sent to")
    admin.goto(f"{visitor.stack.lms_url}/admin/")
    admin.get_by_role("link", name="Registrations", exact=True).first.click()
    ours = admin.get_by_role("row").filter(has=admin.get_by_role("link", name=re.compile("^Riverside College")))
    ours.get_by_role("link", name="delivered, waiting, given up").click()
    expect(admin.get_by_role("img", name=re.compile("The last 14 days"))).to_be_visible()
    assert admin.locator("path.lti-delivered").first.get_attribute("d")
    look(admin, "admin-desktop")
    before = admin.viewport_size
    admin.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert admin.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    look(admin, "admin-320")
    admin.set_viewport_size(before)  # type: ignore[arg-type]

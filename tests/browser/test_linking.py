"""New people choose an account, from a frame of another site: a new one in the frame, or their own in a window."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .accessible import require_accessible
from .browsers import USUAL, Profile
from .linking import begun, let_choose, linked_person, opened, own_accounts, sign_in
from .reading import require_readable
from .two_sites import Kind
from .visitor import NARROW, Visitor, arrived, expect, look, problem, require_score, tell_platform, whole

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

PARTITIONED = Kind(blocks_third_party=True)
NOTHING = Kind(blocks_third_party=True, takes_partitioned=False)
STORED = Kind(blocks_third_party=True, takes_partitioned=False, storage="_parent")
PROBLEM, TITLE = "Primary colours", "Your account on this site"
WIDE = {"width": 1100, "height": 760}
USE, GO = "Use this account", "Open in a new window"
OWN = tuple(f"own-{number}" for number in range(1, 12))
ACCOUNTS = iter(OWN)
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def _people_may_choose(sites: Stack) -> Iterator[None]:
    own_accounts(sites, *OWN)
    let_choose(sites)
    yield
    let_choose(sites, "new")


@pytest.fixture
def newcomer(profile_of: Callable[[Kind], Profile], sites: Stack) -> Iterator[Callable[..., Newcomer]]:
    """Return a function that adds a person to the platform's course, and opens the page that shows them the problem in
    its frame, in a browser without cookies or open pages of anybody else."""
    used: list[Profile] = []

    def add(kind: Kind = USUAL) -> Newcomer:
        profile = profile_of(kind)
        if not used:
            profile.as_new()
        used.append(profile)
        person = f"u-linking-{next(NUMBERS)}"
        tell_platform(sites, "people", {"id": person, "name": person, "email": f"{person}@platform.example"})
        return Newcomer(Visitor(profile.context, sites), kind, person)

    yield add
    for profile in used:
        profile.leave()


@dataclass
class Newcomer:
    """Somebody who launches for the first time."""

    visitor: Visitor
    kind: Kind
    person: str

    def open(self) -> tuple[Page, FrameLocator]:
        """Open the platform's page with its frame, in a new tab."""
        page = self.visitor.context.new_page()
        self.kind.be_patient(page)
        page.goto(f"{self.visitor.stack.platform_url}/links/problem?person={self.person}&{self.kind.query}")
        return page, page.frame_locator("#tool")

    def asked(self) -> FrameLocator:
        """Open it, and wait until the frame asks."""
        frame = self.open()[1]
        expect(frame.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        return frame

    def proved(self, name: str, password: str = "") -> Page:
        """Open it, and sign in to an account; return the window."""
        window = begun(self.asked())
        sign_in(window, name, password)
        return window

    def works(self, place: Page | FrameLocator) -> None:
        """Answer the problem; the score must arrive in the platform's gradebook."""
        require_score(self.visitor.stack, place, self.person, PROBLEM)


def looked_at(window: Page, name: str) -> None:
    """Look at a page: wide and light, narrow and dark, and from right to left."""
    window.bring_to_front()
    seen: str | None = None
    for scheme, size, direction in (("light", WIDE, "ltr"), ("dark", NARROW, "ltr"), ("dark", NARROW, "rtl")):
        window.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        window.set_viewport_size(size)  # type: ignore[arg-type]
        window.evaluate("to => { document.documentElement.dir = to }", direction)
        look(window, f"{name}-{scheme}-{size['width']}-{direction}")
        require_readable(window)
        seen = require_accessible(window, seen=seen)


def pressed(window: Page, name: str) -> None:
    """Press a button of a page in the front."""
    window.bring_to_front()
    window.get_by_role("button", name=name, exact=True).click()


# --- a new account ----------------------------------------------------------------------------------------------------


def test_going_on_with_a_new_account_stays_in_the_frame(newcomer):
    somebody = newcomer(PARTITIONED)
    page, frame = somebody.open()
    expect(frame.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
    page.set_viewport_size(NARROW)
    require_readable(page)
    look(page, "choice-in-a-frame")
    page.set_viewport_size(WIDE)
    frame.get_by_role("button", name="Go on", exact=True).click()
    somebody.works(frame)


def test_where_the_platform_keeps_the_proof_going_on_leads_to_a_window(newcomer):
    somebody = newcomer(STORED)
    frame = somebody.asked()
    frame.get_by_role("button", name="Go on", exact=True).click()
    go = frame.get_by_role("button", name=GO)
    whole(go)
    with go.page.expect_popup() as opened:
        go.click()
    somebody.works(opened.value)


def test_where_no_cookie_works_the_window_asks(newcomer):
    somebody = newcomer(NOTHING)
    page, frame = somebody.open()
    with page.expect_popup() as opened:
        frame.get_by_role("button", name=GO).click()
    window = opened.value
    expect(window.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
    pressed(window, "Go on")
    somebody.works(window)


# --- one's own --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PARTITIONED, STORED], ids=["partitioned", "stored"])
def test_ones_own_account_is_proved_in_a_window_though_somebody_is_signed_in_there(newcomer, sites, kind):
    somebody, own, other = newcomer(kind), next(ACCOUNTS), next(ACCOUNTS)
    before = somebody.visitor.context.new_page()
    before.goto(f"{sites.lms_url}/login")
    before.get_by_label("Username").fill(other)
    before.get_by_label("Password").fill(other)
    before.get_by_role("button", name="Sign in").click()
    before.wait_for_url(lambda url: "/login" not in url)
    window = somebody.proved(own)
    if kind == PARTITIONED:
        looked_at(window, "confirm")
    expect(window.get_by_text(f"calls you {somebody.person}")).to_be_visible()
    pressed(window, USE)
    somebody.works(window)
    page, frame = somebody.open()  # and is not asked again
    if kind == PARTITIONED:
        expect(problem(frame, PROBLEM).get_by_label("Red")).to_be_checked()
    else:
        expect(frame.get_by_role("button", name=GO)).to_be_visible()
    page.close()
    taken = newcomer(kind).proved(own)  # it is that account, as the next person finds out
    expect(taken.get_by_role("heading", level=1)).to_have_text(
        "This account is in use by somebody else from your learning platform"
    )


def test_a_window_that_was_closed_is_opened_again(newcomer):
    somebody, own = newcomer(), next(ACCOUNTS)
    frame = somebody.asked()
    begun(frame).close()
    window = begun(frame)
    sign_in(window, own)
    window.close()
    window = opened(frame)
    expect(window.get_by_text(f"You are signed in as {own}.")).to_be_visible()
    pressed(window, USE)
    somebody.works(window)


def test_of_two_windows_the_last_one_counts_and_an_older_page_says_so(newcomer):
    somebody, first_own, second_own = newcomer(), next(ACCOUNTS), next(ACCOUNTS)
    frame = somebody.asked()
    first = begun(frame)
    sign_in(first, first_own)
    second = opened(frame)
    expect(second.get_by_text(f"You are signed in as {first_own}.")).to_be_visible()
    pressed(second, "Sign in with another one")
    sign_in(second, second_own)
    pressed(first, USE)
    expect(first.get_by_text(f"You are signed in as {second_own}.")).to_be_visible()
    pressed(first, USE)
    somebody.works(first)
    pressed(second, USE)
    expect(second.get_by_role("heading", level=1)).to_have_text("This choice of an account is no longer valid")


def test_after_it_is_done_back_and_the_frames_buttons_lead_nowhere_else(newcomer):
    somebody, own = newcomer(), next(ACCOUNTS)
    page, frame = somebody.open()
    window = begun(frame)
    sign_in(window, own)
    pressed(window, USE)
    expect(arrived(window)).to_have_text(PROBLEM)
    window.go_back()
    expect(window.get_by_role("heading", level=1)).to_have_text("This choice of an account is no longer valid")
    window.reload()
    expect(window.get_by_role("heading", level=1)).to_have_text("This choice of an account is no longer valid")
    window.close()
    page.bring_to_front()
    frame.get_by_role("button", name="Go on", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("This choice of an account is no longer valid")
    expect(frame.get_by_role("link", name="Back to your course")).to_be_visible()
    page.reload()
    expect(problem(frame, PROBLEM)).to_be_visible()


# --- accounts that cannot be used -------------------------------------------------------------------------------------


def test_from_an_account_of_staff_the_way_on_is_a_new_account(newcomer, sites):
    somebody = newcomer()
    window = somebody.proved("admin", sites.facts["admin_password"])
    expect(window.get_by_role("heading", level=1)).to_have_text(
        "Your account on this site cannot be used from another learning platform"
    )
    looked_at(window, "conflict-staff")
    pressed(window, "Go on with a new account")
    somebody.works(window)


def test_from_somebody_elses_account_the_way_on_is_another_one(newcomer):
    first, own = newcomer(), next(ACCOUNTS)
    window = first.proved(own)
    pressed(window, USE)
    expect(arrived(window)).to_have_text(PROBLEM)
    second, other = newcomer(), next(ACCOUNTS)
    window = second.proved(own)
    looked_at(window, "conflict-taken")
    pressed(window, "Sign in with another one")
    sign_in(window, other)
    pressed(window, USE)
    second.works(window)


def test_whoever_chose_twice_goes_on_with_the_account_that_they_use(newcomer):
    somebody, own = newcomer(PARTITIONED), next(ACCOUNTS)
    window = somebody.proved(own)
    new = somebody.asked()
    new.get_by_role("button", name="Go on", exact=True).click()
    expect(problem(new, PROBLEM)).to_be_visible()
    pressed(window, USE)
    expect(window.get_by_role("heading", level=1)).to_have_text("You already use another account here")
    looked_at(window, "conflict-chosen-before")
    pressed(window, "Go on with the account that I use")
    somebody.works(window)


# --- a whole course ---------------------------------------------------------------------------------------------------


def test_a_whole_course_asks_the_owner_of_a_linked_account_to_sign_in(newcomer, sites):
    visitor, person = newcomer().visitor, "u-owner"
    window = visitor.launch(linked_person(sites, person), person)
    expect(window.get_by_role("heading", level=1)).to_have_text("Sign in to open this course")
    looked_at(window, "course-sign-in")
    pressed(window, "Sign in with my account")
    window.get_by_label("Username").fill(person)
    window.get_by_label("Password").fill(person)
    pressed(window, "Sign in")
    window.wait_for_url("**/home")
    expect(problem(window, PROBLEM)).to_be_visible()

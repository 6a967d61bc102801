"""axe-core on every page of ours: light and dark, wide and at 320 px. What is not visited here fails.

The pages that only somebody sees whose browser takes no cookies in frames are visited in one in which their scripts
find none; what browsers really do is in ``test_blocked_cookies.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import lti_1p3_provider
from demo.stack import Stack

from .accessible import require_accessible
from .browsers import USUAL, Profile
from .linking import begun, let_choose, linked_person, own_accounts, sign_in
from .reading import require_frame_readable, require_scheme
from .two_sites import Kind
from .visitor import (
    NARROW,
    RIGHT_COLOURS,
    STRIP,
    Visitor,
    arrived,
    compare,
    expect,
    look,
    problem,
    scores_of_class,
    submit,
    tell_platform,
    until_shown,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Frame, Page

TEMPLATES = Path(lti_1p3_provider.__file__).parent / "templates" / "lti_1p3_provider"
COURSE = "course-v1:DemoX+LTI101+2026"
UNIT, GONE = (f"block-v1:DemoX+LTI101+2026+type@vertical+block@{name}" for name in ("mixing", "gone"))
NO_COOKIES = """Object.defineProperty(Document.prototype, "cookie", { get: () => "", set: () => {} })"""
ADD = "Add to the course"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"

# What each template is recognized by on a page.
MARKS: Mapping[str, str] = {
    "account_choice.html": "form[action$='account/prove/']",
    "account_confirm.html": "input[name=account]",
    "account_conflict.html": "form[action$='account/new/'] + form[action$='account/prove/']",
    "base.html": "main",
    "browser_check.html": "#waiting",
    "class_scores.html": "#class",
    "course_comparison.html": ".found",
    "course_scores.html": ".figures",
    "course_sign_in.html": "form[action*='account/own/']",
    "deep_linking/answer.html": "form#answer",
    "deep_linking/expired.html": "ol > li",
    "deep_linking/lines.html": ".tree li[data-key] input",
    "deep_linking/links.html": "ul#links",
    "deep_linking/list.html": "#tree > li",
    "deep_linking/marks.html": "ul#links > li",
    "deep_linking/one.html": "ol.chosen > li",
    "deep_linking/pick.css.html": ".actions",
    "deep_linking/pick.html": "form#picker",
    "deep_linking/preview.html": "#preview .piece",
    "deep_linking/refused.html": "input[name=JWT]",
    "doctor.html": ".lti-findings",
    "give_to_platform.html": ".field-give_to_platform dl",
    "handover.html": "form#handover",
    "invitation_made.html": "#address",
    "invited/entered_there.html": "main h1",
    "invited/frame.html": "main",
    "people.html": ".lti-people",
    "person_move.html": ".lti-move",
    "refusal.html": "main .code",
    "registration.html": ".object-tools a[href$='/examine/']",
    "registration_scores.html": ".lti-figures",
    "registrations.html": ".object-tools a[href$='/examine/']",
    "roster.html": "section .figures",
    "stored_proof.html": "form#launch #stored",
}
# Checked by another test file, which must then look with axe-core as well; or no page of ours.
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("bars.html", "fleet.html"), "test_fleet.py"),
    **dict.fromkeys(("gate_choices.html", "gate_chooser.html", "invitation.html"), "test_registration_form.py"),
    **dict.fromkeys(("key_change.html", "key_tasks.html", "tool_keys.html"), "test_key_changes.py"),
    **dict.fromkeys(
        (f"invited/{name}.html" for name in ("confirm", "done", "opening", "platform", "refused")),
        "test_registering.py",
    ),
}
# Of pages that are Django's otherwise: its tables of related rows have fields without labels, for example.
OURS: Mapping[str, str] = {
    "a_registration": ".field-give_to_platform",
    "a_new_registration": ".field-give_to_platform",
    "course_outlines": "#result_list",
}
FILTERS = "#changelist-filter"  # Django's, beside its lists: links of 18 px
# Content is the LMS's, and light; these parts of its pages are ours, and follow the reader.
OF_CONTENT: Mapping[str, str | None] = {"the_learners_strip": STRIP, "the_content_of_somebody_who_teaches": None}
NO_PAGE = {
    "invited/under_way.html": "there for a second only: the frame of the others, and one button",
    "instructor_dashboard/lti_1p3_provider.html": "a part of the LMS's page, in the LMS's own colours",
}


@dataclass
class Kept:
    """What one visit leaves for the next ones: to sign in and to earn a score take longer than to look at a page."""

    administrator: list[Any] = field(default_factory=list)  # the cookies of one who signed in
    is_scored: bool = False


@dataclass
class Walk:
    """Somebody who looks at pages, in a browser of a kind, or without scripts."""

    context: BrowserContext
    plain: BrowserContext  # runs no scripts
    stack: Stack
    kept: Kept
    blocks: bool = False  # its pages' scripts find no cookies
    is_signed_in: bool = False

    @property
    def visitor(self) -> Visitor:
        """The same person, who opens links."""
        return Visitor(self.context, self.stack)

    def page(self, url: str = "", without: str = "") -> Page:
        """Open an address, without what it loads from addresses like ``without``."""
        page = self.context.new_page()
        if self.blocks:
            page.add_init_script(NO_COOKIES)
        if without:
            page.route(without, lambda route: route.abort())
        if url:
            page.goto(url)
        return page

    def as_seen(self, page: Page | Frame, mark: str = "main") -> Page:
        """Return what a page without scripts shows, in one that has them: axe-core is a script.

        A click returns before the page that it leads to is there, so it is read when it has ``mark`` and is whole.
        """
        expect(page.locator(mark).first).to_be_attached()
        page.wait_for_load_state("load")
        text = re.sub(r"<script.*?</script>", "", page.content(), flags=re.S)
        seen = self.page()
        seen.set_content(re.sub(r"</?noscript>", "", text))
        return seen

    def scriptless(self) -> Page:
        """Return a page that runs no scripts."""
        return self.plain.new_page()

    def admin(self, path: str) -> Page:
        """Open a page of the admin, as somebody who may do everything."""
        if (
            self.kept.administrator and not self.context.cookies()
        ):  # else a page of somebody else's may be open, and go on
            self.context.add_cookies(self.kept.administrator)
            self.is_signed_in = True
        page = self.page(f"{self.stack.lms_url}{path}")
        if not self.is_signed_in or page.get_by_role("button", name="Log in").count():
            page.goto(f"{self.stack.lms_url}/admin/login/?next={quote(path)}")
            page.get_by_label("Username").fill("admin")
            page.get_by_label("Password").fill(self.stack.facts["admin_password"])
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{self.stack.lms_url}{path}")
            self.is_signed_in = True
            cookies = self.context.cookies(self.stack.lms_url)
            self.kept.administrator = [cookie for cookie in cookies if cookie["name"] == "sessionid"]
        return page

    def ours(self, path: str) -> str:
        """Return an address of ours."""
        return f"{self.stack.lms_url}/lti/1p3/{path}"

    def picker(self, query: str = "dialog=several", person: str = "u-2001") -> Page:
        """Open the page on which content is chosen."""
        page = self.page(f"{self.stack.platform_url}/deep-link?person={person}&{query}")
        page.wait_for_url(f"{self.stack.lms_url}/**")
        expect(arrived(page)).to_be_visible()
        page.wait_for_load_state("load")  # before its script is there, the page works by its form
        return page

    def framed(self, link: str, kind: Kind, without: str = "") -> tuple[Page, Frame]:
        """Open the platform's page that shows a link in its frame."""
        page = self.page(without=without)
        kind.be_patient(page)
        page.goto(f"{self.stack.platform_url}/links/{link}?person=u-1003&{kind.query}")
        page.frame_locator("#tool").locator("main").wait_for()
        return page, next(frame for frame in page.frames if frame.parent_frame is not None)

    def earn(self) -> Page:
        """Let somebody earn a score that arrives; return their window."""
        window = self.visitor.launch("problem", "u-1003")
        submit(problem(window, "Primary colours"), *RIGHT_COLOURS)
        expect(window.locator(STRIP)).to_contain_text("Sent to")
        self.kept.is_scored = True
        return window

    def scored(self) -> None:
        """See to it that somebody has launched the problem and has a score, by now or from an earlier visit."""
        if not self.kept.is_scored:
            self.earn()


@pytest.fixture(scope="module")
def kept() -> Kept:
    """What visits leave."""
    return Kept()


@pytest.fixture
def walk(
    name: str, profile_of: Callable[..., Profile], scriptless: BrowserContext, sites: Stack, kept: Kept
) -> Iterator[Walk]:
    """Somebody who makes the visit ``name``, without cookies or open pages of the one before."""
    profile = profile_of(USUAL)
    yield Walk(profile.as_new(), scriptless, sites, kept, blocks=name in BLOCKS)
    profile.leave()


# --- the pages --------------------------------------------------------------------------------------------------------

Visit = Callable[[Walk], "Page | Frame"]
VISITS: dict[str, tuple[Visit, tuple[str, ...]]] = {}
BLOCKS: set[str] = set()  # the visits in a browser that takes no cookies


def shows(*templates: str, blocks: bool = False) -> Callable[[Visit], Visit]:
    """Note which templates a visit comes to see, and whether its browser ``blocks`` cookies."""

    def noted(visit: Visit) -> Visit:
        VISITS[visit.__name__] = visit, templates
        if blocks:
            BLOCKS.add(visit.__name__)
        return visit

    return noted


@shows("base.html", "refusal.html")
def a_refusal_with_a_way_back(walk: Walk) -> Page:
    page = walk.visitor.launch("outside")
    expect(page.get_by_role("link", name="Back to your course")).to_be_visible()
    return page


@shows("refusal.html")
def an_address_that_somebody_reloaded(walk: Walk) -> Page:
    return walk.page(walk.ours("deep-linking/pick/"))


@shows("refusal.html")
def content_without_a_session(walk: Walk) -> Page:
    return walk.page(walk.ours(f"launch/{COURSE}/{UNIT}"))


@shows("browser_check.html")
def a_launch_in_a_frame(walk: Walk) -> Frame:
    return walk.framed("problem", USUAL, without="**/browser_check.js")[1]


@shows("browser_check.html", blocks=True)
def a_frame_where_nothing_works_but_a_window(walk: Walk) -> Frame:
    page, frame = walk.framed("problem", USUAL)
    expect(page.frame_locator("#tool").get_by_role("button", name="Open in a new window")).to_be_visible()
    return frame


@shows("browser_check.html")
def a_launch_without_scripts(walk: Walk) -> Page:
    page = walk.scriptless()
    page.goto(f"{walk.stack.platform_url}/links/problem?person=u-1003")
    frame = page.frame_locator("#tool")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.get_by_role("button", name="Open in a new window")).to_be_visible()
    return walk.as_seen(next(one for one in page.frames if one.parent_frame is not None))


@shows("handover.html", blocks=True)
def a_launch_that_goes_on_in_a_window(walk: Walk) -> Frame:
    page, frame = walk.framed("problem", Kind(storage="_parent"))
    expect(page.frame_locator("#tool").locator("#handover")).to_be_visible()
    return frame


@contextmanager
def choosing(walk: Walk) -> Iterator[Page]:
    """Launch as somebody new, where people may use an account that they have."""
    let_choose(walk.stack)
    try:
        window = walk.page(f"{walk.stack.platform_url}/launch/problem?person=u-1002&target=window")
        expect(window.get_by_role("button", name="Go on")).to_be_visible()
        yield window
    finally:
        let_choose(walk.stack, "new")


@shows("account_choice.html")
def a_new_person_who_chooses_an_account(walk: Walk) -> Page:
    with choosing(walk) as page:
        return page


def proved(walk: Walk, name: str, password: str = "") -> Page:
    """Sign in to an account, in the window of the page that asks."""
    with choosing(walk) as page:
        window = begun(page)
        sign_in(window, name, password)
        return window


@shows("account_confirm.html")
def an_account_that_somebody_proved(walk: Walk) -> Page:
    own_accounts(walk.stack, "grace")
    return proved(walk, "grace")


@shows("account_conflict.html")
def an_account_of_staff_that_somebody_proved(walk: Walk) -> Page:
    return proved(walk, "admin", walk.stack.facts["admin_password"])


@shows("course_sign_in.html")
def a_whole_course_of_a_linked_account(walk: Walk) -> Page:
    return walk.visitor.launch(linked_person(walk.stack, "u-linked"), "u-linked")


# The page goes on as soon as the storage has answered.
STAYS = """{ const go = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function () { if (!document.getElementById("stored")) go.call(this); } }"""


@shows("stored_proof.html", blocks=True)
def a_launch_that_asks_the_platforms_storage(walk: Walk) -> Frame:
    page, kind = walk.page(), Kind(storage="_parent")
    page.add_init_script(STAYS)
    kind.be_patient(page)
    page.goto(f"{walk.stack.platform_url}/links/problem?person=u-1003&{kind.query}")
    page.frame_locator("#tool").locator("#stored").wait_for(state="attached")
    return next(frame for frame in page.frames if frame.parent_frame is not None)


@shows()
def the_learners_strip(walk: Walk) -> Page:
    return walk.earn()


@shows("class_scores.html")
def the_scores_of_a_teachers_class(walk: Walk) -> Page:
    walk.scored()
    return scores_of_class(walk.visitor.launch("problem", "u-2001"))


@shows()
def the_content_of_somebody_who_teaches(walk: Walk) -> Page:
    return walk.visitor.launch("problem", "u-2001")


@shows("course_scores.html")
def the_course_teams_scores(walk: Walk) -> Page:
    walk.scored()
    return walk.admin(f"/lti/1p3/scores/{COURSE}/")


@shows("course_scores.html", "course_comparison.html")
def a_comparison_of_scores(walk: Walk) -> Page:
    walk.scored()
    page = walk.admin(f"/lti/1p3/scores/{COURSE}/")
    compare(page)
    return page


@shows("course_scores.html")
def scores_of_nobody(walk: Walk) -> Page:
    return walk.admin(f"/lti/1p3/scores/{COURSE}/?learner=nobody")


@shows("roster.html")
def the_course_teams_roster(walk: Walk) -> Page:
    walk.scored()
    page = walk.admin(f"/lti/1p3/roster/{COURSE}/")
    page.get_by_role("button", name="Ask the platform").first.click()
    expect(page.get_by_role("status")).to_be_visible()
    listed = page.get_by_text("on the platform's list").first
    until_shown(listed, lambda: page.goto(page.url.partition("?")[0]))
    return page


@shows("deep_linking/links.html", "deep_linking/marks.html", "deep_linking/pick.css.html")
def the_course_teams_links(walk: Walk) -> Page:
    walk.scored()
    page = walk.admin(f"/lti/1p3/links/{COURSE}/?at={UNIT}")
    page.get_by_role("treeitem", name="Mixing colours, ").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Primary colours")).to_be_visible()
    return page


@shows("deep_linking/links.html", "deep_linking/marks.html")
def the_course_teams_links_without_scripts(walk: Walk) -> Page:
    walk.admin("/admin/")
    cookies = walk.context.cookies(walk.stack.lms_url)
    page = walk.scriptless()
    page.context.add_cookies(cookies)
    page.goto(walk.ours(f"links/{COURSE}/?at={UNIT}"))
    return walk.as_seen(page)


@shows("deep_linking/pick.html", "deep_linking/list.html")
def the_pickers_courses(walk: Walk) -> Page:
    return walk.picker()


@shows("deep_linking/pick.html", "deep_linking/lines.html", "deep_linking/one.html", "deep_linking/preview.html")
def a_course_with_a_choice_and_a_preview(walk: Walk) -> Page:
    page = walk.picker()
    page.get_by_role("button", name="Working with light", exact=True).click()
    for title in ("Colour quiz", "Mixing colours"):
        page.get_by_role("button", name=f"What is in {title}", exact=True).click()
    for title in ("Primary colours", "White light"):
        page.get_by_role("checkbox", name=title, exact=True).check()
    page.get_by_role("treeitem", name="Primary colours, ").focus()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Yellow")
    return page


def preview(walk: Walk, *titles: str) -> Page:
    """Open a course down to the last of these, and look at that."""
    page = walk.picker()
    page.get_by_role("button", name="Working with media", exact=True).click()
    for title in titles[:-1]:
        page.get_by_role("button", name=f"What is in {title}", exact=True).click()
    page.get_by_role("treeitem", name=f"{titles[-1]}, ").focus()
    return page


@shows("deep_linking/preview.html")
def a_preview_of_a_video_and_of_what_cannot_be_shown(walk: Walk) -> Page:
    page = preview(walk, "Read, watch, talk", "Watch and talk")
    shown = page.get_by_role("region", name="Preview")
    expect(shown).to_contain_text("Length: 4:05")
    expect(shown).to_contain_text("cannot be shown here")
    return page


@shows("deep_linking/preview.html")
def a_preview_of_a_text_with_what_is_embedded(walk: Walk) -> Page:
    page = preview(walk, "Read, watch, talk", "A report")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("A film about rainbows")
    return page


@shows("deep_linking/preview.html")
def a_preview_of_problems(walk: Walk) -> Page:
    page = preview(walk, "Answer", "Two ways to answer")
    expect(page.get_by_role("img", name="field for an answer")).to_be_visible()
    return page


@shows("deep_linking/lines.html")
def what_a_search_finds(walk: Walk) -> Page:
    page = walk.picker("dialog=one")
    page.get_by_label("Search titles").fill("light")
    expect(page.locator("#offer")).to_contain_text("Found")
    return page


@shows("deep_linking/pick.html")
def an_editor_that_takes_no_grades(walk: Walk) -> Page:
    page = walk.picker("dialog=editor&like=canvas")
    expect(page.get_by_role("note")).to_contain_text("no score is sent")
    return page


@shows("deep_linking/lines.html", "deep_linking/one.html", "deep_linking/preview.html")
def the_picker_without_scripts(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.get_by_role("button", name="Working with light", exact=True).click()
    for title in ("Colour quiz", "Mixing colours"):
        page.get_by_role("button", name=f"What is in {title}", exact=True).click()
    page.get_by_role("checkbox", name="Primary colours", exact=True).check()
    page.get_by_role("button", name="Preview Primary colours", exact=True).click()
    expect(page.locator("#preview .piece")).to_be_visible()
    return walk.as_seen(page)


@shows("deep_linking/lines.html")
def results_without_scripts(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.get_by_label("Search titles").fill("light")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("button", name="Leave the search")).to_be_visible()
    return walk.as_seen(page)


@shows("deep_linking/pick.html")
def nothing_was_chosen_and_nothing_is_lost(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.get_by_role("button", name=ADD).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is chosen yet.")
    return walk.as_seen(page)


@shows("deep_linking/pick.html")
def what_was_chosen_is_gone(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.locator("input[name=chosen]").evaluate(f"one => {{ one.value = '{GONE}'; }}")
    page.get_by_role("button", name=ADD).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    return walk.as_seen(page)


@shows("deep_linking/answer.html")
def an_answer_on_its_way(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.get_by_role("button", name="Working with light", exact=True).click()
    page.get_by_role("checkbox", name="Colour quiz", exact=True).check()
    page.get_by_role("button", name=ADD).click()
    return walk.as_seen(page, ANSWER)


@shows("deep_linking/answer.html")
def an_answer_with_nothing(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    page.get_by_role("button", name="Cancel").click()
    return walk.as_seen(page, ANSWER)


@shows("refusal.html")
def a_second_submit(walk: Walk) -> Page:
    page = scriptless_picker(walk)
    token = page.locator("input[name=token]").input_value()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(ANSWER)).to_be_attached()  # the first one has been taken
    again = f'<form method="post" action="{walk.ours("deep-linking/answer/")}"><input name="token" value="{token}">'
    page = walk.scriptless()
    page.set_content(f"{again}<button>again</button></form>")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This choice has already been sent to your course")
    return walk.as_seen(page)


@shows("deep_linking/expired.html")
def a_picker_that_was_open_for_too_long(walk: Walk) -> Page:
    page = walk.picker()
    page.get_by_role("button", name="Working with light", exact=True).click()
    page.get_by_role("checkbox", name="Colour quiz", exact=True).check()
    expect(page.locator("#preview").get_by_role("heading", name="Colour quiz")).to_be_visible()  # which comes by itself
    age = "from lti_1p3_provider.deep_linking.models import DeepLinkingRequest as R; from django.utils import timezone"
    walk.stack.manage("shell", "-c", f"{age}; R.objects.update(expires_at=timezone.now())")
    page.get_by_role("button", name=ADD).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page was open for too long")
    return page


@shows("deep_linking/refused.html")
def somebody_who_may_not_choose(walk: Walk) -> Page:
    roles = [f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"]
    person = {"id": "u-curious", "name": "Curious", "roles": roles}
    tell_platform(walk.stack, "people", person)
    return walk.picker("dialog=one", "u-curious")


ANSWER = MARKS["deep_linking/answer.html"]


def scriptless_picker(walk: Walk) -> Page:
    page = walk.scriptless()
    page.goto(f"{walk.stack.platform_url}/deep-link?person=u-2001&dialog=several")
    for _ in range(2):  # the platform's own forms
        page.get_by_role("button", name="Continue").click()
    return page


# --- of the admin, with Django's own frame around ---------------------------------------------------------------------

ADMIN = "/admin/lti_1p3_provider"


@shows("registrations.html")
def registrations(walk: Walk) -> Page:
    return walk.admin(f"{ADMIN}/registration/")


@shows("registration.html", "give_to_platform.html")
def a_registration(walk: Walk) -> Page:
    return walk.admin(f"{ADMIN}/registration/1/change/")


@shows("give_to_platform.html")
def a_new_registration(walk: Walk) -> Page:
    return walk.admin(f"{ADMIN}/registration/add/")


@shows("doctor.html")
def an_examination(walk: Walk) -> Page:
    page = walk.admin(f"{ADMIN}/registration/examine/")
    page.get_by_role("button", name="Examine now").click()
    expect(page.get_by_role("status")).to_be_visible()
    return page


@shows("registration_scores.html")
def the_scores_of_a_registration(walk: Walk) -> Page:
    walk.scored()
    return walk.admin(f"{ADMIN}/pendingscore/registration/1/")


@shows("invitation_made.html")
def an_invitation_that_was_made(walk: Walk) -> Page:
    page = walk.admin(f"{ADMIN}/invitation/add/")
    page.get_by_label("Name:", exact=True).fill("Riverside College")
    page.get_by_label("Allowed organizations:").fill("DemoX")
    page.get_by_role("button", name="Save").click()
    return page


@shows("invited/frame.html", "invited/entered_there.html")
def the_address_of_an_invitation_opened_by_hand(walk: Walk) -> Page:
    said = walk.stack.manage("lti_1p3_invite", "--json", "--name=Riverside College", "--allow-org=DemoX")
    return walk.page(json.loads(said)["url"])


@shows("people.html")
def a_person_to_forget(walk: Walk) -> Page:
    walk.scored()
    page = walk.admin(f"{ADMIN}/platformuser/")
    page.locator("input.action-select").first.check()
    page.get_by_label("Action:").select_option("forget")
    page.get_by_role("button", name="Go").click()
    return page


def moving(walk: Walk) -> Page:
    walk.scored()
    page = walk.admin(f"{ADMIN}/platformuser/")
    page.locator("input.action-select").first.check()
    page.get_by_label("Action:").select_option("move")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_label("Username of the account")).to_be_visible()
    return page


@shows("person_move.html")
def a_move_to_nobodys_account(walk: Walk) -> Page:
    page = moving(walk)
    page.get_by_label("Username of the account").fill("nobody")
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@shows("person_move.html")
def a_person_to_move(walk: Walk) -> Page:
    own_accounts(walk.stack, "grace")
    page = moving(walk)
    page.get_by_label("Username of the account").fill("grace")
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("button", name="Yes, move them")).to_be_visible()
    return page


@shows()
def course_outlines(walk: Walk) -> Page:
    walk.scored()
    return walk.admin(f"{ADMIN}/courseoutline/")


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VISITS)
def test_a_page_is_accessible(walk: Walk, name: str) -> None:
    visit, templates = VISITS[name]
    place = visit(walk)
    page = place if place in walk.context.pages or not hasattr(place, "page") else place.page  # type: ignore[union-attr]
    for template in templates:
        expect(place.locator(MARKS[template]).first).to_be_attached()
    seen = looked_at(place, name, "light")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # colours do not depend on the width
    looked_at(place, name, "dark", seen)


def looked_at(place: Page | Frame, name: str, scheme: str, seen: str | None = None) -> str:
    """Look at what a visit found; return what tells the elements that it shows."""
    page = place if hasattr(place, "main_frame") else place.page
    look(page, f"{name}-{scheme}")
    if "/admin/" in place.url:  # Django's own frame is Django's
        return require_accessible(place, [FILTERS], within=OURS.get(name, "#content"), seen=seen)
    shown = require_accessible(place, seen=seen)
    require_frame_readable(place.main_frame if hasattr(place, "main_frame") else place)
    if ground := OF_CONTENT.get(name, "body"):
        require_scheme(place, scheme, ground)
    return shown


def test_every_template_is_visited() -> None:
    here = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    visited = {template for _, templates in VISITS.values() for template in templates}
    assert here == visited | set(ELSEWHERE) | set(NO_PAGE), "a template that no visit comes to see"
    for template, file in ELSEWHERE.items():
        looks = (Path(__file__).parent / file).read_text(encoding="utf-8")
        assert "require_accessible(" in looks, f"{file} does not look at {template}"

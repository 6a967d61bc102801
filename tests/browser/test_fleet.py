"""The fleet, as an operator sees it: on a wide screen, on a phone, in light and dark, and from right to left."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import ROOT, Stack

from .accessible import require_accessible
from .conftest import session
from .first_state import FirstState
from .visitor import Visitor, expect, look, open_in_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 740}
FLEET = "/admin/lti_1p3_provider/standing/"
SCRIPT = """
import datetime
from django.utils import timezone
from lti_1p3_provider.diagnostics.models import *
from lti_1p3_provider.registrations.models import *
from lti_1p3_provider.lti import contacts
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.scores.models import Outage
now = timezone.now()
def make(title, platform, number, pending=False):
    row, _ = Registration.objects.get_or_create(issuer=f"https://{title.split()[0].lower()}.example", client_id=title,
        defaults={"title": title, "platform": platform, "key_set_url": "https://keys.example/jwks"})
    Deployment.objects.get_or_create(registration=row, deployment_digest="", deployment_id="1")
    if pending:
        Deployment.objects.get_or_create(registration=row, deployment_id="unknown", status="pending")
    answer = Answer(200, {"date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}, b"")
    contacts.worked(row.pk, contacts.About.KEYS, answer)
    contacts.worked(row.pk, contacts.About.TOKEN, answer)
    for back in range(14):
        day = (now - datetime.timedelta(days=back)).astimezone(datetime.timezone.utc).date()
        worked, refused, unproven = number(back)
        LaunchTally.objects.update_or_create(registration=row, day=day,
            defaults={"succeeded": worked, "refused": refused, "unproven": unproven})
    launched_at = now - datetime.timedelta(hours=2 if number(0)[0] else 50)
    LastLaunch.objects.update_or_create(registration=row, defaults={
        "launched_at": launched_at, "refused_at": now, "refusal": "gate_closed"})
    return row
make("Northern Canvas", "canvas", lambda back: (40 + 7 * (back % 5), back % 3, 0), pending=True)
down = make("Southern Moodle", "moodle", lambda back: (25, 1, 0))
Outage.objects.get_or_create(registration=down, defaults={"since": now - datetime.timedelta(hours=3),
    "until": now, "reason": "platform_failing", "http_status": 503})
make("Western Brightspace", "brightspace", lambda back: (0 if back < 2 else 30, 12 if back < 2 else 0, 2))
make("Valley Blackboard", "blackboard", lambda back: (12 + back, 0, 0))
make("Registration with-an-extraordinarily-long-name-that-nobody-can-break-anywhere-at-all", "generic",
    lambda back: (3, 2, 4))
"""


@pytest.fixture(scope="module")
def fleet(stack: Stack, first_state: FirstState) -> Iterator[Stack]:
    """Some more registrations, with problems of many kinds."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # ours is for the tests' own process
        stack.manage("shell", "-c", SCRIPT)
    with first_state.with_more():
        yield stack


@pytest.fixture
def operator(browser: Browser, admin_context: BrowserContext, fleet: Stack) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the fleet in the administrator's session, in a browser of any kind."""
    contexts: list[BrowserContext] = []

    def arrive(**options: object) -> Page:
        context = browser.new_context(storage_state=session(admin_context), **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{fleet.lms_url}{FLEET}")
        expect(page.locator("#content h1")).to_have_text("Fleet")
        return page

    yield arrive
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1280", "375"])
def test_the_page_is_accessible_and_fits(operator: Callable[..., Page], size: dict[str, int]) -> None:
    page = operator(viewport=size)
    if size is WIDE and os.environ.get("LTI_WRITE_SCREENSHOTS") == "1":
        page.locator("#content").screenshot(path=ROOT / "docs" / "images" / "fleet.png")
    page.get_by_text("By day").first.click()
    seen: str | None = None
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen = require_accessible(page, seen=seen)
        content = page.locator("#content-main")
        assert content.evaluate("main => main.scrollWidth <= main.clientWidth + 1"), "something is too wide"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        look(page, f"fleet-{size['width']}-{scheme}")


def test_a_narrow_page_and_one_from_right_to_left(operator: Callable[..., Page]) -> None:
    page = operator(viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    content = page.locator("#content-main")
    content.evaluate("main => { main.dir = 'rtl'; }")  # Django's own frame needs its own style sheet for that
    assert content.evaluate("main => main.scrollWidth <= main.clientWidth + 1")
    require_accessible(page)
    look(page, "fleet-320-rtl")


def test_problems_first_search_and_the_doctor(operator: Callable[..., Page]) -> None:
    page = operator(viewport=WIDE)
    rows = page.locator(".lti-fleet > tbody > tr")
    words = rows.locator(".lti-word").all_inner_texts()
    assert words == sorted(words, key=["does not work", "look at it", "never used", "works"].index)
    expect(page.get_by_role("row", name=re.compile("Southern Moodle"))).to_contain_text("has taken no scores for 3")
    expect(page.get_by_role("row", name=re.compile("Western"))).to_contain_text("All 24 launches since yesterday")

    page.get_by_role("link", name=re.compile(r"^problems \d")).click()
    expect(rows.filter(has_text="Valley Blackboard")).to_have_count(0)
    page.get_by_role("searchbox", name="Name, issuer").fill("northern")
    page.get_by_role("button", name="Search").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Deployments that wait for approval: 1.")

    page.get_by_role("button", name="Examine Northern Canvas").click()
    expect(page.get_by_role("row").filter(has_text="deployments").first).to_contain_text("wait for approval")


def test_a_launch_shows_at_once(visitor: Visitor, operator: Callable[..., Page], stack: Stack) -> None:
    open_in_page(visitor.course(), "Primary colours")
    page = operator(viewport=WIDE)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Riverside College"))
    expect(row.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"^\d+ launch"))
    row.get_by_text("By day").click()
    expect(row.get_by_role("rowheader").nth(1)).to_be_visible()
    expect(row).to_contain_text(re.compile(r"last\s*\d.minutes? ago"))

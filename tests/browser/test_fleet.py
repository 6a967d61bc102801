"""The fleet, as an operator sees it: on a wide screen, on a phone, in light and dark, and from right to left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from demo.stack import ROOT, Stack

from .accessible import require_accessible
from .visitor import NARROW, expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Page

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


def test_the_page_is_accessible_and_fits(admin: Page, stack: Stack) -> None:
    stack.manage("shell", "-c", SCRIPT)
    admin.set_viewport_size(WIDE)  # type: ignore[arg-type]
    admin.goto(f"{stack.lms_url}{FLEET}")
    expect(admin.locator("#content h1")).to_have_text("Fleet")
    if os.environ.get("LTI_WRITE_SCREENSHOTS") == "1":
        admin.locator("#content").screenshot(path=ROOT / "docs" / "images" / "fleet.png")
    admin.get_by_text("By day").first.click()
    content = admin.locator("#content-main")
    seen: str | None = None
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):  # colours do not depend on the width
        admin.set_viewport_size(size)  # type: ignore[arg-type]
        admin.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen = require_accessible(admin, seen=seen)
        assert content.evaluate("main => main.scrollWidth <= main.clientWidth + 1"), "something is too wide"
        assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        look(admin, f"fleet-{size['width']}-{scheme}")
    admin.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth")
    content.evaluate("main => { main.dir = 'rtl'; }")  # Django's own frame needs its own style sheet for that
    assert content.evaluate("main => main.scrollWidth <= main.clientWidth + 1")
    require_accessible(admin)
    look(admin, "fleet-320-rtl")

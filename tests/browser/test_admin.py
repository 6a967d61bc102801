"""The admin's pages, as somebody uses them who registers a platform for the first time. What their forms refuse and say
is in ``tests/flows/test_admin_pages.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.stack import Stack

from .visitor import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOODLE = {
    "Issuer": "https://moodle.school.edu",
    "Authentication request URL": "https://moodle.school.edu/mod/lti/auth.php",
    "Access token URL": "https://moodle.school.edu/mod/lti/token.php",
    "Key set URL": "https://moodle.school.edu/mod/lti/certs.php",
}


def test_a_preset_and_a_host_name_fill_the_registration(admin: Page, stack: Stack):
    admin.goto(f"{stack.lms_url}/admin/")
    admin.get_by_role("link", name="Registrations", exact=True).first.click()
    admin.get_by_role("link", name="Add registration").click()
    admin.get_by_label("Title").fill("Riverside Moodle")
    admin.get_by_label("Platform:", exact=True).select_option(label="Moodle")
    admin.get_by_label("Platform's host name").fill("moodle.school.edu")
    admin.get_by_label("Client ID").fill("first")
    admin.get_by_text("Add another Deployment", exact=True).click()
    admin.locator("[name=deployments-0-deployment_id]").fill("7")
    admin.get_by_role("button", name="Save and continue editing").click()

    expect(admin.get_by_text("was added successfully")).to_be_visible()
    for label, value in MOODLE.items():
        expect(admin.get_by_label(label)).to_have_value(value)
    expect(admin.locator("[name=deployments-0-deployment_id]")).to_have_value("7")
    ready = admin.locator(".field-give_to_platform")
    for name in ("login_url", "redirect_uri", "jwks_url"):
        expect(ready.get_by_text(stack.facts[name], exact=True)).to_be_visible()
    expect(ready.get_by_text("In Moodle: Site administration")).to_be_visible()

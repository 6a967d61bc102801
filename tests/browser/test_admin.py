"""The admin pages, as somebody uses them who registers a platform for the first time."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from demo.stack import Stack

from .visitor import expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOODLE = {
    "Issuer": "https://moodle.school.edu",
    "Authentication request URL": "https://moodle.school.edu/mod/lti/auth.php",
    "Access token URL": "https://moodle.school.edu/mod/lti/token.php",
    "Key set URL": "https://moodle.school.edu/mod/lti/certs.php",
}


@pytest.fixture
def admin(admin: Page, stack: Stack) -> Page:
    """A tab of the administrator, at the admin's first page."""
    admin.goto(f"{stack.lms_url}/admin/")
    return admin


def test_a_preset_and_a_host_name_fill_the_registration(admin: Page, stack: Stack):
    _new_registration(admin, title="Riverside Moodle", client="first", host="moodle.school.edu")
    _add_deployment(admin, "7")
    _save(admin)

    expect(admin.get_by_text("was added successfully")).to_be_visible()
    for label, value in MOODLE.items():
        expect(admin.get_by_label(label)).to_have_value(value)
    expect(admin.locator("[name=deployments-0-deployment_id]")).to_have_value("7")
    ready = admin.locator(".field-give_to_platform")
    for name in ("login_url", "redirect_uri", "jwks_url"):
        expect(ready.get_by_text(stack.facts[name], exact=True)).to_be_visible()
    expect(ready.get_by_text("In Moodle: Site administration")).to_be_visible()


def test_a_missing_host_name_is_asked_for_at_the_fields_it_would_fill(admin: Page):
    _new_registration(admin, title="No host", client="second")
    _save(admin)
    for field in ("issuer", "auth_login_url", "auth_token_url"):
        expect(_errors(admin, field)).to_have_text("Enter this, or the platform's host name above.")


def test_wrong_values_give_a_message_at_their_fields(admin: Page):
    _new_registration(admin, title="Wrong", client="", host="moodle.school.edu")
    admin.get_by_label("Authentication request URL").fill("http://moodle.school.edu/auth")
    admin.get_by_label("Access token URL").fill("moodle.school.edu/token")
    admin.locator("#registration_form").evaluate("form => form.noValidate = true")  # as a browser without such help
    _save(admin)
    expect(_errors(admin, "client_id")).to_have_text("This field is required.")
    expect(_errors(admin, "auth_login_url")).to_contain_text("The address must begin with https://")
    expect(_errors(admin, "auth_token_url")).to_contain_text("This is not a web address")
    expect(_errors(admin, "key_set_url")).to_have_count(0)


def test_a_gate_that_is_no_list_gives_a_message_at_its_field(admin: Page):
    _open(admin, "Registrations")
    admin.get_by_role("link", name="Riverside College").click()
    admin.get_by_role("textbox", name="Allowed organizations").fill('"DemoX"')
    _save(admin)
    expect(_errors(admin, "allowed_orgs")).to_have_text('No organization has such a name: "DemoX"')


def test_a_key_is_made_rotated_and_never_shown(admin: Page, stack: Stack):
    _open(admin, "Tool keys")
    before = _states(admin)
    admin.get_by_role("link", name="Add tool key").click()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    made = next(iter(_states(admin).keys() - before.keys()))
    assert _states(admin)[made] == "signs"

    admin.locator("#action-toggle").check()
    admin.get_by_label("Action:").select_option("rotate")
    admin.get_by_role("button", name="Go").click()
    expect(admin.get_by_role("columnheader", name="Who has to do what")).to_be_visible()
    admin.get_by_role("button", name="Rotate now").click()

    expect(admin.get_by_text("is the signing key now.")).to_be_visible()
    states = _states(admin)
    assert states[made] == "published, signs no more"
    assert list(states.values()).count("signs") == 1
    _require_no_private_key(admin, stack, made)


def test_an_own_key_is_taken_and_never_shown_again(admin: Page, stack: Stack):
    pem = _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    _add_key(admin, pem)
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    admin.wait_for_load_state()
    assert pem.splitlines()[1] not in admin.content()


def test_a_key_that_cannot_be_used_gives_a_message_at_its_field(admin: Page):
    _add_key(admin, "not a key")
    expect(_errors(admin, "pem")).to_have_text("This is not an unencrypted private key in PEM.")


def test_a_refused_private_key_is_not_shown(admin: Page):
    pem = _pem(ec.generate_private_key(ec.SECP256R1()))
    _add_key(admin, pem)
    expect(_errors(admin, "pem")).to_be_visible()
    admin.wait_for_load_state()
    assert pem.splitlines()[1] not in admin.content()


def test_saving_the_page_of_a_key_makes_no_key(admin: Page):
    _open(admin, "Tool keys")
    before = _states(admin)
    admin.get_by_role("link", name=next(iter(before))).click()
    save = admin.get_by_role("button", name="Save", exact=True)
    expect(admin.locator("#content h1")).to_have_text(re.compile("(Change|View) tool key"))
    admin.wait_for_load_state()
    if save.count():
        save.click()
        expect(admin.get_by_text("was changed successfully")).to_be_visible()
    _open(admin, "Tool keys")
    assert _states(admin) == before


def test_a_host_name_with_http_is_not_stored_as_it_is(admin: Page):
    _new_registration(admin, title="Typed http", client="fourth", host="http://moodle.school.edu")
    _save(admin)
    errors = _errors(admin, "platform_host")
    expect(errors.or_(admin.get_by_text("was added successfully"))).to_be_visible()
    assert errors.count() or admin.get_by_label("Issuer").input_value() == MOODLE["Issuer"]


def test_the_same_deployment_twice_gives_a_message(admin: Page):
    _new_registration(admin, title="Twice", client="fifth", host="moodle.school.edu")
    _add_deployment(admin, "7")
    _add_deployment(admin, "7", number=1)
    _save(admin)
    expect(admin.locator("#content h1")).to_have_text(re.compile("Add registration|Server Error"))
    expect(admin.locator("#content h1")).to_have_text("Add registration", timeout=1)


# --- steps ------------------------------------------------------------------------------------------------------------


def _open(admin: Page, name: str) -> None:
    """Go to a list through the sidebar or the first page."""
    admin.get_by_role("link", name=name, exact=True).first.click()
    expect(admin.locator("#content h1")).to_have_text(re.compile("^Select "))


def _new_registration(admin: Page, *, title: str, client: str, host: str = "") -> None:
    _open(admin, "Registrations")
    admin.get_by_role("link", name="Add registration").click()
    admin.get_by_label("Title").fill(title)
    admin.get_by_label("Platform:", exact=True).select_option(label="Moodle")
    admin.get_by_label("Platform's host name").fill(host)
    admin.get_by_label("Client ID").fill(client)


def _add_deployment(admin: Page, deployment_id: str, number: int = 0) -> None:
    admin.get_by_text("Add another Deployment", exact=True).click()
    admin.locator(f"[name=deployments-{number}-deployment_id]").fill(deployment_id)


def _save(admin: Page) -> None:
    admin.get_by_role("button", name="Save and continue editing").click()


def _errors(admin: Page, field: str) -> Locator:
    """Return the messages at a field."""
    return admin.locator(f".field-{field} .errorlist")


def _states(admin: Page) -> dict[str, str]:
    """Return each key's state, from the list on the page."""
    admin.wait_for_load_state()
    rows = admin.locator("#result_list tbody tr").all()
    return {row.locator(".field-kid").inner_text(): row.locator(".field-status").inner_text() for row in rows}


def _add_key(admin: Page, pem: str) -> None:
    _open(admin, "Tool keys")
    admin.get_by_role("link", name="Add tool key").click()
    admin.get_by_label("Private key").fill(pem)
    admin.get_by_role("button", name="Save", exact=True).click()


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _require_no_private_key(admin: Page, stack: Stack, kid: str) -> None:
    """Look at the list, the key's page and history, and what platforms fetch: no key in PEM, JWK or encrypted form."""
    with sqlite3.connect(stack.directory / "lms.sqlite3") as database:
        query = "SELECT pk.id, pk.private_key FROM lti_1p3_provider_toolkey pk"
        stored = dict(database.execute(query).fetchall())
    newest = f"{stack.lms_url}/admin/lti_1p3_provider/toolkey/{max(stored)}"
    for address in (admin.url, f"{newest}/change/", f"{newest}/history/", stack.facts["jwks_url"]):
        admin.goto(address)
        shown = admin.content()
        assert "PRIVATE KEY" not in shown
        assert not re.search(r'"(d|p|q|dp|dq|qi)"\s*:', shown)
        assert not any(secret in shown for secret in stored.values())
    assert kid in shown, "a rotated key stays published"


def test_the_doctor_is_called_from_the_registration(admin: Page, stack: Stack):
    admin.goto(f"{stack.lms_url}/admin/lti_1p3_provider/registration/")
    admin.get_by_role("link", name=re.compile("Riverside College")).first.click()
    admin.get_by_role("link", name="Examine this connection").click()
    admin.get_by_role("button", name="Examine now").click()
    expect(admin.get_by_role("status")).to_have_text(re.compile("Nothing is wrong|does not work"))
    expect(admin.get_by_role("row").filter(has_text="key set")).to_contain_text("good")
    look(admin, "doctor-connection")
    admin.get_by_role("link", name="Examine this site").click()
    admin.get_by_role("button", name="Examine now").click()
    expect(admin.get_by_role("row").filter(has_text="cache")).to_contain_text("good")
    look(admin, "doctor-site")

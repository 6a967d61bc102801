"""The admin's pages, as somebody uses them who registers a platform for the first time: by their forms and links."""

from __future__ import annotations

import html
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lti_1p3_provider.registrations.models import Registration, ToolKey
from tests.unit.registering import form

REGISTRATIONS = "/admin/lti_1p3_provider/registration/"
KEYS = "/admin/lti_1p3_provider/toolkey/"
HOST = "moodle.school.edu"
ISSUER = f"https://{HOST}"
STATES = re.compile(r'class="field-kid.*?>([^<]+)</a>.*?class="field-status[^>]*>([^<]+)<', re.S)


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """All of it is rolled back."""


def registering(admin_client, **values: str):
    """Send the form of a new registration of a Moodle; return the page after it."""
    filled = form(platform="moodle", **{"_continue": "yes", **values})
    return admin_client.post(f"{REGISTRATIONS}add/", filled, follow=True)


def errors(page, field: str) -> list[str]:
    """Return the messages at a field."""
    found = page.context["adminform"].form.errors.get(field, [])
    shown = html.unescape(page.content.decode())
    assert all(one in shown for one in found)
    return found


def adding(admin_client, pem: str):
    """Send the form of a new key; return the page after it."""
    return admin_client.post(f"{KEYS}add/", {"pem": pem}, follow=True)


def states(admin_client) -> dict[str, str]:
    """Return each key's state, from the list on the page."""
    return dict(STATES.findall(admin_client.get(KEYS).content.decode()))


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# --- registrations ----------------------------------------------------------------------------------------------------


def test_a_missing_host_name_is_asked_for_at_the_fields_it_would_fill(admin_client):
    page = registering(admin_client, title="No host", client_id="second")
    for field in ("issuer", "auth_login_url", "auth_token_url"):
        assert errors(page, field) == ["Enter this, or the platform's host name above."]
    assert not Registration.objects.exists()


def test_wrong_values_give_a_message_at_their_fields(admin_client):
    wrong = {"auth_login_url": f"http://{HOST}/auth", "auth_token_url": f"{HOST}/token"}
    page = registering(admin_client, title="Wrong", client_id="", platform_host=HOST, **wrong)
    assert errors(page, "client_id") == ["This field is required."]
    assert "The address must begin with https://" in errors(page, "auth_login_url")[0]
    assert "This is not a web address" in errors(page, "auth_token_url")[0]
    assert errors(page, "key_set_url") == []
    assert not Registration.objects.exists()


def test_a_gate_that_is_no_list_gives_a_message_at_its_field(admin_client):
    registering(admin_client, title="Riverside", client_id="first", platform_host=HOST)
    there = f"{REGISTRATIONS}{Registration.objects.get().pk}/change/"
    values = form(platform="moodle", title="Riverside", client_id="first", platform_host=HOST)
    page = admin_client.post(there, {**values, "gate-TOTAL_FORMS": "1", "gate-0-allowed_orgs": '"DemoX"'})
    assert 'No organization has such a name: "DemoX"' in html.unescape(page.content.decode())
    (gate,) = (one.formset for one in page.context["inline_admin_formsets"] if one.formset.prefix == "gate")
    assert list(gate.errors[0]) == ["allowed_orgs"]


def test_a_host_name_with_http_is_not_stored_as_it_is(admin_client):
    page = registering(admin_client, title="Typed http", client_id="fourth", platform_host=f"http://{HOST}")
    stored = list(Registration.objects.values_list("issuer", flat=True))
    assert stored == [ISSUER] if stored else errors(page, "platform_host")


def test_the_same_deployment_twice_gives_a_message(admin_client):
    twice = {"deployments-TOTAL_FORMS": "2"}
    for number in range(2):
        twice |= {f"deployments-{number}-deployment_id": "7", f"deployments-{number}-status": "approved"}
    page = registering(admin_client, title="Twice", client_id="fifth", platform_host=HOST, **twice)
    (deployments,) = (one for one in page.context["inline_admin_formsets"] if one.formset.prefix == "deployments")
    assert deployments.formset.non_form_errors() == ["Two rows have the same deployment ID."]
    assert "Two rows have the same deployment ID." in page.content.decode()
    assert not Registration.objects.exists()


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_rotated_and_never_shown(admin_client, add_tool_key):
    add_tool_key()
    Registration.objects.create(title="Riverside College", issuer=ISSUER, client_id="c", platform="moodle")
    before = states(admin_client)
    assert "was added successfully" in adding(admin_client, "").content.decode()
    (made,) = states(admin_client).keys() - before.keys()
    assert states(admin_client)[made] == "signs"

    every = {"action": "rotate", "_selected_action": list(ToolKey.objects.values_list("pk", flat=True))}
    assert "Who has to do what" in admin_client.post(KEYS, every).content.decode()
    done = admin_client.post(KEYS, {**every, "confirmed": "yes"}, follow=True)

    assert "is the signing key now." in done.content.decode()
    after = states(admin_client)
    assert after[made] == "published, signs no more"
    assert list(after.values()).count("signs") == 1
    require_no_private_key(admin_client, made)


def require_no_private_key(admin_client, kid: str) -> None:
    """Look at the list, the key's page and history, and what platforms fetch: no key in PEM, JWK or encrypted form."""
    stored = dict(ToolKey.objects.values_list("pk", "private_key"))
    newest = f"{KEYS}{max(stored)}"
    for address in (KEYS, f"{newest}/change/", f"{newest}/history/", "/lti/1p3/pub/jwks/"):
        page = admin_client.get(address)
        assert page.status_code == 200
        shown = html.unescape(page.content.decode())
        assert "PRIVATE KEY" not in shown
        assert not re.search(r'"(d|p|q|dp|dq|qi)"\s*:', shown)
        assert not any(secret in shown for secret in stored.values())
    assert kid in shown, "a rotated key stays published"


def test_an_own_key_is_taken_and_never_shown_again(admin_client, tool_key_pem):
    page = adding(admin_client, tool_key_pem).content.decode()
    assert "was added successfully" in page
    assert tool_key_pem.splitlines()[1] not in page


def test_a_key_that_cannot_be_used_gives_a_message_at_its_field(admin_client):
    assert errors(adding(admin_client, "not a key"), "pem") == ["This is not an unencrypted private key in PEM."]


def test_a_refused_private_key_is_not_shown(admin_client):
    pem = pem_of(ec.generate_private_key(ec.SECP256R1()))
    page = adding(admin_client, pem)
    assert errors(page, "pem")
    assert pem.splitlines()[1] not in page.content.decode()


def test_saving_the_page_of_a_key_makes_no_key(admin_client, add_tool_key):
    add_tool_key()
    before = states(admin_client)
    assert before
    there = f"{KEYS}{ToolKey.objects.get().pk}/change/"
    assert re.search("<h1>(Change|View) tool key</h1>", admin_client.get(there).content.decode())
    admin_client.post(there, {"pem": "", "_save": "Save"})
    assert states(admin_client) == before

"""Keys in the admin: what a change means is read before it is made, and each key has an owner."""

from __future__ import annotations

import html

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.registrations.redeploy import Change, consequences

pytestmark = pytest.mark.django_db
KEYS = "/admin/lti_1p3_provider/toolkey/"
REGISTRATIONS = "/admin/lti_1p3_provider/registration/"
Status = ToolKey.Status


def shown(response) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def site_key(tool_key_pem: str) -> ToolKey:
    return keys.import_pem(tool_key_pem)


@pytest.fixture
def blackboard() -> Registration:
    return Registration.objects.create(title="Lake <College>", issuer="i", client_id="c", platform="blackboard")


@pytest.fixture
def canvas() -> Registration:
    known = PRESETS["canvas"].endpoints
    row = Registration.objects.create(
        title="Hill Canvas",
        platform="canvas",
        client_id="10",
        issuer=known.issuer,
        auth_login_url=known.auth_login_url,
        auth_token_url=known.auth_token_url,
        key_set_url=known.key_set_url,
    )
    Deployment.objects.create(registration=row, deployment_id="1")
    return row


@pytest.mark.parametrize(("action", "change"), [("rotate", Change.ROTATE), ("retire", Change.RETIRE)])
def test_a_page_says_what_it_means_before_anything_changes(admin_client, site_key, blackboard, action, change):
    before = list(ToolKey.objects.values_list("kid", "status"))
    page = admin_client.post(KEYS, {"action": action, "_selected_action": [site_key.pk]})
    assert page.status_code == 200
    assert "Lake &lt;College&gt;" in page.content.decode()
    for line in (consequences(change).lead, PRESETS["blackboard"].key_care.pasted):
        assert line in shown(page)
    assert 'name="confirmed" value="yes"' in page.content.decode()
    assert list(ToolKey.objects.values_list("kid", "status")) == before


def test_rotation_is_of_whom_the_selected_keys_are(admin_client, site_key, blackboard):
    own = keys.generate(registration=blackboard)
    page = admin_client.post(KEYS, {"action": "rotate", "_selected_action": [own.pk]})
    assert "let it sign at once" in page.content.decode()
    confirmed = {"action": "rotate", "_selected_action": [own.pk], "confirmed": "yes", "at_once": "yes"}
    admin_client.post(KEYS, confirmed)
    fresh = ToolKey.objects.get(registration=blackboard, status=Status.ACTIVE)
    assert (fresh.pk == own.pk, fresh.handed_over) == (False, True)
    assert keys.signing_key(blackboard.pk) == fresh
    assert ToolKey.objects.get(registration=None) == site_key


def test_the_sites_key_never_signs_before_platforms_can_have_read_it(admin_client, site_key):
    """However the form was sent."""
    admin_client.post(
        KEYS, {"action": "rotate", "_selected_action": [site_key.pk], "confirmed": "yes", "at_once": "yes"}
    )
    assert not ToolKey.objects.filter(handed_over=True).exists()


def test_a_key_of_a_registration_is_retired_without_the_sites(admin_client, site_key, blackboard, tool_key_pem):
    own = keys.import_pem(tool_key_pem, blackboard)  # the same key, under the same name
    admin_client.post(KEYS, {"action": "retire", "_selected_action": [own.pk], "confirmed": "yes"})
    assert set(ToolKey.objects.values_list("registration", "status")) == {(blackboard.pk, "retired"), (None, "active")}


def test_a_key_that_was_pasted_is_brought_along_under_its_name(admin_client, site_key, blackboard, tool_key_pem):
    page = admin_client.get(f"{KEYS}add/")
    assert PRESETS["blackboard"].key_care.reads in shown(page)
    values = {"registration": blackboard.pk, "pem": tool_key_pem, "kid": "as-they-call-it"}
    assert admin_client.post(f"{KEYS}add/", values).status_code == 302
    own = ToolKey.objects.get(registration=blackboard)
    assert (own.kid, own.handed_over, own.status) == ("as-they-call-it", True, Status.ACTIVE)
    again = admin_client.post(f"{KEYS}add/", values)
    assert "This key is here already." in shown(again)
    assert tool_key_pem.splitlines()[1] not in shown(again)
    assert "Lake <College>" in shown(admin_client.get(KEYS))


def test_what_a_move_means_can_be_read_at_any_time(admin_client, blackboard):
    page = admin_client.get(f"{KEYS}explain/address/")
    assert PRESETS["blackboard"].key_care.moved in shown(page)
    assert "<form method" not in page.content.decode().split('id="content-main"')[1]
    assert admin_client.get(f"{KEYS}explain/push/").status_code == 404
    assert f"{KEYS}explain/address/" in shown(admin_client.get(KEYS))


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("staff", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_pages_need_the_permission(permissions, site_key, canvas):
    nobody, viewer = staff(), None
    for path in (f"{KEYS}explain/address/", f"{REGISTRATIONS}{canvas.pk}/push-key/"):
        assert nobody.get(path).status_code == 403
    get_user_model().objects.all().delete()
    viewer = staff("view_toolkey", "view_registration")
    assert viewer.get(f"{KEYS}explain/address/").status_code == 200
    assert viewer.get(f"{REGISTRATIONS}{canvas.pk}/push-key/").status_code == 403
    viewer.post(KEYS, {"action": "rotate", "_selected_action": [site_key.pk], "confirmed": "yes"})
    viewer.post(REGISTRATIONS, {"action": "make_environments", "_selected_action": [canvas.pk]})
    assert (ToolKey.objects.count(), Registration.objects.count()) == (1, 1)


# --- registrations ----------------------------------------------------------------------------------------------------


def test_beta_and_test_are_made_by_one_action_and_said(admin_client, canvas, blackboard):
    for became in ("made", "is there"):
        page = admin_client.post(
            REGISTRATIONS, {"action": "make_environments", "_selected_action": [canvas.pk, blackboard.pk]}, follow=True
        )
        assert f"Hill Canvas (beta): {became}" in shown(page)
        assert "Blackboard Learn has no beta and test" in shown(page)
    assert Registration.objects.filter(production=canvas).count() == 2


def test_sending_a_key_begins_with_a_page_and_one_registration(admin_client, canvas, blackboard):
    both = {"action": "push_key", "_selected_action": [canvas.pk, blackboard.pk]}
    assert "Select one registration" in shown(admin_client.post(REGISTRATIONS, both, follow=True))
    none = {"action": "push_key", "_selected_action": [blackboard.pk]}
    assert "Lake <College> takes no keys" in shown(admin_client.post(REGISTRATIONS, none, follow=True))
    one = {"action": "push_key", "_selected_action": [canvas.pk]}
    answer = admin_client.post(REGISTRATIONS, one)
    assert answer["Location"] == f"{REGISTRATIONS}{canvas.pk}/push-key/"
    page = admin_client.get(answer["Location"])
    assert consequences(Change.PUSH, canvas).lead in shown(page)
    assert not ToolKey.objects.exists()


def test_why_a_key_cannot_be_sent_stands_on_the_page(admin_client, canvas, blackboard):
    page = admin_client.post(f"{REGISTRATIONS}{canvas.pk}/push-key/", {"host": ""})
    assert "the school's own host is not known" in shown(page)
    page = admin_client.post(f"{REGISTRATIONS}{canvas.pk}/push-key/", {"host": '"><script>alert(1)</script>.example'})
    assert "<script>alert" not in page.content.decode()
    page = admin_client.post(f"{REGISTRATIONS}{canvas.pk}/push-key/", {"host": "evil.example"})
    assert "not a host of this platform" in shown(page)
    page = admin_client.post(f"{REGISTRATIONS}{blackboard.pk}/push-key/", {"host": "x.example"})
    assert "takes no keys" in shown(page)
    assert not ToolKey.objects.exists()
    assert admin_client.get(f"{REGISTRATIONS}999999/push-key/").status_code == 404


def test_a_registration_takes_its_own_keys_along(admin_client, site_key, blackboard):
    keys.generate(registration=blackboard)
    url = f"{REGISTRATIONS}{blackboard.pk}/delete/"
    assert "Are you sure" in shown(admin_client.get(url))
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert list(ToolKey.objects.all()) == [site_key]

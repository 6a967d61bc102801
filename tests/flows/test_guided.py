"""What the registration page asks while it is filled in, for whom, and what it never does."""

from __future__ import annotations

import json

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from demo.lms.models import ManyCourse
from lti_1p3_provider.doctor.admin import ExaminedRegistrationAdmin
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import gate_choices
from lti_1p3_provider.onboarding.gate_choices import Chosen
from lti_1p3_provider.outline import rebuild, tree
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.cases import every
from tests.connection import COURSE, OTHER_COURSE, PROBLEM, SUBSECTION, UNIT
from tests.unit.registering import form
from tests.web_server import Said

ADD = "/admin/lti_1p3_provider/registration/add/"
NAMES = ("read", "try", "courses", "blocks")
M = "https://moodle.school.edu"
DIALOG = f"""Platform ID\t{M}
Client ID\tJdjnPEISNUdn28q
Deployment ID\t4
Public keyset URL\t{M}/mod/lti/certs.php
Access token URL\t{M}/mod/lti/token.php
Authentication request URL\t{M}/mod/lti/auth.php
"""
KEYS = json.dumps({"keys": [{"kty": "RSA", "kid": "1", "n": "u" * 342, "e": "AQAB"}]}).encode()


def address(name: str) -> str:
    return reverse(f"admin:lti_1p3_provider_registration_{name}")


def ask(client: Client, view: str, **values: object) -> dict[str, object]:
    response = client.post(address(view), values)
    assert response["Content-Type"] == "application/json"
    return response.json()


# --- saving -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_of_canvas_the_client_id_alone_is_enough(admin_client):
    assert admin_client.post(ADD, form(platform="canvas", client_id="10000000000001")).status_code == 302
    row = Registration.objects.get()
    assert (row.title, row.issuer) == ("Canvas", "https://canvas.instructure.com")
    assert row.key_set_url == "https://sso.canvaslms.com/api/lti/security/jwks"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("platform", "pasted", "client_id"),
    [
        ("canvas", "10000000000001", "10000000000001"),
        ("blackboard", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"),
        ("schoology", "Client ID: 6123456789", "6123456789"),
        ("moodle", DIALOG, "JdjnPEISNUdn28q"),
    ],
)
def test_what_is_pasted_is_enough_without_scripts(admin_client, platform, pasted, client_id):
    assert admin_client.post(ADD, form(platform=platform, pasted=pasted)).status_code == 302
    assert Registration.objects.get().client_id == client_id


@pytest.mark.django_db
def test_moodles_dialog_becomes_a_registration_with_an_approved_deployment(admin_client):
    admin_client.post(ADD, form(platform="moodle", pasted=DIALOG, deployment_ids="5\r\n 4 \r\n"))
    row = Registration.objects.get()
    assert (row.title, row.issuer) == ("Moodle (moodle.school.edu)", M)
    assert row.auth_token_url == f"{M}/mod/lti/token.php"
    assert sorted(row.deployments.values_list("deployment_id", "status")) == [("4", "approved"), ("5", "approved")]


@pytest.mark.django_db
def test_what_somebody_entered_counts_more_than_what_was_pasted(admin_client):
    admin_client.post(ADD, form(platform="moodle", title="Ours", client_id="mine", pasted=DIALOG))
    row = Registration.objects.get()
    assert (row.title, row.client_id, row.issuer) == ("Ours", "mine", M)


@pytest.mark.django_db
def test_pasted_values_are_checked_as_entered_ones_are(admin_client):
    pasted = DIALOG.replace(f"{M}/mod/lti/token.php", "http://10.0.0.7/token")
    page = admin_client.post(ADD, form(platform="generic", pasted=pasted))
    assert "The address must begin with https://" in page.content.decode()
    assert not Registration.objects.exists()


@pytest.mark.django_db
def test_deployments_are_added_once_and_a_disabled_one_stays_so(admin_client):
    admin_client.post(ADD, form(platform="canvas", client_id="c", deployment_ids="a,b\r\nc"))
    Deployment.objects.filter(deployment_id="c").update(status=Deployment.Status.DISABLED)
    change = f"/admin/lti_1p3_provider/registration/{Registration.objects.get().pk}/change/"
    values = form(platform="canvas", client_id="c", title="T", deployment_ids="a,b\r\nc\r\nd")
    assert admin_client.post(change, values).status_code == 302
    found = dict(Deployment.objects.values_list("deployment_id", "status"))
    assert found == {"a,b": "approved", "c": "disabled", "d": "approved"}


@pytest.mark.django_db
@every(
    "values, said",
    [
        ({"platform": "moodle", "pasted": "no values in here"}, "This field is required."),
        ({"platform": "canvas", "client_id": "c", "deployment_ids": "x" * 256}, "A deployment ID is too long."),
        ({"platform": "canvas", "client_id": "c", "key_set": "{", "key_set_url": ""}, "This is not JSON."),
        ({"platform": "canvas", "client_id": "c", "key_set": "17"}, "There is no public key in this."),
        ({"platform": "canvas", "client_id": "c", "key_set": '{"kty": "RSA", "d": "s"}'}, "This holds a private key."),
        ({"platform": "canvas", "client_id": "c", "pasted": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_wrong_values_give_a_message_and_store_nothing(admin_client, values, said):
    page = admin_client.post(ADD, form(**values)).content.decode()
    assert said in page
    assert not Registration.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("pasted", ['{"keys": [KEY]}', "[KEY]", "KEY"])
def test_a_key_set_is_taken_as_it_is_shown(admin_client, pasted):
    key = '{"kty": "RSA", "kid": "1", "n": "x", "e": "AQAB"}'
    addresses = {"issuer": M, "auth_login_url": f"{M}/a", "auth_token_url": f"{M}/t"}
    values = form(platform="generic", client_id="c", **addresses) | {"key_set": pasted.replace("KEY", key)}
    assert admin_client.post(ADD, values).status_code == 302
    row = Registration.objects.get()
    assert (row.title, row.key_set) == ("moodle.school.edu", {"keys": [json.loads(key)]})


@pytest.mark.django_db
def test_a_pages_words_are_those_of_the_chosen_platform(admin_client):
    page = admin_client.get(f"{ADD}?platform=sakai").content.decode()
    assert "Sakai: External Tools &gt; the saved tool &gt; LTI 1.3 Client ID." in page
    assert "Sakai: LTI 1.3 Tool Redirect Endpoint(s)" in page
    assert '<details data-platform="sakai" open>' in page
    assert "Left empty, it becomes https://canvas" not in page
    page = admin_client.get(f"{ADD}?platform=canvas").content.decode()
    assert "Left empty, it becomes https://canvas.instructure.com" in page
    assert "Moodle: Initiate login URL" not in page.partition('<script id="lti-guided"')[0]
    assert admin_client.get(f"{ADD}?platform=<script>").status_code == 200


def test_each_platform_says_where_all_values_are_and_go():
    for preset in PRESETS.values():
        addresses = {name for name in preset.endpoints.__slots__ if not getattr(preset.endpoints.at("h", "c"), name)}
        needed = {"client_id", "deployment_id"} | (addresses - {"auth_audience"} if preset.name != "generic" else set())
        assert needed <= set(preset.shows), preset.name
        assert {"login_url", "redirect_uri", "jwks_url", "deep_linking_url", "scopes"} <= set(preset.takes), preset.name


# --- for whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_only_who_may_register_platforms_is_answered(client, admin_client, name, permissions):
    assert client.post(address(name)).status_code == 302
    assert "/login/" in client.post(address(name))["Location"]
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.post(address(name)).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_registration"))
    assert client.post(address(name)).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="add_registration"))
    assert client.post(address(name)).status_code < 500
    assert client.post(address(name)).status_code != 403


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_only_posts_with_a_token_are_answered(admin_user, admin_client, name):
    assert admin_client.get(address(name)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(address(name)).status_code == 403


@pytest.mark.django_db
def test_other_registrations_are_named_to_those_who_may_see_them(client, permissions):
    Registration.objects.create(title="Secret school", issuer=M, client_id="c")
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="add_registration"))
    client.force_login(staff)
    said = ask(client, "try", name="client_id", value="c", issuer=M)
    assert (said["grade"], said["links"]) == ("wrong", [])
    staff.user_permissions.add(Permission.objects.get(codename="view_registration"))
    assert ask(client, "try", name="client_id", value="c", issuer=M)["links"][0]["title"] == "Secret school"


@pytest.mark.django_db
def test_who_may_look_only_gets_the_page_without_fields(client, permissions):
    row = Registration.objects.create(title="School", platform="moodle", issuer=M, client_id="c")
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_registration"))
    client.force_login(staff)
    page = client.get(f"/admin/lti_1p3_provider/registration/{row.pk}/change/")
    assert page.status_code == 200
    assert "Moodle: Initiate login URL" in page.content.decode()
    assert b'name="client_id"' not in page.content


# --- reading and trying -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_text_is_read_and_nothing_is_stored(admin_client):
    said = ask(admin_client, "read", platform="moodle", pasted=DIALOG)
    assert said["values"]["client_id"] == "JdjnPEISNUdn28q"
    assert (said["values"]["deployment_ids"], said["host"]) == ("4", "moodle.school.edu")
    assert said["becomes"]["key_set_url"] == f"{M}/mod/lti/certs.php"
    assert not Registration.objects.exists()


@pytest.mark.django_db
def test_what_empty_fields_become(admin_client):
    said = ask(admin_client, "read", platform="blackboard", client_id="app-1")
    assert said["becomes"]["key_set_url"].endswith("/applications/app-1/jwks.json")
    said = ask(admin_client, "read", platform="moodle", platform_host="not a host")
    assert said["becomes"]["issuer"] == ""
    assert ask(admin_client, "read", platform="nonsense")["values"] == {"deployment_ids": ""}


@pytest.mark.django_db(transaction=True)
def test_an_address_is_tried_outside_any_transaction(admin_client, web_server):
    said = ask(admin_client, "try", name="key_set_url", value=f" {web_server.says(Said(KEYS))} ")
    assert said == {"grade": "good", "says": "This key set answers: 1 key.", "links": []}
    assert admin_client.post(address("try"), {"name": "auth_login_url", "value": M}).status_code == 400


def test_no_transaction_is_open_while_a_platform_is_asked():
    assert resolve(address("try")).func._non_atomic_requests == {"default"}


@pytest.mark.django_db(transaction=True)
def test_private_addresses_get_one_sentence_and_no_call(admin_client, settings, web_server):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    inside = [web_server.says(Said(KEYS)).replace("http:", "https:"), "https://10.0.0.7/", "https://169.254.169.254/"]
    said = [
        ask(admin_client, "try", name=name, value=one) for one in inside for name in ("key_set_url", "auth_token_url")
    ]
    assert all(one == said[0] for one in said)
    assert "does not call private or special addresses" in said[0]["says"]
    assert web_server.asked == []


@pytest.mark.django_db(transaction=True)
def test_tries_are_counted(admin_user, web_server):
    cache.clear()
    page = ExaminedRegistrationAdmin(Registration, admin.site)
    page.most_tries = 2
    url = web_server.says(Said(KEYS))
    statuses = []
    for _ in range(4):
        request = RequestFactory().post(address("try"), {"name": "key_set_url", "value": url})
        request.user = admin_user
        statuses.append(page.try_view(request).status_code)
    assert 429 in statuses  # two may be made, and two more if a new minute has begun
    assert len(web_server.asked) == statuses.count(200) >= 2


# --- what a gate can name ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_courses_are_searched_on_the_server_in_parts(admin_client, django_assert_max_num_queries):
    ManyCourse.objects.bulk_create(
        ManyCourse(course_key=f"course-v1:ManyX+C{n:04}+R", title=f"Chemistry {n:04}", number=n, blocks=50)
        for n in range(3000)
    )
    with django_assert_max_num_queries(3):
        part = gate_choices.listed("chemistry")
    seen = [row.key for row in part.courses]
    while part.after and len(seen) < 60:
        part = gate_choices.listed("chemistry", part.after)
        assert not part.orgs
        seen += [row.key for row in part.courses]
    assert seen[:41] == [f"course-v1:ManyX+C{n:04}+R" for n in range(41)]
    said = ask(admin_client, "courses", text="chemistry 2999")
    assert (said["number"], said["after"]) == (1, "")
    assert "course-v1:ManyX+C2999+R" in said["html"]


@pytest.mark.django_db
def test_what_is_chosen_comes_first(admin_client):
    chosen = Chosen([OTHER_COURSE, "nonsense"], ["GoneX"], [PROBLEM, "nonsense"])
    part = gate_choices.listed("", chosen=chosen)
    assert (part.courses[0].key, part.courses[0].is_chosen) == (OTHER_COURSE, True)
    assert [one.key for one in part.blocks] == [PROBLEM]
    assert (part.orgs[0].key, part.orgs[0].is_chosen) == ("GoneX", True)
    assert {"DemoX", "OtherX"} <= {one.key for one in part.orgs}
    assert [one.key for one in gate_choices.listed("otherx").orgs] == ["OtherX"]
    assert gate_choices.listed("no course has this").courses == []


@pytest.mark.django_db
@every("after", ["x", "W10", "\x00", "WyJhIl0", "🙂"])
def test_a_place_that_is_none_begins_anew(admin_client, after):
    assert ask(admin_client, "courses", after=after)["number"] > 0


@pytest.fixture
def written(db: None) -> None:
    """The demo's course is in the outline."""
    rebuild.rebuild(gate_choices.CourseKey.from_string(COURSE))
    tree.forget()


@pytest.mark.django_db
def test_what_is_in_a_course_opens_step_by_step(written):
    sections = gate_choices.blocks(COURSE)
    assert {one.field for one in sections} == {""}
    assert all(one.has_children for one in sections)
    below = [row for section in sections for row in gate_choices.blocks(COURSE, section.key, [SUBSECTION])]
    found = next(row for row in below if row.key == SUBSECTION)
    assert (found.field, found.is_chosen, found.kind) == ("allowed_keys", True, "Subsection")
    assert UNIT in [row.key for row in gate_choices.blocks(COURSE, SUBSECTION)]


@pytest.mark.django_db
def test_a_course_that_is_not_there_is_said(admin_client, no_worker):
    for values in ({"course": "nonsense"}, {"course": "course-v1:No+No+No"}, {"course": COURSE, "below": "nonsense"}):
        response = admin_client.post(address("blocks"), values)
        assert response.status_code in (404, 503)
        assert response.json()["says"]


@pytest.mark.django_db
def test_titles_are_escaped(admin_client):
    ManyCourse.objects.create(course_key="course-v1:X+X+X", title="<img src=x onerror=alert(1)>", number=1, blocks=1)
    said = ask(admin_client, "courses", text="onerror")
    assert "<img" not in said["html"]
    assert "&lt;img" in said["html"]


# --- a gate's types of blocks -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@every(
    "entered, stored",
    [
        ("", {}),
        ("{}", {}),
        ("problem, vertical", {"all": ["problem", "vertical"]}),
        ("*: problem", {"all": ["problem"]}),
        ("*:", {"all": []}),
        (f"{COURSE}: problem\r\nDemoX: vertical", {"courses": {COURSE: ["problem"]}, "orgs": {"DemoX": ["vertical"]}}),
        ("Org/Course/Run: html", {"courses": {"Org/Course/Run": ["html"]}}),
        ('{"orgs": {"A": ["problem"]}}', {"orgs": {"A": ["problem"]}}),
    ],
)
def test_types_of_blocks_are_lines(admin_client, entered, stored):
    gate = {
        "gate-TOTAL_FORMS": "1",
        "gate-0-allowed_courses": COURSE,
        "gate-0-allowed_orgs": "",
        "gate-0-allowed_keys": "",
        "gate-0-block_filter": entered,
    }
    assert admin_client.post(ADD, form(platform="canvas", client_id="c", **gate)).status_code == 302
    saved = LaunchGate.objects.get()
    assert saved.block_filter == stored
    change = f"/admin/lti_1p3_provider/registration/{saved.registration_id}/change/"
    form_ = admin_client.get(change).context["inline_admin_formsets"][1].formset.forms[0]
    shown = form_["block_filter"].value() if stored else ""
    assert form_.fields["block_filter"].to_python(form_.fields["block_filter"].prepare_value(stored)) == stored
    assert isinstance(shown, str)
    saved.registration.delete()


@pytest.mark.django_db
@every("entered", ["a: problem\na: html", ": problem", f"{COURSE}", "{", '{"x": 1}', "a: b c"])
def test_types_that_cannot_be_read_are_said(admin_client, entered):
    gate = {"gate-TOTAL_FORMS": "1", "gate-0-allowed_courses": COURSE, "gate-0-block_filter": entered}
    page = admin_client.post(ADD, form(platform="canvas", client_id="c", **gate))
    assert page.status_code == 200
    assert not Registration.objects.exists()


@pytest.mark.django_db
def test_an_empty_gate_form_is_no_gate(admin_client):
    gate = {"gate-TOTAL_FORMS": "1", **{f"gate-0-{name}": "" for name in ("allowed_courses", "block_filter")}}
    assert admin_client.post(ADD, form(platform="canvas", client_id="c", **gate)).status_code == 302
    assert not LaunchGate.objects.exists()

"""Registering a platform: the command, the admin's form, and what they say of wrong values."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import hosts
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.unit.registering import BASE, KEYS, URLS, form, run

pytestmark = pytest.mark.django_db


def test_the_command_prints_what_the_platform_needs(settings):
    settings.LMS_ROOT_URL = "https://lms.school.example"
    said = run(*BASE, *URLS, *KEYS)
    assert said == {
        "registration": Registration.objects.get().pk,
        "issuer": "https://lms.example",
        "client_id": "c",
        "login_url": "https://lms.school.example/lti/1p3/login/",
        "redirect_uri": "https://lms.school.example/lti/1p3/launch/",
        "jwks_url": "https://lms.school.example/lti/1p3/pub/jwks/",
        "target_link_uri": "https://lms.school.example/lti/1p3/launch/<course_key>/<usage_key>",
        "deep_linking_url": "https://lms.school.example/lti/1p3/deep-linking/",
        "warnings": [],
    }


def test_the_command_is_idempotent_on_issuer_and_client_id():
    first = run(*BASE, *URLS, *KEYS, "--allow-course=course-v1:A+B+C")
    second = run(*BASE, *URLS, *KEYS, "--title=New", "--deployment-id", "1", "2")
    assert first["registration"] == second["registration"]
    assert Registration.objects.get().title == "New"
    assert sorted(Deployment.objects.values_list("deployment_id", flat=True)) == ["1", "2"]
    assert LaunchGate.objects.get().allowed_courses == ["course-v1:A+B+C"]


def test_the_command_approves_a_waiting_deployment():
    run(*BASE, *URLS, *KEYS)
    Deployment.objects.update(status=Deployment.Status.PENDING)
    run(*BASE, *URLS, *KEYS)
    assert Deployment.objects.get().status == Deployment.Status.APPROVED


def test_options_stay_as_they_are_if_they_are_not_named():
    options = ("trust_emails", "enrolment_mode", "subsection_columns", "confine_sessions")
    run(*BASE, *URLS, *KEYS)
    assert Registration.objects.values_list(*options).get() == (False, "", False, True)
    run(*BASE, *URLS, *KEYS, "--trust-emails", "--enrol=audit", "--subsection-columns", "--whole-lms")
    assert Registration.objects.values_list(*options).get() == (True, "audit", True, False)
    run(*BASE, *URLS, *KEYS)
    assert Registration.objects.values_list(*options).get() == (True, "audit", True, False)
    run(*BASE, *URLS, *KEYS, "--no-whole-lms")
    assert Registration.objects.values_list(*options).get() == (True, "audit", True, True)


def test_gate_options():
    block = "block-v1:A+B+C+type@problem+block@p"
    run(
        *BASE,
        *URLS,
        *KEYS,
        "--allow-org=A",
        "--allow-org=B",
        "--allow-course=course-v1:A+B+C",
        f"--allow-block={block}",
    )
    gate = LaunchGate.objects.get()
    assert (gate.allowed_orgs, gate.allowed_courses, gate.allowed_keys) == (["A", "B"], ["course-v1:A+B+C"], [block])


KEY = '{"kty": "RSA", "kid": "1", "n": "x", "e": "AQAB"}'


@pytest.mark.parametrize("text", [f'{{"keys": [{KEY}]}}', f'\ufeff{{"keys": [{KEY}]}}\r\n', f"[{KEY}]", KEY])
def test_a_key_set_file(tmp_path, text):
    """As editors write it, and as platforms show it."""
    path = tmp_path / "jwks.json"
    path.write_text(text, encoding="utf-8")
    run(*BASE, *URLS, f"--key-set-file={path}")
    assert Registration.objects.get().key_set["keys"][0]["kid"] == "1"


def test_a_preset_and_a_host_fill_the_addresses():
    run("--title=T", "--issuer=https://moodle.example", "--client-id=c", "--deployment-id=1", "--preset=moodle",
        "--platform-host=moodle.example")  # fmt: skip
    row = Registration.objects.get()
    assert row.auth_login_url == "https://moodle.example/mod/lti/auth.php"
    assert row.auth_token_url == "https://moodle.example/mod/lti/token.php"
    assert row.key_set_url == "https://moodle.example/mod/lti/certs.php"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*BASE, *URLS], "key_set_url: Give either the key set URL or the key set"),
        ([*BASE, *KEYS, URLS[0]], "auth_token_url: This field cannot be blank"),
        ([*BASE, *KEYS, URLS[0], "--auth-token-url=http://lms.example/token"], "must begin with https://"),
        ([*BASE, *KEYS, URLS[0], "--auth-token-url=nonsense"], "not a web address"),
        ([*BASE, *URLS, *KEYS, "--allow-course=nonsense"], "allowed_courses: This key cannot be read: nonsense"),
        ([*BASE, *URLS, "--key-set-file=/nowhere.json"], "--key-set-file"),
        ([*BASE, *URLS, f"--key-set-file={__file__}"], "--key-set-file: This is not JSON"),
        ([*BASE, *URLS, *KEYS, "--issuer= https://lms.example"], "Remove the spaces"),
    ],
)
def test_the_command_says_what_is_wrong_and_stores_nothing(arguments, said):
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert said in str(caught.value)
    assert not Registration.objects.exists()


def test_the_admin_fills_the_addresses_from_preset_and_host(admin_client):
    values = form(title="Moodle", platform="moodle", platform_host="moodle.example", client_id="c")
    response = admin_client.post("/admin/lti_1p3_provider/registration/add/", values)
    assert response.status_code == 302
    row = Registration.objects.get()
    assert (row.issuer, row.key_set_url) == ("https://moodle.example", "https://moodle.example/mod/lti/certs.php")


@every(
    "values, said",
    [
        ({"platform": "moodle"}, "Enter this, or the platform&#x27;s host name above."),
        (
            {"platform": "sakai", "platform_host": "s.example"},
            "it looks like https://s.example/imsblis/lti13/token/{tool_id}",
        ),
        ({"platform": "generic"}, "Enter what the platform shows its admin."),
        ({"platform": "canvas", "auth_token_url": "http://x.example/"}, "The address must begin with https://"),
        ({"platform": "canvas", "other_origins": "x.example"}, "Not a host like https://lms.school.edu: x.example"),
        ({"platform": "canvas", "key_set": '{"keys": []}', "key_set_url": ""}, "This is not a key set"),
    ],
)
def test_the_admin_says_what_is_wrong_at_the_field(admin_client, values, said):
    page = admin_client.post("/admin/lti_1p3_provider/registration/add/", form(title="T", client_id="c", **values))
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not Registration.objects.exists()


def test_the_admin_shows_what_to_give_and_what_it_may_open(admin_client, settings):
    settings.LMS_ROOT_URL = "https://lms.school.example"
    pk = run(*BASE, *URLS, *KEYS)["registration"]
    page = admin_client.get(f"/admin/lti_1p3_provider/registration/{pk}/change/").content.decode()
    for text in (
        "https://lms.school.example/lti/1p3/login/",
        "https://lms.school.example/lti/1p3/pub/jwks/",
        "https://purl.imsglobal.org/spec/lti-ags/scope/score",
        "Everything that is published on this site",
    ):
        assert text in page
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    page = admin_client.get(f"/admin/lti_1p3_provider/registration/{pk}/change/").content.decode()
    assert "Nothing: it has no launch gate" in page


def test_the_gate_is_entered_as_lines(admin_client):
    pk = run(*BASE, *URLS, *KEYS)["registration"]
    gate = {
        "gate-TOTAL_FORMS": "1",
        "gate-0-allowed_courses": "course-v1:A+B+C\r\n course-v1:A+B+D ",
        "gate-0-registration": pk,
    }
    values = form(title="T", platform="generic", issuer="https://lms.example", client_id="c", **gate) | {
        "auth_login_url": "https://lms.example/auth",
        "auth_token_url": "https://lms.example/token",
        "key_set_url": "https://lms.example/jwks",
        "gate-0-allowed_orgs": "",
        "gate-0-allowed_keys": "",
        "gate-0-block_filter": "{}",
    }
    url = f"/admin/lti_1p3_provider/registration/{pk}/change/"
    assert admin_client.post(url, values).status_code == 302
    assert LaunchGate.objects.get().allowed_courses == ["course-v1:A+B+C", "course-v1:A+B+D"]
    assert "course-v1:A+B+C\ncourse-v1:A+B+D" in admin_client.get(url).content.decode()


def test_a_used_registration_cannot_be_deleted(admin_client, admin_user):
    pk = run(*BASE, *URLS, *KEYS)["registration"]
    url = f"/admin/lti_1p3_provider/registration/{pk}/delete/"
    assert admin_client.get(url).status_code == 200
    PlatformUser.objects.create(registration_id=pk, sub="x", sub_digest="x", user=admin_user)
    assert admin_client.get(url).status_code == 403


def test_a_disabled_deployment_stays_disabled():
    run(*BASE, *URLS, *KEYS)
    Deployment.objects.update(status=Deployment.Status.DISABLED)
    run(*BASE, *URLS, *KEYS)
    assert Deployment.objects.get().status == Deployment.Status.DISABLED


def test_hosts_of_a_preset():
    run(*BASE, *URLS, *KEYS, "--preset=openedx")
    assert Registration.objects.get().origins == ("https://lms.example", "https://apps.lms.example")


def test_all_admin_lists_open(admin_client):
    run(*BASE, *URLS, *KEYS)
    for name in ("registration", "toolkey", "launchattempt", "pendingscore"):
        assert admin_client.get(f"/admin/lti_1p3_provider/{name}/").status_code == 200
        assert admin_client.get(f"/admin/lti_1p3_provider/{name}/?q=x").status_code == 200


@pytest.mark.parametrize(
    ("host", "named", "warned"),
    [
        ("10.0.0.7", [], True),
        ("168.63.129.16", [], True),
        ("[fd00::1]", [], True),
        ("localhost:8080", [], True),
        ("localhost:8080", ["localhost:8080"], False),
        ("93.184.215.14", [], False),
        ("no-such-host.invalid", [], False),
    ],
)
def test_a_host_that_would_not_be_called_is_said_at_once(settings, host, named, warned):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = named
    row = Registration(auth_token_url=f"https://{host}/token", key_set_url=f"https://{host}/jwks")
    said = [str(doubt) for doubt in hosts.doubts(row)]
    assert len(said) == int(warned)
    assert all(f"LTI_1P3_PROVIDER_PRIVATE_HOSTS: ['{host}']" in one for one in said)


def test_the_command_and_the_admin_say_it(settings, admin_client):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    printed = run(*BASE, *URLS, "--key-set-url=https://127.0.0.1/jwks")
    assert any("LTI_1P3_PROVIDER_PRIVATE_HOSTS" in warning for warning in printed["warnings"])
    values = form(title="M", platform="moodle", platform_host="lms.example", client_id="d")
    values["key_set_url"] = "https://127.0.0.1/jwks"
    page = admin_client.post("/admin/lti_1p3_provider/registration/add/", values, follow=True)
    assert "LTI_1P3_PROVIDER_PRIVATE_HOSTS: [&#x27;127.0.0.1&#x27;]" in page.content.decode()

"""What platforms show their admins is understood as it is pasted: by label, by shape, in JSON, in other languages."""

from __future__ import annotations

import json
import time

from lti_1p3_provider.onboarding.pasted import MAX_DEPLOYMENTS, MAX_TEXT, read
from lti_1p3_provider.platforms import PRESETS
from tests.cases import every

M = "https://moodle.school.edu"
MOODLE = {
    "issuer": M,
    "client_id": "JdjnPEISNUdn28q",
    "auth_login_url": f"{M}/mod/lti/auth.php",
    "auth_token_url": f"{M}/mod/lti/token.php",
    "key_set_url": f"{M}/mod/lti/certs.php",
}
LABELS = {
    "issuer": "Platform ID",
    "client_id": "Client ID",
    "deployment_id": "Deployment ID",
    "key_set_url": "Public keyset URL",
    "auth_token_url": "Access token URL",
    "auth_login_url": "Authentication request URL",
}
GERMAN = {
    "issuer": "Plattform-ID",
    "client_id": "Client-Kennung",
    "deployment_id": "Bereitstellungs-ID",
    "key_set_url": "URL des \u00f6ffentlichen Schl\u00fcsselsatzes",
    "auth_token_url": "URL des Zugriffstokens",
    "auth_login_url": "URL der Authentifizierungsanfrage",
}
SHOWN = {**MOODLE, "deployment_id": "4"}
B = "https://school.brightspace.com"
UUID, KEY = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "11111111-2222-3333-4444-555555555555"
DEPLOYMENT = "327:a17deed8f179b120bdd14743e67ca7916eaea622"


def dialog(between: str, labels: dict[str, str] = LABELS, end: str = "\n") -> str:
    """Return Moodle's "Tool configuration details" as it comes from a clipboard."""
    lines = [f"{label}{between}{SHOWN[name]}" for name, label in labels.items()]
    return end.join(["Tool configuration details", *lines, "Email", "Close"])


@every(
    "text",
    [
        dialog(": "),
        dialog("\t"),
        dialog("\n"),
        dialog("\n\n"),
        dialog("   "),
        dialog(" "),
        dialog(":\xa0"),
        dialog(" = ", end="\r\n"),
        dialog(":", end="\n  - "),
        dialog(": ", {name: label.upper() for name, label in LABELS.items()}),
        dialog(": ", GERMAN),
        dialog("\n", GERMAN),
        "\ufeff" + dialog(":\u200b "),
    ],
)
def test_moodles_dialog_is_understood_as_a_whole(text):
    found = read(text, "moodle")
    assert (found.values, found.host, found.deployment_ids) == (MOODLE, "moodle.school.edu", ("4",))


def test_a_moodle_below_a_path():
    text = dialog(": ").replace(M, "https://www.school.edu/moodle")
    found = read(text, "moodle")
    assert (found.values["issuer"], found.host) == ("https://www.school.edu/moodle", "www.school.edu/moodle")
    assert read("Platform ID: https://www.school.edu/moodle", "moodle").host == "www.school.edu/moodle"


@every(
    "text, client_id, deployments",
    [
        ("10000000000001", "10000000000001", ()),
        (" 177440000000000123\n", "177440000000000123", ()),
        ("Open edX\tadmin@school.edu\t10000000000001\nShow Key\tOn", "10000000000001", ()),
        (f"Client ID 10000000000001\nDeployment Id: {DEPLOYMENT}", "10000000000001", (DEPLOYMENT,)),
        (DEPLOYMENT, None, (DEPLOYMENT,)),
        ("10000000000001 10000000000002", None, ()),
    ],
)
def test_of_canvas_the_number_is_enough(text, client_id, deployments):
    found = read(text, "canvas")
    assert (found.values.get("client_id"), found.deployment_ids, found.host) == (client_id, deployments, "")


def test_of_blackboard_the_application_id_and_never_the_secret():
    found = read(f"Application ID\n{UUID}\nApplication Key\n{KEY}\nSecret\nhunter2hunter2", "blackboard")
    assert found.values == {"client_id": UUID}
    assert read(UUID, "blackboard").values == {"client_id": UUID}
    assert read(f"{UUID}\n{KEY}\nhunter2", "blackboard").values == {}


def test_brightspaces_window():
    text = f"""Client Id
{UUID}
Brightspace Keyset URL
{B}/d2l/.well-known/jwks
Brightspace OAuth2 Access Token URL
https://auth.brightspace.com/core/connect/token
OpenID Connect Authentication Endpoint
{B}/d2l/lti/authenticate
Brightspace OAuth2 Audience
https://api.brightspace.com/auth/token
Issuer
{B}
"""
    found = read(text, "brightspace")
    assert found.values == {
        "client_id": UUID,
        "key_set_url": f"{B}/d2l/.well-known/jwks",
        "auth_token_url": "https://auth.brightspace.com/core/connect/token",
        "auth_login_url": f"{B}/d2l/lti/authenticate",
        "auth_audience": "https://api.brightspace.com/auth/token",
        "issuer": B,
    }
    assert found.host == "school.brightspace.com"


def test_sakais_tool_with_its_number():
    host = "https://sakai.school.edu"
    text = (
        f"LTI 1.3 Client ID: 3f0c\nLTI 1.3 Deployment Id: 1\nLTI 1.3 Platform Issuer: {host}\n"
        f"LTI 1.3 LMS OAuth Token URL: {host}/imsblis/lti13/token/7\n{host}/imsblis/lti13/keyset"
    )
    found = read(text, "sakai")
    assert found.values == {
        "client_id": "3f0c",
        "issuer": host,
        "auth_token_url": f"{host}/imsblis/lti13/token/7",
        "key_set_url": f"{host}/imsblis/lti13/keyset",
    }
    assert (found.host, found.deployment_ids) == ("sakai.school.edu", ("1",))


def test_another_open_edx_calls_its_own_address_login_url():
    host = "https://lms.partner.example"
    text = (
        f"Client ID: {UUID} \nDeployment ID: 1\nKeyset URL: {host}/api/lti_consumer/v1/public_keysets/{KEY}\n"
        f"Access Token URL: {host}/api/lti_consumer/v1/token/{KEY}\nLogin URL: {host}/api/lti_consumer/v1/launch/"
    )
    found = read(text, "openedx")
    assert found.values["auth_login_url"] == f"{host}/api/lti_consumer/v1/launch/"
    assert found.values["key_set_url"].endswith(KEY)
    assert (found.host, found.deployment_ids) == ("lms.partner.example", ("1",))


def test_schoologys_api_info():
    assert read("Client ID: 6123456789 (Copy)", "schoology").values == {"client_id": "6123456789"}


def test_json_of_another_platform():
    said = {
        "issuer": "https://p.example",
        "authorization_endpoint": "https://p.example/auth",
        "token_endpoint": "https://p.example/token",
        "jwks_uri": "https://p.example/jwks",
        "https://purl.imsglobal.org/spec/lti-tool-configuration": {"deployment_id": "d1", "client_id": 17},
        "client_secret": "hunter2",
    }
    found = read(json.dumps(said), "generic")
    assert found.values == {
        "issuer": "https://p.example",
        "auth_login_url": "https://p.example/auth",
        "auth_token_url": "https://p.example/token",
        "key_set_url": "https://p.example/jwks",
        "client_id": "17",
    }
    assert found.deployment_ids == ("d1",)


def test_the_address_of_the_platform_alone_is_its_host():
    assert read("https://moodle.school.edu/", "moodle").host == "moodle.school.edu"
    assert read("https://canvas.school.edu", "canvas").host == ""


@every("platform", [*PRESETS, "unknown"])
@every(
    "text",
    [
        "",
        "\n\n",
        "Issuer must be entered exactly as it is.\nClient ID is what the platform calls us.",
        "{",
        '{"issuer": null, "client_id": true, "token_endpoint": [1]}',
        "{" * 5000,
        "[" * 5000,
        '{"a":' * 5000,
        "(" * MAX_TEXT,
        ":" * MAX_TEXT,
        "https://" * 2500,
        "Client ID:" * 2000,
        "https://h/" + "a/" * 9000,
        "Public keyset URL: javascript:alert(1)",
        "x" * (MAX_TEXT + 10),
        "\x00\ud800",
    ],
)
def test_nothing_is_made_up_and_no_text_takes_long(platform, text):
    began = time.process_time()
    found = read(text, platform)
    assert time.process_time() - began < 1
    assert not found.deployment_ids
    assert not {"auth_token_url", "key_set_url"} & set(found.values)
    assert all(len(value) <= 2000 for value in found.values.values())


def test_what_stands_first_counts_and_deployments_are_bounded():
    text = "\n".join(["Client ID: one", "Client ID: two", *(f"Deployment ID: d{n}" for n in range(80))])
    found = read(text, "generic")
    assert found.values == {"client_id": "one"}
    assert found.deployment_ids == tuple(f"d{n}" for n in range(MAX_DEPLOYMENTS))


def test_each_label_of_a_preset_is_read_as_its_field():
    for name, preset in PRESETS.items():
        for field, shown in preset.shows.items():
            for label in shown.labels:
                value = "https://p.example/x" if field.endswith("_url") or field == "issuer" else "v1"
                found = read(f"{label}: {value}\nother text", name)
                assert value in (found.values.get(field), *found.deployment_ids), (name, label)

"""Canvas's configuration: checked against what is public of its schema, and what each member means to us."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from lti_1p3_provider.lti import ags, nrps, public_jwk
from lti_1p3_provider.onboarding.canvas_configuration import PLACEMENTS, USUAL
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey

pytestmark = pytest.mark.django_db
URL = "/lti/1p3/config/canvas.json"
SITE = "https://lms.school.example"

# Members that Canvas knows, with their types; the lists are its own words.
MESSAGES = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
DISPLAYS = ["default", "full_width", "full_width_in_context", "in_nav_context", "borderless"]
SETTINGS: dict[str, Any] = {
    "message_type": MESSAGES,
    "text": str,
    "labels": dict,
    "custom_fields": dict,
    "selection_height": int,
    "selection_width": int,
    "launch_height": int,
    "launch_width": int,
    "icon_url": str,
    "required_permissions": str,
    "windowTarget": ["_blank"],
    "display_type": DISPLAYS,
    "target_link_uri": str,
    "visibility": ["admins", "members", "public"],
    "default": ["disabled", "enabled"],
}
DEEP_LINKING_PLACEMENTS = [
    *("assignment_selection", "link_selection", "editor_button", "homework_submission", "migration_selection"),
    *("collaboration", "conference_selection", "submission_type_selection", "course_assignments_menu"),
    *("module_index_menu_modal", "module_menu_modal"),
]
LTI_SCOPES = [
    *sorted(ags.SCOPES),
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
    "https://canvas.instructure.com/lti/public_jwk/scope/update",
    "https://canvas.instructure.com/lti/account_lookup/scope/show",
    "https://canvas.instructure.com/lti/data_services/scope/create",
]
PLACEMENT = {**SETTINGS, "placement": DEEP_LINKING_PLACEMENTS, "enabled": bool}
EXTENSION = {
    "platform": ["canvas.instructure.com"],
    "domain": str,
    "tool_id": str,
    "privacy_level": ["public", "name_only", "email_only", "anonymous"],
    "settings": {**SETTINGS, "placements": [PLACEMENT]},
}
SCHEMA: dict[str, Any] = {
    "title": str,
    "description": str,
    "custom_fields": dict,
    "target_link_uri": str,
    "redirect_uris": [str],
    "oidc_initiation_url": str,
    "oidc_initiation_urls": dict,
    "public_jwk_url": str,
    "public_jwk": dict.fromkeys(("kty", "e", "n", "kid", "alg", "use"), str),
    "scopes": [LTI_SCOPES],
    "extensions": [EXTENSION],
}
NEEDED = ("title", "description", "target_link_uri", "oidc_initiation_url", "scopes", "extensions")


def problems(value: Any, schema: Any, where: str = "") -> list[str]:
    """Return what does not fit: unknown members, wrong types, words that are none of the list."""
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        unknown = [f"{where}.{name} is unknown" for name in set(value) - set(schema)]
        return unknown + [
            p for name in set(value) & set(schema) for p in problems(value[name], schema[name], f"{where}.{name}")
        ]
    if isinstance(schema, list) and len(schema) == 1 and not isinstance(schema[0], str):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [problem for one in value for problem in problems(one, schema[0], f"{where}[]")]
    if isinstance(schema, list):
        return [] if value in schema else [f"{where} is none of {schema}"]
    return [] if isinstance(value, schema) and value != "" else [f"{where} is no {schema.__name__}"]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.LMS_ROOT_URL = SITE
    settings.PLATFORM_NAME = "School of Open Learning"


def got(client: Any, query: str = "") -> dict[str, Any]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.content
    return json.loads(response.content)


@pytest.mark.parametrize(
    "query", ["", "placements=editor_button,module_menu_modal", "key=jwk", "privacy_level=anonymous"]
)
def test_it_fits_canvas_schema(client, tool_key_pem, query):
    keys.import_pem(tool_key_pem)
    found = got(client, query)
    assert problems(found, SCHEMA) == []
    assert all(found[name] for name in NEEDED)
    assert ("public_jwk" in found) != ("public_jwk_url" in found)


def test_the_schema_of_this_test_finds_what_is_wrong(client):
    found = got(client)
    found["extensions"][0]["settings"]["placements"][0]["message_type"] = "ContentItemSelectionRequest"
    found["extensions"][0]["domian"], found["title"] = "x", ""
    assert len(problems(found, SCHEMA)) == 3


def test_addresses_are_ours_as_platforms_know_them(client):
    found = got(client)
    assert found["oidc_initiation_url"] == f"{SITE}/lti/1p3/login/"
    assert found["target_link_uri"] == f"{SITE}/lti/1p3/launch/"  # the redirect URI that Canvas allows
    assert found["redirect_uris"] == [found["target_link_uri"]]
    assert found["public_jwk_url"] == f"{SITE}/lti/1p3/pub/jwks/"
    (extension,) = found["extensions"]
    assert extension["domain"] == "lms.school.example"
    addresses = [value for value in json.dumps(found).split('"') if value.startswith("http")]
    assert {urlsplit(value).netloc for value in addresses} <= {
        *("lms.school.example", "purl.imsglobal.org", "canvas.instructure.com")
    }


def test_placements_choose_content_and_are_seen_by_teachers_only(client):
    settings = got(client)["extensions"][0]["settings"]
    assert [one["placement"] for one in settings["placements"]] == list(USUAL)
    for one in settings["placements"]:
        assert one["message_type"] == "LtiDeepLinkingRequest"
        assert one["target_link_uri"] == f"{SITE}/lti/1p3/deep-linking/"
        assert (one["enabled"], one["visibility"]) == (True, "admins")
        assert one["text"] == settings["text"] == "School of Open Learning"
        assert one["icon_url"].startswith(f"{SITE}/")
        assert min(one["selection_width"], one["selection_height"]) >= 600


def test_histories_are_asked_for_by_variables(client):
    found = got(client)
    assert found["custom_fields"]["resource_link_history"] == "$ResourceLink.id.history"
    assert found["custom_fields"]["context_history"] == "$Context.id.history"


def test_scopes_are_what_we_use(client, tool_key_pem):
    keys.import_pem(tool_key_pem)
    assert set(got(client)["scopes"]) == {ags.SCORE_SCOPE, ags.RESULT_SCOPE, ags.LINE_ITEM_SCOPE, nrps.SCOPE}
    assert public_jwk.SCOPE in got(client, "key=jwk")["scopes"]


@pytest.mark.parametrize(
    "query",
    ["placements=editor_button&placements=link_selection", "placements=editor_button, link_selection,editor_button"],
)
def test_placements_are_chosen_in_order_and_once(client, query):
    found = got(client, query)["extensions"][0]["settings"]["placements"]
    assert [one["placement"] for one in found] == ["editor_button", "link_selection"]


def test_all_placements_that_there_are(client):
    found = got(client, f"placements={','.join(PLACEMENTS)}")["extensions"][0]["settings"]["placements"]
    assert {one["placement"] for one in found} == set(PLACEMENTS)


@pytest.mark.parametrize(
    "query", ["placements=course_navigation", "placements=<script>", "privacy_level=all", "key=private", "key="]
)
def test_what_there_is_not_is_said_and_not_repeated(client, query):
    response = client.get(f"{URL}?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/json")
    (error,) = response.json()["errors"]
    assert "choose" in error
    assert "script" not in error


def test_the_key_itself_is_the_public_part_of_the_one_that_signs(client, tool_key_pem):
    key = keys.import_pem(tool_key_pem)
    found = got(client, "key=jwk")
    assert found["public_jwk"] == key.public_jwk
    assert set(found["public_jwk"]) == {"kty", "e", "n", "kid", "alg", "use"}
    assert jwt.decode(keys.sign({"a": 1}), jwt.PyJWK(found["public_jwk"]).key, algorithms=["RS256"]) == {"a": 1}


def test_without_a_key_that_is_said(client):
    assert client.get(f"{URL}?key=jwk").status_code == 503
    assert got(client)["public_jwk_url"]


def test_it_is_public_stable_and_may_be_kept(client, admin_client, tool_key_pem):
    keys.import_pem(tool_key_pem)
    first, second = client.get(URL), admin_client.get(URL, headers={"Accept-Language": "de"})
    assert first.content == second.content
    assert {"public", "max-age=300"} == set(first["Cache-Control"].split(", "))
    assert not first.cookies
    assert "Vary" not in first or "Cookie" not in first["Vary"]
    assert ToolKey.objects.get().private_key[:30] not in first.content.decode()


def test_it_only_reads(client):
    assert client.post(URL).status_code == 405
    assert client.head(URL).status_code == 200


def test_it_is_off_with_everything_else(client, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert client.get(URL).status_code == 404

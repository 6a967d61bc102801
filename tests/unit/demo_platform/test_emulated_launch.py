"""The authorization endpoint refuses what a good platform refuses, and its id_tokens are complete."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from demo.platform import Link, Person, Platform
from demo.platform.vocabulary import AGS_ENDPOINT, INSTRUCTOR, LEARNER, LTI, NRPS_SERVICE
from tests.cases import every

from .scratch_tool import REDIRECT_URI, ScratchTool, form_of


def test_login_initiation_carries_what_a_tool_needs(platform: Platform, tool: ScratchTool, link: Link) -> None:
    form = form_of(tool.http.get(platform.launch_url(link.id, "u-1001")).text)
    hint = form.fields.pop("lti_message_hint")
    assert (form.method, form.action) == ("post", "http://127.0.0.1:1/login")
    assert form.fields == {
        "iss": platform.issuer,
        "login_hint": "u-1001",
        "target_link_uri": link.target_link_uri,
        "client_id": "client-1",
        "lti_deployment_id": "1",
    }
    assert len(hint) >= 32


@pytest.mark.parametrize(
    ("query", "announced"),
    [
        ("", None),
        ("&storage=_parent", "_parent"),
        ("&storage=kept_here", "kept_here"),
        ("&storage=_parent&storage_announced=no", None),
        ("&storage=_parent&target=window", None),
    ],
)
def test_storage_is_announced_to_frames_that_have_some(
    platform: Platform, tool: ScratchTool, link: Link, query: str, announced: str | None
) -> None:
    form = form_of(tool.http.get(platform.launch_url(link.id, "u-1001") + query).text)
    assert form.fields.get("lti_storage_target") == announced


def test_storage_must_be_the_name_of_a_frame(platform: Platform, tool: ScratchTool, link: Link) -> None:
    answer = tool.http.get(platform.launch_url(link.id, "u-1001") + "&storage=../x")
    assert answer.status_code == 400


def test_login_by_get_keeps_the_query_of_the_login_url(platform: Platform, tool: ScratchTool) -> None:
    platform.add_tool(
        tool.registration(client_id="c-get", login_method="GET", login_url="http://127.0.0.1:1/login?a=b")
    )
    link = platform.add_link(tool.link(client_id="c-get"))
    form = form_of(tool.http.get(platform.launch_url(link.id, "u-1001")).text)
    assert (form.method, form.action, form.fields["a"]) == ("get", "http://127.0.0.1:1/login", "b")


def test_a_launch_is_complete(platform: Platform, tool: ScratchTool, link: Link) -> None:
    claims = tool.launch(platform, platform.launch_url(link.id, "u-1001"))
    assert (claims["sub"], claims["name"], claims["email"]) == ("u-1001", "Ada Park", "ada.park@platform.example")
    assert claims["exp"] - claims["iat"] == 60
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "roles"] == [LEARNER]
    assert claims[LTI + "resource_link"] == {"id": link.id, "title": "Quiz"}
    assert claims[LTI + "launch_presentation"]["document_target"] == "iframe"
    assert claims[AGS_ENDPOINT]["lineitem"] == link.line_item_url
    assert claims[NRPS_SERVICE]["context_memberships_url"] == platform.memberships_url


def test_a_learner_without_consent_is_sent_without_name_and_email(
    platform: Platform, tool: ScratchTool, link: Link
) -> None:
    claims = tool.launch(platform, platform.launch_url(link.id, "u-1003", target="window"))
    assert not {"name", "given_name", "family_name", "email"} & set(claims)
    assert "person_sourcedid" not in claims[LTI + "lis"]
    assert claims[LTI + "launch_presentation"]["document_target"] == "window"


@pytest.mark.parametrize(("ags", "expected"), [("container", {"scope", "lineitems"}), ("none", set())])
def test_the_grade_services_claim_can_be_reduced(
    platform: Platform, tool: ScratchTool, ags: str, expected: set[str]
) -> None:
    link = platform.add_link(tool.link(graded=True, ags=ags))
    claims = tool.launch(platform, platform.launch_url(link.id, "u-1001"))
    assert set(claims.get(AGS_ENDPOINT, {})) == expected


def test_custom_variables(platform: Platform, tool: ScratchTool) -> None:
    link = platform.add_link(tool.link(custom={"who": "$User.id", "odd": "$No.such", "plain": "x"}))
    claims = tool.launch(platform, platform.launch_url(link.id, "u-1002"))
    assert claims[LTI + "custom"] == {"who": "u-1002", "odd": "$No.such", "plain": "x"}


def test_a_replaced_person_comes_with_the_new_roles(platform: Platform, tool: ScratchTool, link: Link) -> None:
    for roles in ([INSTRUCTOR], [LEARNER]):
        platform.add_person(Person(id="u-9", name="Nine", roles=roles))
        assert tool.launch(platform, platform.launch_url(link.id, "u-9"))[LTI + "roles"] == roles


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": f"{REDIRECT_URI}/"}, {"redirect_uri": None}]
)
def test_an_unknown_tool_or_redirect_uri_is_told_to_the_person_only(
    platform: Platform, tool: ScratchTool, link: Link, changes: dict[str, Any]
) -> None:
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"), **changes)
    answer = tool.http.post(platform.auth_login_url, data=params)
    assert answer.status_code == 400
    assert "<form" not in answer.text


@every(
    "changes, error",
    [
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": None}, "invalid_request"),
        ({"scope": "openid profile"}, "invalid_scope"),
        ({"prompt": "login"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"login_hint": "u-2001"}, "login_required"),
        ({"lti_message_hint": "made-up"}, "invalid_request"),
        ({"lti_message_hint": None}, "invalid_request"),
    ],
)
def test_other_errors_are_posted_to_the_tool(
    platform: Platform, tool: ScratchTool, link: Link, changes: dict[str, Any], error: str
) -> None:
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"), **changes)
    form = form_of(tool.http.get(platform.auth_login_url, params=params).text)
    assert (form.action, form.fields["error"], form.fields["state"]) == (REDIRECT_URI, error, params["state"])
    assert "id_token" not in form.fields


def test_state_is_required(platform: Platform, tool: ScratchTool, link: Link) -> None:
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"), state=None)
    fields = form_of(tool.http.post(platform.auth_login_url, data=params).text).fields
    assert set(fields) == {"error", "error_description"}


def test_message_hint_and_nonce_are_single_use(platform: Platform, tool: ScratchTool, link: Link) -> None:
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"))
    fresh = tool.auth_request(platform.launch_url(link.id, "u-1001"))
    attempts = [params, params | {"nonce": "another"}, fresh | {"nonce": params["nonce"]}, fresh]
    forms = [form_of(tool.http.post(platform.auth_login_url, data=sent).text) for sent in attempts]
    assert ["id_token" in form.fields for form in forms] == [True, False, False, True]


def test_a_message_hint_is_bound_to_its_tool_and_ends(platform: Platform, tool: ScratchTool, link: Link) -> None:
    platform.add_tool(tool.registration(client_id="client-2"))
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"), client_id="client-2")
    assert "error" in form_of(tool.http.post(platform.auth_login_url, data=params).text).fields
    platform.clock = lambda: datetime.now(UTC) + timedelta(minutes=11)
    late = params | {"client_id": "client-1"}
    assert "error" in form_of(tool.http.post(platform.auth_login_url, data=late).text).fields


def test_a_parameter_must_not_come_twice(platform: Platform, tool: ScratchTool, link: Link) -> None:
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"))
    answer = tool.http.post(platform.auth_login_url, data=[*params.items(), ("state", "another")])
    assert answer.status_code == 400


def test_tampering_touches_the_next_id_token_only(platform: Platform, tool: ScratchTool, link: Link) -> None:
    url = platform.launch_url(link.id, "u-1001")
    platform.tamper_next_launch(claims=lambda claims: {**claims, LTI + "roles": [""]})
    assert tool.launch(platform, url)[LTI + "roles"] == [""]
    assert tool.launch(platform, url)[LTI + "roles"] == [LEARNER]
    platform.tamper_next_launch(raw_token=lambda token: token[:-8] + "AAAAAAAA")
    with pytest.raises(jwt.InvalidSignatureError):
        tool.launch(platform, url)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "PS256"])
def test_forbidden_algorithms_can_be_played(platform: Platform, tool: ScratchTool, link: Link, algorithm: str) -> None:
    platform.tamper_next_launch(algorithm=algorithm, headers=lambda headers: {**headers, "kid": ["odd"]})
    params = tool.auth_request(platform.launch_url(link.id, "u-1001"))
    token = form_of(tool.http.post(platform.auth_login_url, data=params).text).fields["id_token"]
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==")
    assert json.loads(header) == {"typ": "JWT", "alg": algorithm, "kid": ["odd"]}


def test_the_openid_configuration_states_facts(platform: Platform, tool: ScratchTool) -> None:
    facts = tool.http.get(f"{platform.issuer}/.well-known/openid-configuration").json()
    assert facts["issuer"] == platform.issuer
    assert (facts["authorization_endpoint"], facts["token_endpoint"], facts["jwks_uri"]) == (
        platform.auth_login_url,
        platform.auth_token_url,
        platform.key_set_url,
    )
    assert "max-age" in tool.http.get(platform.key_set_url).headers["Cache-Control"]

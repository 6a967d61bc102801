"""The token endpoint checks every part of a client assertion; the services check tokens."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from demo.platform import Link, Platform
from demo.platform.keys import SigningKey
from demo.platform.vocabulary import LINE_ITEM_TYPE, SCOPE_LINE_ITEM_READ, SCOPE_MEMBERSHIP, SCOPE_SCORE
from tests.cases import every

from .scratch_tool import ScratchTool


def test_scopes_are_intersected(platform: Platform, tool: ScratchTool) -> None:
    assertion = tool.sign(tool.assertion_claims(platform, aud=["https://x.example", platform.auth_token_url]))
    answer = tool.ask_token(platform, assertion, scope=f"{SCOPE_SCORE} made:up")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["scope"], body["token_type"], body["expires_in"]) == (SCOPE_SCORE, "Bearer", 3600)
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_scope_left(platform: Platform, tool: ScratchTool) -> None:
    platform.add_tool(tool.registration(client_id="no-nrps", services={"ags": True}))
    claims = tool.assertion_claims(platform, iss="no-nrps", sub="no-nrps")
    answer = tool.ask_token(platform, tool.sign(claims), scope=SCOPE_MEMBERSHIP)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


NOW = int(time.time())


@every(
    "changes",
    [
        {"iss": "nobody"},
        {"sub": "somebody-else"},
        {"sub": None},
        {"aud": "https://x.example/token"},
        {"aud": None},
        {"exp": None},
        {"exp": NOW - 60},
        {"exp": NOW + 86400},
        {"exp": str(NOW + 1800)},
        {"exp": float("nan")},
        {"iat": None},
        {"iat": NOW + 86400},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
    ],
)
def test_bad_claims_are_refused(platform: Platform, tool: ScratchTool, changes: dict[str, Any]) -> None:
    answer = tool.ask_token(platform, tool.sign(tool.assertion_claims(platform, **changes)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_jti_is_single_use(platform: Platform, tool: ScratchTool) -> None:
    assertion = tool.sign(tool.assertion_claims(platform, jti="once"))
    assert [tool.ask_token(platform, assertion).status_code for _ in range(2)] == [200, 401]
    again = tool.sign(tool.assertion_claims(platform, jti="once", exp=int(time.time()) + 90))
    assert tool.ask_token(platform, again).status_code == 401


def test_an_unsigned_assertion_does_not_use_up_its_jti(
    platform: Platform, tool: ScratchTool, other_key: SigningKey
) -> None:
    claims = tool.assertion_claims(platform)
    forged = jwt.encode(claims, other_key.private_key, "RS256", {"kid": tool.key.kid})
    assert tool.ask_token(platform, forged).status_code == 401
    assert tool.ask_token(platform, tool.sign(claims)).status_code == 200


@pytest.mark.parametrize("header", [{"kid": None}, {"kid": "unknown"}])
def test_kid_is_required_and_known(platform: Platform, tool: ScratchTool, header: dict[str, Any]) -> None:
    assertion = tool.sign(tool.assertion_claims(platform), **header)
    assert tool.ask_token(platform, assertion).json()["error"] == "invalid_client"


@pytest.mark.parametrize("algorithm", ["PS256", "none"])
def test_rs256_only(platform: Platform, tool: ScratchTool, algorithm: str) -> None:
    key = None if algorithm == "none" else tool.key.private_key
    assertion = jwt.encode(tool.assertion_claims(platform), key, algorithm, {"kid": tool.key.kid})  # type: ignore[arg-type]
    assert "RS256" in tool.ask_token(platform, assertion).json()["error_description"]


def test_keys_are_kept_and_refetched_for_an_unknown_kid(
    platform: Platform, tool: ScratchTool, other_key: SigningKey
) -> None:
    tool.token(platform)
    before = len(tool.fetches)
    tool.token(platform)
    assert len(tool.fetches) == before
    tool.published.append(other_key.public_jwk())
    assertion = jwt.encode(tool.assertion_claims(platform), other_key.private_key, "RS256", {"kid": other_key.kid})
    assert tool.ask_token(platform, assertion).status_code == 200
    assert len(tool.fetches) == before + 1
    tool.published.pop()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_assertion": "x.y"}, "invalid_client"),
    ],
)
def test_oauth_errors(platform: Platform, tool: ScratchTool, changes: dict[str, str], error: str) -> None:
    assertion = tool.sign(tool.assertion_claims(platform))
    answer = tool.http.post(platform.auth_token_url, data={"scope": SCOPE_SCORE, "client_assertion": assertion})
    assert answer.json()["error"] == "unsupported_grant_type"
    assert tool.ask_token(platform, assertion, **changes).json()["error"] == error


def test_services_check_the_token(platform: Platform, tool: ScratchTool, link: Link) -> None:
    good = tool.token(platform, SCOPE_LINE_ITEM_READ)
    score_only = tool.token(platform, SCOPE_SCORE)

    def get(token: str | None) -> int:
        headers = {"Accept": LINE_ITEM_TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})
        return tool.http.get(link.line_item_url, headers=headers).status_code

    assert [get(good), get(None), get("made-up"), get(score_only)] == [200, 401, 401, 403]
    platform.clock = lambda: datetime.now(UTC) + timedelta(hours=2)
    assert get(good) == 401


def test_another_tool_does_not_see_the_line_item(platform: Platform, tool: ScratchTool, link: Link) -> None:
    platform.add_tool(tool.registration(client_id="neighbour"))
    claims = tool.assertion_claims(platform, iss="neighbour", sub="neighbour")
    token = tool.ask_token(platform, tool.sign(claims)).json()["access_token"]
    assert tool.post_score(link.line_item_url, token).status_code == 404

"""Faults happen where and as often as asked; control API, pages and ways to run."""

import json
import logging
import socket
import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest
import requests

from demo.platform import ConfigError, Link, Platform, PlatformConfig, RunningPlatform
from demo.platform.vocabulary import LTI

from .scratch_tool import ScratchTool, form_of


def test_a_status_so_many_times(platform: Platform, tool: ScratchTool, link: Link) -> None:
    token = tool.token(platform)
    platform.faults.set("status", endpoint="scores", status=503, times=2, retry_after=1)
    answers = [tool.post_score(link.line_item_url, token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert [attempt.status for attempt in platform.score_attempts[-3:]] == [503, 503, 200]
    logged = [(entry.method, entry.status, entry.query) for entry in platform.requests if "/scores" in entry.path]
    assert logged[-2:] == [("POST", 503, "type_id=1"), ("POST", 200, "type_id=1")]


def test_a_fault_can_be_for_one_method(platform: Platform, tool: ScratchTool, link: Link) -> None:
    platform.faults.set("status", endpoint="line_items", method="POST", status=500)
    headers = {"Authorization": f"Bearer {tool.token(platform)}"}
    assert tool.http.get(platform.line_items_url, headers=headers).status_code == 406
    assert tool.http.post(platform.line_items_url, headers=headers).status_code == 500


def test_a_lost_answer_is_stored(platform: Platform, tool: ScratchTool, link: Link) -> None:
    token = tool.token(platform)
    platform.faults.set("lost_answer", endpoint="scores", times=1)
    with pytest.raises(requests.ConnectionError):
        tool.post_score(link.line_item_url, token)
    assert platform.score_of(link, "u-1001")
    assert not platform.score_attempts[-1].answered
    assert tool.post_score(link.line_item_url, token, timestamp="2027-01-01T00:00:00.0Z").status_code == 200


def test_slow(platform: Platform, tool: ScratchTool) -> None:
    platform.faults.set("slow", endpoint="jwks", seconds=0.3, times=1)
    started = time.monotonic()
    assert tool.http.get(platform.key_set_url).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_spoilt_id_tokens(platform: Platform, tool: ScratchTool, link: Link) -> None:
    url = platform.launch_url(link.id, "u-1001")
    wanted = {"expired": jwt.ExpiredSignatureError, "wrong_nonce": AssertionError, "no_kid": KeyError}
    for kind, error in (wanted | {"unknown_kid": KeyError}).items():
        platform.faults.set(kind, times=1)
        with pytest.raises(error):
            tool.launch(platform, url)
    assert tool.launch(platform, url)


def test_access_tokens_that_end_early(platform: Platform, tool: ScratchTool, link: Link) -> None:
    platform.faults.set("expired", endpoint="token", times=1)
    assert tool.post_score(link.line_item_url, tool.token(platform)).status_code == 401
    assert tool.post_score(link.line_item_url, tool.token(platform)).status_code == 200


def test_rotated_keys_overlap(tool: ScratchTool) -> None:
    with RunningPlatform(PlatformConfig(tools=[tool.registration()])) as platform:
        first = platform.keys.current.kid
        platform.faults.set("key_rotated")
        assert [key["kid"] for key in platform.public_jwks()["keys"]] == [platform.keys.current.kid, first]
        link = platform.add_link(tool.link())
        assert tool.launch(platform, platform.launch_url(link.id, "u-1001"))


def test_impossible_faults(platform: Platform) -> None:
    for kind, endpoint in (("nonsense", "launch"), ("status", "nowhere"), ("no_kid", "scores")):
        with pytest.raises(ValueError, match=r"none of|applies to"):
            platform.faults.set(kind, endpoint=endpoint)


def test_control_api(platform: Platform, tool: ScratchTool) -> None:
    base = f"{platform.base_url}/control"
    wish = {"title": "New", "client_id": "client-1", "target_link_uri": "http://127.0.0.1:1/n", "graded": True}
    made = tool.http.post(f"{base}/links", json=wish)
    assert made.status_code == 201
    assert made.json()["line_item_url"] == platform.link(made.json()["id"]).line_item_url
    assert tool.http.post(f"{base}/links", json=wish | {"colour": "red"}).status_code == 400
    assert tool.http.post(f"{base}/links", data=json.dumps(wish)).status_code == 415
    assert tool.http.post(f"{base}/people", json={"id": "u-7", "roles": ["Learner"]}).status_code == 201
    tool.http.post(f"{base}/next-launch", json={"claims": {LTI + "context": {"label": None}}, "remove": ["email"]})
    claims = tool.launch(platform, platform.launch_url(made.json()["id"], "u-1001"))
    assert "label" not in claims[LTI + "context"]
    assert "email" not in claims
    assert "name" in claims
    assert len(tool.http.post(f"{base}/faults", json={"kind": "slow", "endpoint": "jwks"}).json()) == 1
    assert tool.http.delete(f"{base}/faults").json() == []
    assert {entry["path"] for entry in tool.http.get(f"{base}/requests").json()} >= {"/auth", "/jwks"}
    assert tool.http.get(f"{base}/state").json()["gradebook"]["columns"][-1]["label"] == "New"


def test_pages_escape_what_tools_say(platform: Platform, tool: ScratchTool) -> None:
    text = tool.http.get(f"{platform.base_url}/return", params={"lti_errormsg": "<b>no</b>"}).text
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert "<b>no" not in text


def test_pages_for_people(platform: Platform, tool: ScratchTool, link: Link) -> None:
    browser = requests.Session()
    learner = browser.get(f"{platform.base_url}/?person=u-1001").text
    assert "Quiz" in learner
    assert "Add content" not in learner
    assert "Add content" in browser.get(f"{platform.base_url}/?person=u-2001").text
    assert "Add content" in browser.get(f"{platform.base_url}/").text  # the cookie remembers
    framed = browser.get(f"{platform.base_url}/links/{link.id}").text
    assert f'src="/launch/{link.id}?person=u-2001&amp;target=iframe"' in framed
    assert browser.get(f"{platform.base_url}/links/none").status_code == 404
    for path in ("/gradebook", "/gradebook.json", "/faults"):
        assert browser.get(platform.base_url + path).status_code == 200
    browser.post(f"{platform.base_url}/faults", data={"kind": "no_kid", "endpoint": "launch", "times": "2"})
    assert platform.faults.active[0].times == 2
    assert form_of(browser.get(platform.launch_url(link.id, "")).text).fields["login_hint"] == "u-2001"


def test_logs_hold_nothing_personal(
    platform: Platform, tool: ScratchTool, link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        tool.launch(platform, platform.launch_url(link.id, "u-1001"))
        tool.http.get(platform.auth_login_url, params=tool.auth_request(platform.launch_url(link.id, "u-1001")))
    ours = " ".join(record.getMessage() for record in caplog.records if record.name == "demo.platform")
    assert "/auth" in ours
    assert not [secret for secret in ("u-1001", "eyJ", "nonce", "Ada") if secret in ours]


def test_configuration_from_json(tmp_path: Path, tool: ScratchTool) -> None:
    file = tmp_path / "platform.json"
    wish = {
        "issuer": "https://lms.example",
        "tools": [
            {
                "client_id": "c",
                "login_url": "http://127.0.0.1:1/l",
                "redirect_uris": ["http://127.0.0.1:1/r"],
                "jwks_url": tool.jwks_url,
            }
        ],
        "links": [{"id": "l", "title": "L", "client_id": "c", "target_link_uri": "http://127.0.0.1:1/t"}],
    }
    file.write_text(json.dumps(wish), encoding="utf-8")
    platform = Platform(PlatformConfig.from_json(file), 9000)
    assert (platform.issuer, platform.auth_login_url) == ("https://lms.example", "http://127.0.0.1:9000/auth")
    assert platform.link("l").title == "L"
    broken: object
    for broken in ({"name": 5}, {"people": [{}]}, {"surprise": 1}, []):
        file.write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(ConfigError):
            PlatformConfig.from_json(file)


def test_a_port_in_use_is_said_clearly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        root = Path(__file__).parents[3]
        command = [sys.executable, "-m", "demo.platform", "--port", port]
        ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=15, check=False)
    assert ended.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in ended.stderr


def test_a_stopped_platform_answers_nobody(tool: ScratchTool) -> None:
    with RunningPlatform() as platform, requests.Session() as browser:
        assert browser.get(platform.key_set_url).status_code == 200
        url = platform.key_set_url
    with pytest.raises(requests.ConnectionError):
        browser.get(url)

"""Line items, scores, results and memberships are as strict as the specifications."""

import json
from typing import Any

import pytest
import requests

from demo.platform import Link, Platform
from demo.platform.vocabulary import INSTRUCTOR, LINE_ITEM_TYPE, LINE_ITEMS_TYPE, MEMBERS_TYPE, RESULTS_TYPE, SCORE_TYPE
from tests.cases import every

from .scratch_tool import ScratchTool


@pytest.fixture
def token(platform: Platform, tool: ScratchTool) -> str:
    return tool.token(platform)


def get(url: str, token: str, accept: str | None) -> requests.Response:
    return requests.get(url, headers={"Authorization": f"Bearer {token}", "Accept": accept}, timeout=5)


def send(method: str, url: str, token: str, body: Any, kind: str = LINE_ITEM_TYPE) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    return requests.request(method, url, data=json.dumps(body), headers=headers, timeout=5)


def test_a_graded_link_has_its_line_item(platform: Platform, token: str, link: Link) -> None:
    body = get(link.line_item_url, token, LINE_ITEM_TYPE).json()
    assert body == {
        "id": link.line_item_url,
        "label": "Quiz",
        "scoreMaximum": 20,
        "resourceId": "unit-1",
        "resourceLinkId": link.id,
    }


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", LINE_ITEM_TYPE])
def test_the_container_wants_its_media_type(platform: Platform, token: str, accept: str | None) -> None:
    assert get(platform.line_items_url, token, accept).status_code == 406


def test_line_item_life(platform: Platform, token: str) -> None:
    wish = {"label": "Essay", "scoreMaximum": 5, "tag": "final", "https://x.example/ext": {"a": 1}}
    created = send("POST", platform.line_items_url, token, wish)
    item = created.json()
    assert (created.status_code, created.headers["Location"]) == (201, item["id"])
    assert item == wish | {"id": item["id"]}
    changed = send("PUT", item["id"], token, item | {"label": "Essay 2"})
    assert (changed.status_code, changed.json()) == (200, item | {"label": "Essay 2"})
    assert send("DELETE", item["id"], token, None).status_code == 204
    assert get(item["id"], token, LINE_ITEM_TYPE).status_code == 404


@every(
    "change, status",
    [
        ({"label": " "}, 400),
        ({"label": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"scoreMaximum": "5"}, 400),
        ({"scoreMaximum": float("nan")}, 400),
        ({"tag": "x" * 256}, 400),
        ({"resourceLinkId": "nowhere"}, 404),
    ],
)
def test_bad_line_items(platform: Platform, token: str, change: dict[str, Any], status: int) -> None:
    body = {"label": "Essay", "scoreMaximum": 5} | change
    assert send("POST", platform.line_items_url, token, body).status_code == status


def test_line_items_want_their_content_type(platform: Platform, token: str) -> None:
    assert send("POST", platform.line_items_url, token, {}, "application/json").status_code == 415


def test_filters_and_pages(platform: Platform, tool: ScratchTool, token: str) -> None:
    links = [platform.add_link(tool.link(graded=True, tag="paged", resource_id=f"r{n}")) for n in range(5)]
    url: str | None = f"{platform.line_items_url}&tag=paged"
    seen, pages = [], 0
    while url:
        answer = get(url, token, LINE_ITEMS_TYPE)
        seen += [item["id"] for item in answer.json()]
        url = answer.links.get("next", {}).get("url")
        pages += 1
    assert (seen, pages) == ([link.line_item_url for link in links], 3)
    for query in ("resource_id=r3", f"resource_link_id={links[3].id}"):
        found = get(f"{platform.line_items_url}&tag=paged&{query}", token, LINE_ITEMS_TYPE).json()
        assert [item["id"] for item in found] == [links[3].line_item_url]
    assert get(f"{platform.line_items_url}&limit=0", token, LINE_ITEMS_TYPE).status_code == 400


def test_a_score_is_kept_and_shown(platform: Platform, tool: ScratchTool, token: str, link: Link) -> None:
    answer = tool.post_score(link.line_item_url, token, comment="well done")
    assert (answer.status_code, answer.content) == (200, b"")
    score = platform.score_of(link.id, "u-1001")
    assert score is not None
    assert score["scoreGiven"] == 8
    path, _, query = link.line_item_url.partition("?")
    shown = get(f"{path}/results?{query}&user_id=u-1001", token, RESULTS_TYPE).json()
    assert [(r["userId"], r["resultScore"], r["resultMaximum"], r["comment"]) for r in shown] == [
        ("u-1001", 16, 20, "well done")
    ]
    assert get(f"{path}/results?{query}&user_id=u-1002", token, RESULTS_TYPE).json() == []
    assert get(f"{path}/results?{query}", token, "*/*").status_code == 406


def test_only_graded_scores_show_and_a_missing_value_clears(
    platform: Platform, tool: ScratchTool, token: str, link: Link
) -> None:
    item = platform.line_item(link)
    assert item

    def after(second: int, **changes: Any) -> float | None:
        stamp = f"2026-02-01T00:00:{second:02d}.0Z"
        assert tool.post_score(link.line_item_url, token, timestamp=stamp, **changes).status_code == 200
        result = platform.store.result(item, "u-1001")
        return result.score if result else None

    assert after(1, gradingProgress="Pending") is None
    assert after(2, scoreGiven=10) == 20
    assert after(3, scoreGiven=1, gradingProgress="PendingManual") == 20
    assert after(4, scoreGiven=None, scoreMaximum=None) is None
    assert after(5, scoreGiven=0) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": None}, 400),
        ({"userId": 1001}, 400),
        ({"userId": "nobody"}, 404),
        ({"userId": "u-2001"}, 422),
        ({"timestamp": None}, 400),
        ({"timestamp": "2026-01-01T00:00:00Z"}, 400),
        ({"timestamp": "2026-01-01T00:00:00.5"}, 400),
        ({"timestamp": "2026-13-01T00:00:00.5Z"}, 400),
        ({"activityProgress": "Done"}, 400),
        ({"gradingProgress": "fullygraded"}, 400),
        ({"scoreGiven": -1}, 400),
        ({"scoreGiven": True}, 400),
        ({"scoreGiven": "8"}, 400),
        ({"scoreGiven": float("nan")}, 400),
        ({"scoreGiven": 10**400}, 400),
        ({"scoreMaximum": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"comment": 5}, 400),
        ({"submission": {"startedAt": "yesterday"}}, 400),
        ({"scoreGiven": 12}, 200),
        ({"timestamp": "2026-01-01T02:00:00.5+02:00"}, 200),
        ({"submission": {"startedAt": "2026-01-01T00:00:00Z"}}, 200),
    ],
)
def test_score_validation(
    platform: Platform, tool: ScratchTool, token: str, link: Link, change: dict[str, Any], status: int
) -> None:
    assert tool.post_score(link.line_item_url, token, **change).status_code == status
    assert platform.score_attempts[-1].status == status
    assert (platform.score_attempts[-1].reason == "") == (status == 200)


def test_timestamps_must_grow(platform: Platform, tool: ScratchTool, token: str, link: Link) -> None:
    stamps = ["00:00:01.000002Z", "00:00:01.000002Z", "00:00:01.000001Z", "00:00:01.000003Z"]
    sent = [tool.post_score(link.line_item_url, token, timestamp=f"2026-01-01T{stamp}") for stamp in stamps]
    assert [answer.status_code for answer in sent] == [200, 409, 409, 200]
    other = tool.post_score(link.line_item_url, token, userId="u-1002", timestamp=f"2026-01-01T{stamps[0]}")
    assert other.status_code == 200


def test_scores_want_their_content_type_and_the_query(platform: Platform, token: str, link: Link) -> None:
    path, _, query = link.line_item_url.partition("?")
    assert send("POST", f"{path}/scores?{query}", token, {}, "application/json").status_code == 415
    assert send("POST", f"{path}/scores", token, {}, SCORE_TYPE).status_code == 404
    assert send("POST", f"{link.line_item_url}/scores", token, {}, SCORE_TYPE).status_code in (404, 405)


def test_memberships(platform: Platform, token: str) -> None:
    url: str | None = f"{platform.memberships_url}?role=Learner"
    members: list[dict[str, Any]] = []
    while url:
        answer = get(url, token, MEMBERS_TYPE)
        members += answer.json()["members"]
        url = answer.links.get("next", {}).get("url")
    assert [member["user_id"] for member in members] == ["u-1001", "u-1002", "u-1003"]
    assert members[0]["email"]
    assert not {"name", "email"} & set(members[2])
    teachers = get(f"{platform.memberships_url}?role={INSTRUCTOR.replace('#', '%23')}", token, MEMBERS_TYPE).json()
    assert [member["name"] for member in teachers["members"]] == ["Ines Roth"]
    assert get(platform.memberships_url, token, "*/*").status_code == 406


def test_memberships_of_a_link(platform: Platform, tool: ScratchTool, token: str) -> None:
    link = platform.add_link(tool.link(custom={"who": "$User.id"}))
    body = get(f"{platform.memberships_url}?rlid={link.id}&limit=1", token, MEMBERS_TYPE).json()
    assert [list(m["message"][0].values())[1] for m in body["members"]] == [{"who": "u-1001"}]
    assert get(f"{platform.memberships_url}?rlid=nowhere", token, MEMBERS_TYPE).status_code == 404


def test_a_link_in_another_course_has_its_line_item_there(platform: Platform, tool: ScratchTool, token: str) -> None:
    other = platform.add_link(tool.link(graded=True, context_id="course-2"))
    assert "/contexts/course-2/" in other.line_item_url
    assert get(other.line_item_url, token, LINE_ITEM_TYPE).status_code == 200
    elsewhere = other.line_item_url.replace("course-2", platform.config.context.id)
    assert get(elsewhere, token, LINE_ITEM_TYPE).status_code == 404
    listed = get(platform.line_items_url_of("course-2"), token, LINE_ITEMS_TYPE).json()
    assert [item["id"] for item in listed] == [other.line_item_url]

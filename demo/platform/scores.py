"""Scores and results (Assignment and Grade Services 2.0, 3.3 and 3.4)."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, request

from demo.platform import exchange, strict_json
from demo.platform.ags import CONTAINER, own_line_item
from demo.platform.answers import Refusal
from demo.platform.emulator import Platform, current_platform
from demo.platform.faults import LOST
from demo.platform.store import LineItem, Score, ScoreAttempt
from demo.platform.tokens import require
from demo.platform.vocabulary import (
    ACTIVITY_PROGRESS,
    GRADING_PROGRESS,
    RESULTS_TYPE,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
    SCORE_TYPE,
)

blueprint = Blueprint("scores", __name__)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


@blueprint.post(f"{CONTAINER}/<item_id>/scores")
def receive(context_id: str, item_id: str) -> Response:
    """Take a score, if it is valid and newer than the last one. 200 and an empty body, as Moodle."""
    platform = current_platform()
    access = require(SCOPE_SCORE)
    item = own_line_item(platform, access, context_id, item_id)
    body = exchange.json_object(SCORE_TYPE)
    timestamp = _check(body)
    person = platform.store.person(body["userId"])
    if person is None:
        raise Refusal(404, "userId is nobody in this course", error="not_found")
    if not person.is_learner:
        raise Refusal(422, "userId is not a learner in this course", error="unprocessable")
    if not platform.store.accept(Score(item.id, person.id, timestamp, platform.now, body)):
        raise Refusal(409, "timestamp is not newer than the last score's", error="conflict")
    return Response(status=200)


@blueprint.get(f"{CONTAINER}/<item_id>/results")
def results(context_id: str, item_id: str) -> Response:
    """What the gradebook shows, of everybody or of user_id."""
    platform = current_platform()
    access = require(SCOPE_RESULT_READ)
    item = own_line_item(platform, access, context_id, item_id)
    exchange.check_accept(RESULTS_TYPE)
    wanted = request.args.get("user_id")
    people = [person.id for person in platform.store.people() if wanted in (None, person.id)]
    entries = [entry for person_id in people if (entry := _result(platform, item, person_id))]
    return exchange.container(platform, entries, RESULTS_TYPE)


def place(platform: Platform) -> tuple[str, str]:
    """Whose scores for which course this request is about."""
    said = request.view_args or {}
    item = platform.store.line_item(said.get("item_id", ""))
    return (item.client_id if item else "", said.get("context_id", ""))


def record_attempt(platform: Platform, status: int) -> None:
    """Keep what was tried at the scores endpoint, whatever came of it."""
    try:
        body = strict_json.loads(request.get_data())
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    platform.store.record_attempt(
        ScoreAttempt(
            at=platform.now,
            status=status,
            line_item_id=(request.view_args or {}).get("item_id", ""),
            user_id=str(body.get("userId", "")),
            body=body,
            reason=g.get("reason", ""),
            answered=LOST not in request.environ,
        )
    )


def _result(platform: Platform, item: LineItem, person_id: str) -> dict[str, Any] | None:
    result = platform.store.result(item, person_id)
    if result is None:
        return None
    url = platform.line_item_url(item, "results")
    entry: dict[str, Any] = {
        "id": f"{url}{'&' if '?' in url else '?'}user_id={quote(person_id, safe='')}",
        "userId": person_id,
        "resultScore": result.score,
        "resultMaximum": result.maximum,
        "scoreOf": platform.line_item_url(item),
    }
    return entry | ({"comment": result.comment} if result.comment else {})


def _check(body: dict[str, Any]) -> datetime:
    """Check a score's fields and return its timestamp. Raises Refusal 400."""
    if not isinstance(body.get("userId"), str) or not body["userId"]:
        raise Refusal(400, "userId is missing")
    if body.get("activityProgress") not in ACTIVITY_PROGRESS:
        raise Refusal(400, f"activityProgress is none of {', '.join(ACTIVITY_PROGRESS)}")
    if body.get("gradingProgress") not in GRADING_PROGRESS:
        raise Refusal(400, f"gradingProgress is none of {', '.join(GRADING_PROGRESS)}")
    if "scoreGiven" in body:
        _check_number(body, "scoreGiven", above_zero=False)
    if "scoreGiven" in body or "scoreMaximum" in body:
        _check_number(body, "scoreMaximum", above_zero=True)
    if not isinstance(body.get("comment", ""), str):
        raise Refusal(400, "comment is not text")
    submission = body.get("submission", {})
    if not isinstance(submission, dict):
        raise Refusal(400, "submission is not an object")
    for name in {"startedAt", "submittedAt"} & submission.keys():
        _instant(submission[name], name)
    return _instant(body.get("timestamp"), "timestamp", sub_seconds=True)


def _check_number(body: dict[str, Any], name: str, *, above_zero: bool) -> None:
    value: Any = body.get(name)
    if not strict_json.is_number(value):
        raise Refusal(400, f"{name} is missing or not a number")
    if value < 0 or (above_zero and value == 0):
        raise Refusal(400, f"{name} is too small")


def _instant(value: object, name: str, *, sub_seconds: bool = False) -> datetime:
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None or (sub_seconds and match[1] is None):
        precision = " and fractions of a second" if sub_seconds else ""
        raise Refusal(400, f"{name} must be ISO 8601 with a zone{precision}")
    try:
        return datetime.fromisoformat(match[0])
    except ValueError as error:
        raise Refusal(400, f"{name} is no instant") from error

"""What the gradebook shows, as plain data for the page and for the control API."""

from typing import Any

from demo.platform.config import Link, Person
from demo.platform.emulator import Platform
from demo.platform.store import LineItem

HISTORY = 50


def gradebook(platform: Platform) -> dict[str, Any]:
    """Columns, rows with a cell per column, and the latest attempts to post scores, newest first."""
    items = platform.store.line_items()
    learners = [person for person in platform.store.people() if person.is_learner]
    labels = {item.id: item.label for item in items}
    names = {person.id: person.name or person.id for person in platform.store.people()}
    attempts = platform.score_attempts[: -HISTORY - 1 : -1]
    return {
        "columns": [{"id": i.id, "label": i.label, "maximum": shown(i.score_maximum)} for i in items],
        "rows": [
            {"id": p.id, "name": names[p.id], "cells": [_cell(platform, item, p) for item in items]} for p in learners
        ],
        "history": [
            {
                "at": attempt.at.isoformat(),
                "person": names.get(attempt.user_id, "unknown"),
                "line_item": labels.get(attempt.line_item_id, "unknown"),
                "score": _given(attempt.body),
                "progress": f"{attempt.body.get('activityProgress', '')} / {attempt.body.get('gradingProgress', '')}",
                "status": attempt.status,
                "reason": attempt.reason or ("" if attempt.answered else "stored, but the answer was lost on purpose"),
            }
            for attempt in attempts
        ],
    }


def score_on_link(platform: Platform, link: Link, person: Person) -> str:
    """What the course page says about a person's score on a link; empty if there is none."""
    item = platform.store.line_item_of(link.id)
    result = platform.store.result(item, person.id) if item else None
    return f"{shown(result.score)} of {shown(result.maximum)}" if result else ""


def shown(value: Any) -> str:
    """A number without needless decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else str(value)


def _cell(platform: Platform, item: LineItem, person: Person) -> dict[str, str]:
    result = platform.store.result(item, person.id)
    newest = platform.store.newest(item.id, person.id)
    pending = newest is not None and newest.body["gradingProgress"] != "FullyGraded"
    note = str(newest.body["gradingProgress"]) if newest and pending else ""
    return {"score": shown(result.score) if result else "", "note": note}


def _given(body: Any) -> str:
    if "scoreGiven" not in body:
        return "no value"
    return f"{shown(body['scoreGiven'])} of {shown(body.get('scoreMaximum', '?'))}"

"""JSON control API for tests and scripts, on loopback only."""

import dataclasses
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from demo.platform.answers import Refusal
from demo.platform.config import ConfigError, Link, Person, Tool, build
from demo.platform.emulator import current_platform
from demo.platform.gradebook import gradebook
from demo.platform.id_tokens import Claims

blueprint = Blueprint("control", __name__, url_prefix="/control")


@blueprint.before_request
def only_loopback() -> None:
    """Refuse other machines, and forms that other sites' pages post."""
    if request.remote_addr not in ("127.0.0.1", "::1"):
        raise Refusal(403, "loopback only")
    if request.method == "POST" and request.mimetype != "application/json":
        raise Refusal(415, "Content-Type must be application/json")


@blueprint.get("/state")
def state() -> Response:
    """Gradebook, links, scores and attempts to post them."""
    platform = current_platform()
    return _json(
        {
            "issuer": platform.issuer,
            "gradebook": gradebook(platform),
            "links": [platform.link(link.id) for link in platform.store.links()],
            "people": platform.store.people(),
            "scores": platform.scores,
            "score_attempts": platform.score_attempts,
            "faults": platform.faults.active,
            "most_scores_at_once": platform.overlap.most_of_all,
        }
    )


@blueprint.get("/requests")
def requests_log() -> Response:
    """The requests that were answered."""
    return _json(current_platform().requests)


@blueprint.route("/faults", methods=["GET", "POST", "DELETE"])
def faults() -> Response:
    """List, add (kind, endpoint, method, times, status, seconds, retry_after) or clear."""
    active = current_platform().faults
    if request.method == "POST":
        try:
            active.set(**_body())
        except (TypeError, ValueError) as error:
            raise Refusal(400, str(error)) from error
    elif request.method == "DELETE":
        active.clear()
    return _json(active.active)


@blueprint.post("/links")
def add_link() -> Response:
    """Add or replace a link; answers it with its id and line_item_url."""
    return _add(lambda: current_platform().add_link(build(Link, _body())))


@blueprint.post("/tools")
def add_tool() -> Response:
    """Add or replace a tool."""
    return _add(lambda: current_platform().add_tool(build(Tool, _body())))


@blueprint.post("/people")
def add_person() -> Response:
    """Add or replace a person."""
    return _add(lambda: current_platform().add_person(build(Person, _body())))


@blueprint.post("/keys/rotate")
def rotate() -> Response:
    """Sign with a new key."""
    return _json({"kid": current_platform().keys.rotate().kid})


@blueprint.post("/next-launch")
def next_launch() -> Response:
    """Spoil the next id_token: ``claims`` and ``headers`` are merge patches (RFC 7396), ``algorithm`` a name.

    ``remove`` is a list of claims, for those whose null should be tested by a merge of their own.
    """
    body = _body()
    if unknown := set(body) - {"claims", "headers", "algorithm", "remove"}:
        raise Refusal(400, f"unknown field {sorted(unknown)[0]}")
    removed = body.get("remove", [])

    def claims(values: Claims) -> Claims:
        merged: Claims = merge(values, body.get("claims", {}))
        return {name: value for name, value in merged.items() if name not in removed}

    current_platform().tamper_next_launch(
        claims=claims,
        headers=lambda values: merge(values, body.get("headers", {})),
        algorithm=body.get("algorithm"),
    )
    return _json({})


def merge(target: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396): null removes."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise Refusal(400, "the body is not a JSON object")
    return body


def _add(add: Any) -> Response:
    try:
        return _json(add(), 201)
    except ConfigError as error:
        raise Refusal(400, str(error)) from error


def _json(value: object, status: int = 200) -> Response:
    answer = jsonify(_plain(value))
    answer.status_code = status
    return answer


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, datetime) else value

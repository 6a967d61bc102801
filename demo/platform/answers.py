"""Refusals, and how each part of the platform words them: pages for people, JSON for tools."""

from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException


class Refusal(Exception):
    """A request is refused with a status and a reason that a developer can read."""

    def __init__(self, status: int, reason: str, *, error: str = "invalid_request") -> None:
        super().__init__(reason)
        self.status, self.reason, self.error = status, reason, error


def page_refusal(status: int, title: str, reason: str) -> Response:
    """A page that says what is wrong."""
    return make_response(render_template("message.html", title=title, paragraphs=[reason], kind="error"), status)


def auto_form(action: str, fields: dict[str, str], *, method: str = "post", title: str) -> Response:
    """A page whose form submits itself; a button does it without scripts."""
    page = render_template("auto_form.html", action=action, fields=fields, method=method, title=title)
    return make_response(page, 200, {"Cache-Control": "no-store"})


def single_values(values: Any) -> dict[str, str]:
    """Request parameters as a plain dict. Raises Refusal if one comes twice (RFC 6749, 3.1)."""
    if repeated := [name for name, all_values in values.lists() if len(all_values) > 1]:
        raise Refusal(400, f"the parameter {repeated[0]} comes more than once")
    return dict(values.items())


def register(app: Flask) -> None:
    """Make refusals and HTTP errors readable everywhere."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        g.reason = refusal.reason
        if not _for_machines():
            return page_refusal(refusal.status, "This did not work", refusal.reason)
        body = {"error": refusal.error, "error_description": refusal.reason}
        answer = make_response(jsonify(body), refusal.status, {"Cache-Control": "no-store"})
        if refusal.status in (401, 403) and request.path.startswith("/api/"):
            answer.headers["WWW-Authenticate"] = f'Bearer realm="demo-platform", error="{refusal.error}"'
        return answer

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response:
        status = error.code or 500
        if _for_machines():
            return make_response(jsonify({"error": error.name, "error_description": error.description}), status)
        return page_refusal(status, error.name, error.description or "")


def _for_machines() -> bool:
    return request.path.startswith(("/api/", "/control/", "/token", "/jwks"))

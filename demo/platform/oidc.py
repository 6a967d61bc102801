"""Launches: login initiation, the authorization endpoint, keys and facts (Security Framework, 5.1)."""

from urllib.parse import parse_qsl, urlsplit, urlunsplit

from flask import Blueprint, Response, jsonify, make_response, request

from demo.platform.answers import Refusal, auto_form, page_refusal, single_values
from demo.platform.config import Person, Tool
from demo.platform.configuration import openid_configuration as facts_of
from demo.platform.dialogs import Dialog
from demo.platform.emulator import PendingLaunch, Platform, current_platform
from demo.platform.legacy import lti1p1_claim
from demo.platform.messages import deep_linking_claims, resource_link_claims
from demo.platform.storage import announced

blueprint = Blueprint("oidc", __name__)
ID_TOKEN_SECONDS = 60


class AuthorizationError(Exception):
    """An OIDC error that the tool gets to know, at its redirect_uri."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


@blueprint.get("/launch/<link_id>")
def launch(link_id: str) -> Response:
    """Start a resource link launch for a person."""
    platform = current_platform()
    link = platform.store.link(link_id)
    if link is None:
        raise Refusal(404, "There is no such link in this course.")
    target = request.args.get("target") or link.presentation
    person = person_of_request(platform)
    pending = PendingLaunch(link.client_id, person.id, link.id, target)
    return initiate(platform, pending, link.target_link_uri, announced(platform, target))


@blueprint.get("/deep-link")
def deep_link() -> Response:
    """Start a deep-linking launch, for instructors only."""
    platform = current_platform()
    person = person_of_request(platform)
    if not person.is_instructor:
        raise Refusal(403, "Only an instructor can add content to this course.")
    tools = [tool for tool in platform.store.tools() if tool.active]
    client_id = request.args.get("client_id") or (tools[0].client_id if tools else "")
    tool = platform.store.tool(client_id)
    if tool is None:
        raise Refusal(404, "There is no such tool.")
    target = request.args.get("target") or "window"
    pending = PendingLaunch(client_id, person.id, None, target, dialog_of_request())
    return initiate(platform, pending, tool.deep_link_url or tool.redirect_uris[0], announced(platform, target))


def dialog_of_request() -> Dialog:
    """The dialog that the query names. Raises Refusal."""
    try:
        return Dialog(request.args.get("dialog", "several"), request.args.get("like", "plain"))
    except ValueError as error:
        raise Refusal(404, f"No: {error}.") from error


def person_of_request(platform: Platform) -> Person:
    """The person named by the query, else by the course page's cookie. Raises Refusal."""
    person = platform.store.person(request.args.get("person") or request.cookies.get("demo_platform_person", ""))
    if person is None:
        raise Refusal(404, "Choose a person on the course page first.")
    return person


def initiate(platform: Platform, pending: PendingLaunch, target_link_uri: str, storage: str = "") -> Response:
    """Third-party login initiation at the tool (LTI 1.3 Core, 4.1); ``storage`` is what a course page offers."""
    tool = platform.store.tool(pending.client_id)
    if tool is None:
        raise Refusal(404, "The tool of this link is gone.")
    if not tool.active:
        raise Refusal(403, "The tool of this link waits for an administrator, who must activate it.")
    fields = {
        "iss": platform.issuer,
        "login_hint": pending.person_id,
        "target_link_uri": target_link_uri,
        "lti_message_hint": platform.pending_launches.issue(pending, platform.now),
        "client_id": tool.client_id,
        "lti_deployment_id": tool.deployment_id,
    } | ({"lti_storage_target": storage} if storage else {})
    action = tool.login_url
    if tool.login_method == "GET":  # a GET form drops the query of its action
        parts = urlsplit(action)
        fields = dict(parse_qsl(parts.query, keep_blank_values=True)) | fields
        action = urlunsplit(parts._replace(query=""))
    return auto_form(action, fields, method=tool.login_method.lower(), title=f"Opening {tool.title}")


@blueprint.route("/auth", methods=["GET", "POST"])
def authorize() -> Response:
    """The authorization endpoint: an id_token for a launch that was started here, else an error."""
    platform = current_platform()
    params = single_values(request.form if request.method == "POST" else request.args)
    tool = platform.store.tool(params.get("client_id", ""))
    if tool is None:
        return page_refusal(400, "Unknown tool", "No tool is registered here with this client_id.")
    if params.get("redirect_uri") not in tool.redirect_uris:
        return page_refusal(400, "Wrong redirect_uri", "The tool asked for a redirect_uri that is not registered.")
    if not tool.active:
        return page_refusal(403, "Not active", "The tool waits for an administrator, who must activate it.")
    try:
        fields = {"id_token": _id_token(platform, tool, params)}
    except AuthorizationError as error:
        fields = {"error": error.error, "error_description": error.description}
    if params.get("state"):
        fields["state"] = params["state"]
    return auto_form(params["redirect_uri"], fields, title=f"Opening {tool.title}")


def _id_token(platform: Platform, tool: Tool, params: dict[str, str]) -> str:
    _check_protocol(params)
    pending = platform.pending_launches.peek(params.get("lti_message_hint", ""), platform.now)
    if pending is None or pending.client_id != tool.client_id:
        raise AuthorizationError("invalid_request", "lti_message_hint is unknown, used or too old")
    if params.get("login_hint") != pending.person_id:
        raise AuthorizationError("login_required", "login_hint is not the person of this launch")
    if (tool.client_id, params["nonce"]) in platform.seen_nonces:
        raise AuthorizationError("invalid_request", "nonce was used before")
    if platform.pending_launches.redeem(params["lti_message_hint"], platform.now) is None:
        raise AuthorizationError("invalid_request", "lti_message_hint is used")
    if not platform.seen_nonces.first_use((tool.client_id, params["nonce"])):
        raise AuthorizationError("invalid_request", "nonce was used before")
    now = int(platform.now.timestamp())
    envelope = {
        "iss": platform.issuer,
        "aud": tool.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_SECONDS,
        "nonce": params["nonce"],
    }
    person = platform.store.person(pending.person_id)
    legacy = lti1p1_claim(tool, person, envelope) if person else {}
    return platform.sign_id_token(envelope | _message(platform, tool, pending) | legacy)


def _check_protocol(params: dict[str, str]) -> None:
    wanted = {
        "response_type": ("id_token", "unsupported_response_type"),
        "response_mode": ("form_post", "invalid_request"),
        "scope": ("openid", "invalid_scope"),
        "prompt": ("none", "invalid_request"),
    }
    for name, (value, error) in wanted.items():
        if params.get(name) != value:
            raise AuthorizationError(error, f"{name} must be {value}")
    for name in ("nonce", "state"):
        if not params.get(name):
            raise AuthorizationError("invalid_request", f"{name} is missing")


def _message(platform: Platform, tool: Tool, pending: PendingLaunch) -> dict[str, object]:
    person = platform.store.person(pending.person_id)
    if person is None:
        raise AuthorizationError("login_required", "the person is gone")
    if pending.link_id is None:
        return deep_linking_claims(platform, tool, person, pending.document_target, pending.dialog)
    link = platform.store.link(pending.link_id)
    if link is None:
        raise AuthorizationError("invalid_request", "the link is gone")
    return resource_link_claims(platform, tool, person, link, pending.document_target)


@blueprint.get("/jwks")
def jwks() -> Response:
    """The platform's public keys."""
    return make_response(jsonify(current_platform().public_jwks()), 200, {"Cache-Control": "public, max-age=300"})


@blueprint.get("/.well-known/openid-configuration")
def openid_configuration() -> Response:
    """What a tool's administrator would otherwise have to type. Registering begins on the page "Tools"."""
    return jsonify(facts_of(current_platform()))

"""The token endpoint (Security Framework, 4.1), and the check of bearer tokens at the services."""

import secrets
from datetime import timedelta

from flask import Blueprint, Response, jsonify, make_response, request

from demo.platform.answers import Refusal, single_values
from demo.platform.config import Tool
from demo.platform.emulator import AccessToken, Platform, current_platform
from demo.platform.tool_jwt import ToolJwtError, audiences, check_times, unverified_claims
from demo.platform.vocabulary import ASSERTION_TYPE

blueprint = Blueprint("tokens", __name__)
TOKEN_SECONDS = 3600


@blueprint.post("/token")
def token() -> Response:
    """Give an access token for a signed assertion."""
    platform = current_platform()
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refusal(400, "the body must be application/x-www-form-urlencoded")
    params = single_values(request.form)
    if params.get("grant_type") != "client_credentials":
        raise Refusal(400, "grant_type must be client_credentials", error="unsupported_grant_type")
    if params.get("client_assertion_type") != ASSERTION_TYPE:
        raise Refusal(400, f"client_assertion_type must be {ASSERTION_TYPE}")
    try:
        tool = authenticated_tool(platform, params.get("client_assertion", ""))
    except ToolJwtError as error:
        raise Refusal(401, f"client_assertion: {error}", error="invalid_client") from error
    scopes = [scope for scope in tool.granted_scopes() if scope in params.get("scope", "").split()]
    if not scopes:
        raise Refusal(400, "none of the scopes can be granted", error="invalid_scope")
    lifetime = 0 if platform.faults.take("expired", "token") else TOKEN_SECONDS
    value = secrets.token_urlsafe(32)
    expires_at = platform.now + timedelta(seconds=lifetime)
    platform.access_tokens[value] = AccessToken(tool.client_id, frozenset(scopes), expires_at)
    body = {"access_token": value, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": " ".join(scopes)}
    return make_response(jsonify(body), 200, {"Cache-Control": "no-store", "Pragma": "no-cache"})


def authenticated_tool(platform: Platform, assertion: str) -> Tool:
    """The tool that signed this client assertion, checked in every respect. Raises ToolJwtError."""
    tool = platform.store.tool(str(unverified_claims(assertion).get("iss")))
    if tool is None:
        raise ToolJwtError("iss is not a client_id known here")
    if not tool.active:
        raise ToolJwtError("the tool is not active")
    claims = platform.tool_keys.claims(tool, assertion)
    if claims.get("iss") != tool.client_id or claims.get("sub") != tool.client_id:
        raise ToolJwtError("iss and sub must both be the client_id")
    if (tool.audience or platform.auth_token_url) not in audiences(claims):
        raise ToolJwtError(f"aud does not contain {'what it must' if tool.audience else 'the token URL'}")
    check_times(claims, platform.now.timestamp())
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise ToolJwtError("jti is missing")
    if not platform.seen_jtis.first_use((tool.client_id, jti)):
        raise ToolJwtError("jti was used before")
    return tool


def require(*scopes: str) -> AccessToken:
    """The bearer token of this request, carrying one of the scopes. Raises Refusal 401 or 403."""
    platform = current_platform()
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    access = platform.access_tokens.get(value) if scheme.lower() == "bearer" else None
    if access is None or access.expires_at <= platform.now:
        raise Refusal(401, "the access token is missing, unknown or expired", error="invalid_token")
    if not access.scopes.intersection(scopes):
        raise Refusal(403, "the access token does not carry the scope", error="insufficient_scope")
    return access

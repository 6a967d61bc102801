"""Tools' keys as Canvas keeps them: one for each tool, which the tool itself may replace.

A tool without a key set address has this one key, without an overlap: what the key before it signed is refused from
the moment of the change. A tool with an address may be sent a key too, but the address is what counts.
"""

from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, make_response, request

from demo.platform.answers import Refusal
from demo.platform.emulator import current_platform
from demo.platform.strict_json import loads
from demo.platform.tokens import require
from demo.platform.vocabulary import SCOPE_PUBLIC_JWK

blueprint = Blueprint("key_push", __name__)
PATH = "/api/lti/developer_key/update_public_jwk"
MEMBERS = ("kty", "e", "n", "kid", "alg", "use")
JWK_TYPE = "application/vnd.ims.lis.v2.publicjwk+json"


@blueprint.put(PATH)
def update() -> Response:
    """Take a new key for the tool whose access token this is."""
    platform = current_platform()
    access = require(SCOPE_PUBLIC_JWK)
    key = _checked(_body())
    platform.tool_keys.paste(access.client_id, key)
    return make_response(jsonify({"public_jwk": key}), 200, {"Content-Type": JWK_TYPE})


def _body() -> Any:
    if request.mimetype != "application/json":
        raise Refusal(400, "the body must be application/json")
    try:
        body = loads(request.get_data())
    except ValueError as error:
        raise Refusal(400, "the body is not JSON") from error
    outer = body.get("developer_key") if isinstance(body, dict) else None
    if not isinstance(outer, dict) or not outer.get("public_jwk"):
        raise Refusal(400, "developer_key.public_jwk is missing")
    return outer["public_jwk"]


def _checked(key: Any) -> dict[str, str]:
    """A public RSA key for signatures, named. Raises Refusal 422."""
    if not isinstance(key, dict) or not all(isinstance(key.get(name), str) and key[name] for name in MEMBERS):
        raise Refusal(422, f"the key needs {', '.join(MEMBERS)}", error="unprocessable")
    if "d" in key or (key["kty"], key["alg"]) != ("RSA", "RS256"):
        raise Refusal(422, "the key is no public RSA key for RS256", error="unprocessable")
    try:
        jwt.PyJWK(key, "RS256")
    except jwt.PyJWTError as error:
        raise Refusal(422, "the key cannot be read", error="unprocessable") from error
    return {name: key[name] for name in MEMBERS}

"""The claim of a platform that served a tool on LTI 1.1 before, and its signature. (LTI 1.3 Core, 6.1)"""

import base64
import hashlib
import hmac
from typing import Any

from demo.platform.config import Person, Tool
from demo.platform.vocabulary import LTI


def lti1p1_claim(tool: Tool, person: Person, envelope: dict[str, Any]) -> dict[str, Any]:
    """The claim for a token with this envelope; nothing for a tool that had no key. What is equal is left out."""
    if not tool.lti1p1:
        return {}
    key, secret = tool.lti1p1
    signed = [key, tool.deployment_id, envelope["iss"], tool.client_id, str(envelope["exp"]), envelope["nonce"]]
    made = hmac.new(secret.encode(), "&".join(signed).encode(), hashlib.sha256).digest()
    claim = {"oauth_consumer_key": key, "oauth_consumer_key_sign": base64.b64encode(made).decode()}
    return {LTI + "lti1p1": claim | ({"user_id": person.lti1p1_id} if person.lti1p1_id else {})}

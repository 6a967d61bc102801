"""Canvas's service that replaces the one key that it has of a tool.

Canvas's documentation names a parameter ``public_jwk``; what it reads is nested, as here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lti_1p3_provider.lti import service
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.registrations.models import Deployment

SCOPE = "https://canvas.instructure.com/lti/public_jwk/scope/update"
SCOPES = frozenset((SCOPE,))


def put(deployment: Deployment, url: str, jwk: Mapping[str, str]) -> Exchange[Answer]:
    """Replace the key that the platform has of us. The answer may have any status; 2xx means that from then on it
    accepts only the new key. ``url``: the service, on the customer's own host.

    Raises:
        AddressForbidden: the address is not on the platform's own hosts, so it gets no token.
        AccessTokenRefused, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    body = json.dumps({"developer_key": {"public_jwk": dict(jwk)}}).encode()
    headers = {"Content-Type": "application/json", "Accept": "*/*"}
    request = Request("PUT", url, headers=headers, body=body, whole=False)
    answer: Answer = yield from service.call(deployment, SCOPES, request, SCOPE)
    return answer

"""A requests session whose every request goes through ``transport``, for libraries that make requests of their own.

Addresses are checked, time and size are limited, and nothing is followed, as for our own requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import responses
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.exchange import Answer


class GuardedSession(requests.Session):
    """A session that takes no proxies, passwords or certificates from the environment, keeps no cookies, and follows no
    redirect."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.headers = CaseInsensitiveDict()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Guarded())

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow nothing: the platform must not send us, with what we carry, to another place."""
        return None


class _Guarded(BaseAdapter):
    """Raises LtiError if no answer comes, as ``transport.send`` does. The transport's limits count, not the
    caller's."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        url = request.url or ""
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        response = response_of(transport.send(request.method or "GET", url, headers=headers, body=body), url)
        response.request = request
        return response

    def close(self) -> None:
        """Close nothing: the transport's connections are shared."""


def response_of(answer: Answer, url: str) -> requests.Response:
    """Return an answer as requests has it, with its body. If only the status counts and the body could not be read, the
    body is empty. ``url``: the address that was asked."""
    response = requests.Response()
    response.status_code, response.url = answer.status, answer.url or url
    response.reason = responses.get(answer.status, "")
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = "utf-8"
    response._content = b"" if answer.failure else answer.body
    response._content_consumed = True  # type: ignore[attr-defined]
    return response

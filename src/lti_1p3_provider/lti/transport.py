"""Every HTTP request to a platform goes through here.

Time and size are limited (``deadline``, ``measured``). Redirects are not followed, and cookies and proxies are not
used. A connection is made only to the address that was checked: never a private or special one, unless the operator
named the host in ``LTI_1P3_PROVIDER_PRIVATE_HOSTS``, and never one at which a cloud tells its machines their secrets.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from http.client import HTTPException

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.quoting import quoted_address
from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, LtiError, PlatformUnreachable
from lti_1p3_provider.lti import trusted
from lti_1p3_provider.lti.codings import decoded
from lti_1p3_provider.lti.deadline import Deadline, watched
from lti_1p3_provider.lti.exchange import Answer, Exchange, Pause, Result, Step
from lti_1p3_provider.lti.measured import was_too_much
from lti_1p3_provider.lti.public_addresses import CheckedAdapter, NamedAdapter
from lti_1p3_provider.web.addresses import is_private_host, origin, plain, problem_with, split_url

CONNECT_TIMEOUT = 4.0  # seconds
MAX_BODY = 1024 * 1024
CHUNK = 16 * 1024
BODY_PATIENCE = 2.0  # seconds for a body that nobody needs; read to its end, the connection can be used again
POOL_SIZE = DEFAULT_POOLSIZE  # connections to a host that are kept, by either adapter
USER_AGENT = "lti-1p3-provider (Open edX)"
TOO_LARGE = "the answer is larger than {} bytes"
FAILURES = (LtiError, InvalidIPAddress, requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


def run(exchange: Exchange[Result]) -> Result:
    """Run a whole conversation in this thread and return its result.

    Raises:
        LtiError: whatever the conversation makes of an answer, or of none.
    """
    try:
        step = next(exchange)
        while True:
            try:
                answer = perform(step)
            except LtiError as error:
                step = exchange.throw(error)
            else:
                step = exchange.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result


def perform(step: Step) -> Answer | None:
    """Do one step of a conversation. It needs no database and no cache, so it may run in any thread.

    Raises:
        AddressForbidden, PlatformUnreachable, AnswerUnreadable
    """
    if isinstance(step, Pause):
        time.sleep(step.seconds)
        return None
    return send(
        step.method,
        step.url,
        headers=step.headers,
        form=step.form,
        body=step.body,
        timeout=step.timeout,
        whole=step.whole,
        most=step.most or MAX_BODY,
    )


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float | None = None,
    whole: bool = True,
    most: int = MAX_BODY,
) -> Answer:
    """Make one request. The answer may have any status.

    ``timeout``: seconds for the whole exchange (default: ``LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC``). ``whole``: a
    successful answer must have a readable body. ``most``: bytes that the body may have.

    Raises:
        AddressForbidden, PlatformUnreachable, AnswerUnreadable, TrustUnreadable
    """
    if problem := problem_with(url):
        raise AddressForbidden(f"{quoted_address(url)}: {problem}")
    seconds, trust = timeout or conf.http_timeout, trusted.bundle() if origin(url).startswith("https:") else True
    said: Answer | None = None
    failure: LtiError | None = None
    with Deadline(seconds, most - MAX_BODY) as deadline:
        try:
            prepared = _prepared(method, url, dict(headers or {}), form if body is None else body)
            with _asked(prepared, url, deadline, seconds, trust) as response:
                said = Answer(response.status_code, _lowered(response), b"", url)
                if not whole:
                    deadline.hasten(BODY_PATIENCE)
                said = replace(said, body=_body(response, most))
            failure = _late(seconds) if deadline.passed else None  # a body without a length may have been cut off
        except FAILURES as error:
            failure = _as_ours(error, deadline, seconds, most)
            if said is None and deadline.status is not None:  # its headers cannot be read
                said = Answer(deadline.status, {}, b"", url)
    if said is not None and (failure is None or not whole or not said.ok):
        return replace(said, failure=failure)
    raise failure or _late(seconds)


def _prepared(
    method: str, url: str, headers: dict[str, str], data: bytes | Mapping[str, str] | None
) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    own = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "keep-alive"}
    request.prepare(method=method, url=plain(url), headers={**own, **headers}, data=data)
    return request


def _asked(
    request: requests.PreparedRequest, url: str, deadline: Deadline, seconds: float, trust: bool | str
) -> requests.Response:
    """Make a request through an adapter. Without a requests session there are no cookies, proxies or redirects.

    Connections are used again, and one may be gone by then: a server or a firewall gives it up after a while. A GET is
    then made once more, at last on a new connection; what changes something is for its caller to repeat.
    """
    adapter, timeout = _adapter(url, os.getpid()), (min(CONNECT_TIMEOUT, seconds), seconds)
    for _ in range(POOL_SIZE if request.method == "GET" else 0):  # another thread may take the new one
        try:
            return adapter.send(request, stream=True, timeout=timeout, verify=trust)
        except requests.ConnectionError:
            if not deadline.is_used or deadline.passed or deadline.status is not None:
                raise
            deadline.is_used = False
    return adapter.send(request, stream=True, timeout=timeout, verify=trust)


def _lowered(response: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _body(response: requests.Response, most: int) -> bytes:
    """Return what the platform sent, without its codings."""
    received = bytearray()
    for chunk in response.raw.stream(CHUNK, decode_content=False):
        received += chunk
        if len(received) > most:
            raise AnswerUnreadable(TOO_LARGE.format(most))
    return decoded(bytes(received), response.headers.get("Content-Encoding", ""), most)


def _as_ours(error: Exception, deadline: Deadline, seconds: float, most: int) -> LtiError:
    """Return our own error that says why there is no complete answer."""
    said: LtiError
    if isinstance(error, LtiError):
        return error
    if isinstance(error, InvalidIPAddress):
        said = AddressForbidden("the name leads to a private or special address")
    elif was_too_much(error):
        said = AnswerUnreadable(TOO_LARGE.format(most))
    elif deadline.passed or isinstance(error, (TimeoutError, requests.Timeout)):
        said = _late(seconds)
    else:
        said = PlatformUnreachable(type(error).__name__)
    said.__cause__ = error
    return said


def _late(seconds: float) -> PlatformUnreachable:
    return PlatformUnreachable(f"no whole answer in {seconds:g} s")


def _adapter(url: str, process: int) -> HTTPAdapter:
    """Choose by the exact host. The address of a host that the operator did not name is checked."""
    parts = split_url(url)
    return _private(process) if parts is not None and is_private_host(parts) else _public(process)


@cache
def _private(_process: int) -> HTTPAdapter:
    """Return the process's adapter: a pooled connection must not survive a fork."""
    return watched(NamedAdapter(pool_maxsize=POOL_SIZE))


@cache
def _public(_process: int) -> HTTPAdapter:
    return watched(CheckedAdapter(is_https_proto=True))

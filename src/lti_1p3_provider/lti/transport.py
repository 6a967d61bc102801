"""Every HTTP request that we make to a platform goes through here.

Time and size are limited, redirects are not followed, cookies and proxies are not used, and a connection is made only
to the address that was checked: no private or special one, unless the operator named the host in
``LTI_1P3_PROVIDER_PRIVATE_HOSTS``, and never one at which a cloud tells its machines their secrets.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from functools import cache

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, LtiError, PlatformUnreachable
from lti_1p3_provider.lti.checked import CheckedAdapter, NamedAdapter
from lti_1p3_provider.lti.deadline import Deadline, watched
from lti_1p3_provider.lti.exchange import Answer, Exchange, Pause, Result, Step
from lti_1p3_provider.registrations.addresses import is_private_host, problem_with, split_url

CONNECT_TIMEOUT = 4.0
MAX_BODY = 1024 * 1024
CHUNK = 16 * 1024
POOL_SIZE = 8
USER_AGENT = "lti-1p3-provider (Open edX)"


def run(exchange: Exchange[Result]) -> Result:
    """Have a whole conversation in this thread and return its result.

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
    """Do one step of a conversation. Needs no database and no cache, so it may run in any thread.

    Raises:
        AddressForbidden, PlatformUnreachable, AnswerUnreadable
    """
    if isinstance(step, Pause):
        time.sleep(step.seconds)
        return None
    return send(step.method, step.url, headers=step.headers, form=step.form, body=step.body, timeout=step.timeout)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float | None = None,
) -> Answer:
    """Make one request; any status is an answer.

    ``timeout`` is in seconds, for the whole exchange (default: ``LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC``).

    Raises:
        AddressForbidden, PlatformUnreachable, AnswerUnreadable
    """
    if problem := problem_with(url):
        raise AddressForbidden(problem)
    seconds = timeout or conf.http_timeout
    with Deadline(seconds) as deadline:
        try:
            answer = _exchange(method, url, dict(headers or {}), form if body is None else body, seconds)
        except InvalidIPAddress as error:
            raise AddressForbidden("the name leads to a private or special address") from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            late = deadline.passed or isinstance(error, (TimeoutError, requests.Timeout))
            reason = f"no whole answer in {seconds:g} s" if late else type(error).__name__
            raise PlatformUnreachable(reason) from error
        if deadline.passed:  # a body without a length seems to end where it was cut off
            raise PlatformUnreachable(f"no whole answer in {seconds:g} s")
        return answer


def _exchange(
    method: str, url: str, headers: dict[str, str], data: bytes | Mapping[str, str] | None, seconds: float
) -> Answer:
    """One request through an adapter. Without a requests session there are no cookies, proxies or redirects."""
    request = requests.PreparedRequest()
    own = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "keep-alive"}
    request.prepare(method=method, url=url, headers={**own, **headers}, data=data)
    timeout = (min(CONNECT_TIMEOUT, seconds), seconds)
    with _adapter(url, os.getpid()).send(request, stream=True, timeout=timeout, verify=True) as response:
        received = b"".join(_chunks(response))
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, lowered, received)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise AnswerUnreadable("the answer is compressed although we did not ask for that")
    size = 0
    for chunk in response.iter_content(CHUNK):
        size += len(chunk)
        if size > MAX_BODY:
            raise AnswerUnreadable(f"the answer is larger than {MAX_BODY} bytes")
        yield chunk


def _adapter(url: str, process: int) -> HTTPAdapter:
    """Choose by the exact host; a host that the operator did not name goes through the check of its address."""
    parts = split_url(url)
    return _private(process) if parts is not None and is_private_host(parts) else _public(process)


@cache
def _private(_process: int) -> HTTPAdapter:
    """One per process: a pooled connection must not cross a fork."""
    return watched(NamedAdapter(pool_maxsize=POOL_SIZE))


@cache
def _public(_process: int) -> HTTPAdapter:
    return watched(CheckedAdapter(is_https_proto=True))

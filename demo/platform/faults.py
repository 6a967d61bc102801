"""Faults that can be switched on, so that the other side can show how it copes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from flask import Response, g, request

TOKEN_KINDS = ("expired", "wrong_nonce", "unknown_kid", "no_kid")
ANSWER_KINDS = ("status", "slow", "lost_answer", "lost_request")
MISLEADING_KINDS = {  # and where each can be
    "html": ("configuration", "registration", "memberships"),
    "redirect": ("configuration", "registration", "memberships"),
    "foreign_issuer": ("configuration",),
    "foreign_endpoints": ("configuration",),
    "no_client_id": ("registration",),
    "fewer_scopes": ("registration",),
    "circle": ("memberships",),
    "elsewhere": ("memberships",),
    "endless": ("memberships",),
    "twice": ("memberships",),
    "no_ids": ("memberships",),
}
KINDS = (*TOKEN_KINDS, "key_rotated", *ANSWER_KINDS, *MISLEADING_KINDS)
ENDPOINTS = (
    "launch",
    "jwks",
    "token",
    "line_items",
    "scores",
    "results",
    "memberships",
    "configuration",
    "registration",
    "key_push",
)
PRIVATE_ADDRESS = "http://169.254.169.254/latest/meta-data/"
ROUTES = {
    "oidc.authorize": "launch",
    "oidc.jwks": "jwks",
    "tokens.token": "token",
    "ags.line_items": "line_items",
    "ags.line_item": "line_items",
    "scores.receive": "scores",
    "scores.results": "results",
    "nrps.memberships": "memberships",
    "registration.configuration": "configuration",
    "registration.register": "registration",
    "key_push.update": "key_push",
}
LOST = "demo.platform.lost_answer"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. ``times`` None: until cleared. ``method`` narrows it to one HTTP method."""

    kind: str
    endpoint: str
    method: str | None = None
    times: int | None = None
    status: int = 500
    seconds: float = 2.0
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is none of {', '.join(KINDS)}")
        if self.endpoint not in ENDPOINTS:
            raise ValueError(f"endpoint is none of {', '.join(ENDPOINTS)}")
        fitting = ("launch", "token") if self.kind == "expired" else ("launch",)
        if self.kind in TOKEN_KINDS and self.endpoint not in fitting:
            raise ValueError(f"{self.kind} applies to launch")
        if self.endpoint not in MISLEADING_KINDS.get(self.kind, (self.endpoint,)):
            raise ValueError(f"{self.kind} applies to {' or '.join(MISLEADING_KINDS[self.kind])}")
        if not 100 <= self.status <= 599 or not 0 <= self.seconds <= 120 or (self.times is not None and self.times < 1):
            raise ValueError("status, seconds or times is out of range")


class Faults:
    """The faults that are on. ``expired`` on "token": access tokens that the services no longer accept."""

    def __init__(self, rotate: Callable[[], object]) -> None:
        self._lock = Lock()
        self._rotate = rotate
        self._active: list[Fault] = []

    def set(
        self,
        kind: str,
        *,
        endpoint: str = "launch",
        method: str | None = None,
        times: int | None = None,
        status: int = 500,
        seconds: float = 2.0,
        retry_after: int | None = None,
    ) -> None:
        """Switch a fault on, for ``times`` requests or until cleared; key_rotated acts at once. Raises ValueError."""
        fault = Fault(
            kind=kind,
            endpoint=endpoint,
            method=method,
            times=times,
            status=status,
            seconds=seconds,
            retry_after=retry_after,
        )
        if kind == "key_rotated":
            self._rotate()
            return
        with self._lock:
            self._active = [f for f in self._active if not _same(f, kind, endpoint, method)] + [fault]

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active = []

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on."""
        return tuple(self._active)

    def take(self, kind: str, endpoint: str, method: str | None = None) -> Fault | None:
        """The fault of this kind for one request, counted down; None if there is none."""
        with self._lock:
            for index, fault in enumerate(self._active):
                if (fault.kind, fault.endpoint) == (kind, endpoint) and fault.method in (None, method):
                    if fault.times == 1:
                        del self._active[index]
                    elif fault.times:
                        self._active[index] = replace(fault, times=fault.times - 1)
                    return fault
        return None


def _same(fault: Fault, kind: str, endpoint: str, method: str | None) -> bool:
    return (fault.kind, fault.endpoint, fault.method) == (kind, endpoint, method)


def strike(faults: Faults) -> Response | None:
    """Apply slow, status, html, redirect, lost_request (nothing is done or answered) and lost_answer (all is done,
    nothing answered) to this request; a response here replaces the real work."""
    endpoint = ROUTES.get(request.endpoint or "")
    if endpoint is None:
        return None
    if slow := faults.take("slow", endpoint, request.method):
        time.sleep(slow.seconds)
    if fault := faults.take("status", endpoint, request.method):
        g.reason = "a fault that was switched on"
        answer = Response("A fault that was switched on.", fault.status, mimetype="text/plain")
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer
    if faults.take("html", endpoint, request.method):
        return Response("<!doctype html><title>Sign in</title><p>Please sign in.</p>", 200, mimetype="text/html")
    if faults.take("redirect", endpoint, request.method):
        return Response(status=302, headers={"Location": PRIVATE_ADDRESS})
    if faults.take("lost_request", endpoint, request.method):
        request.environ[LOST] = True
        return Response(status=503)
    if faults.take("lost_answer", endpoint, request.method):
        request.environ[LOST] = True
    return None

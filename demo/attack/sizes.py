"""Answers larger than any honest one, framed so that libraries read on and on: for keys, tokens, columns, scores.

The site must hang up early, and its memory must not grow with what is sent.
"""

from __future__ import annotations

import gzip
import itertools
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import parse_qs

from demo.attack.figures import Figures
from demo.attack.server import Asked, Script, Server, reply
from demo.attack.site import PROBLEM, Site, wait_for
from demo.attack.tenant import Tenant
from demo.platform.vocabulary import LTI

MEGABYTE = 1024 * 1024
WHOLE = 96  # MB that each answer would have
PIECE = b"x" * 65536
PEOPLE = 2  # of the healthy platform
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHERE = ("token", "lists", "columns")
MAX_WAIT = 20.0  # seconds until the site has asked for everything, and until it has hung up
MAX_MB = 32.0  # by which the memory may grow, with all that launches and a class's scores take anyway
MAX_SENT_MB = 24.0  # of one answer: what the site reads, and what the sockets between us hold


@dataclass(frozen=True)
class Sizes(Figures):
    """``web_mb``, ``worker_mb``: how much the peak of the process grew while it fetched keys, and while it delivered;
    ``sent_mb``: the most that could be sent of one answer of 96 MB; ``delivered``: others' scores meanwhile."""

    asked: int
    expected: int
    web_mb: float
    worker_mb: float
    sent_mb: float
    delivered: int

    @property
    def held(self) -> bool:
        """Everything was asked for, nothing of it was read to its end, and others went on."""
        small = max(self.web_mb, self.worker_mb) <= MAX_MB and self.sent_mb <= MAX_SENT_MB
        return small and self.asked == self.expected > 0 and self.delivered == PEOPLE


def attack(site: Site, server: Server) -> Sizes:
    """Answer with each shape, first where people wait for their launch, then where scores are delivered."""
    _bomb()
    people, link = site.learners(PEOPLE), site.place(PROBLEM)
    tenants = [Tenant(site, server, f"swollen-keys-{number}") for number in range(len(SHAPES))]
    for tenant, shape in zip(tenants, SHAPES, strict=True):
        server.routes[f"{tenant.prefix}/jwks"] = partial(_keys, shape)
        tenant.register()
    swollen = Tenant(site, server, "swollen").register([f"{where}:{shape}" for where in WHERE for shape in SHAPES])
    server.routes[f"{swollen.prefix}/token"] = _token
    for where in WHERE[1:]:
        server.routes[f"{swollen.prefix}/{where}"] = lambda asked: shaped(asked.path.split("/")[3])
    before = site.process.forget_peak()
    refused = sum(tenant.launch("eve", "link").refusal == "key_set_unavailable" for tenant in tenants)
    web = site.process.peak() - before
    before = site.process.forget_peak()
    _answer_all(swollen)
    for person in people:
        site.launch(link, person).answer()
    wait_for(lambda: _asked(swollen) == len(WHERE) * len(SHAPES) and site.scores(people) == PEOPLE, MAX_WAIT)
    wait_for(lambda: not server.open_below(swollen.prefix), MAX_WAIT)
    worker = site.process.peak() - before
    sent = max((sent for path, sent in server.written.items() if path.startswith(swollen.prefix)), default=0)
    asked, expected = refused + _asked(swollen), (1 + len(WHERE)) * len(SHAPES)
    return Sizes(asked, expected, web, worker, sent / MEGABYTE, site.scores(people))


def _answer_all(swollen: Tenant) -> None:
    """Have a learner of each deployment earn a score."""
    for number, (where, shape) in enumerate(itertools.product(WHERE, SHAPES)):
        column = f"{swollen.url}/{where}/{shape}" if where != "token" else swollen.columns(shape)
        grading = {"lineitems" if where == "lists" else "lineitem": column}
        visit = swollen.launch(f"eve-{number}", f"link-{number}", deployment=f"{where}:{shape}", grading=grading)
        visit.expect_content().answer()


def shaped(shape: str) -> Script:
    """Return an answer of this shape, one of ``SHAPES``."""
    return SHAPES[shape]()


def _endless(begin: bytes, piece: bytes = PIECE) -> Iterator[bytes]:
    yield begin
    yield from itertools.repeat(piece, WHOLE * MEGABYTE // len(piece))


@cache
def _bomb() -> bytes:
    """Many gzip members one after another are one body."""
    return gzip.compress(b"[" * MEGABYTE) * WHOLE


def _unpacking() -> Script:
    return (OK + f"Content-Encoding: gzip\r\nContent-Length: {len(_bomb())}\r\n\r\n".encode() + _bomb(),)


SHAPES = {
    "chunk-of-length-minus-one": lambda: _endless(CHUNKED + b"-1\r\n"),
    "endless-line-of-a-chunks-length": lambda: _endless(CHUNKED + b"1", b"0" * 65536),
    "length-of-a-petabyte": lambda: _endless(OK + b"Content-Length: 1000000000000000\r\n\r\n"),
    "gzip-bomb": _unpacking,
}


def _keys(shape: str, asked: Asked) -> Script:
    return shaped(shape)


def _token(asked: Asked) -> Script:
    """Answer a deployment whose token is to be large with its shape; the others have a token."""
    where, _, shape = _deployment(asked).partition(":")
    return shaped(shape) if where == "token" else reply({"access_token": "x", "expires_in": 3600})


def _deployment(asked: Asked) -> str:
    """Return the deployment for which an access token is asked."""
    claims = parse_qs(asked.body.decode())["client_assertion"][0].split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=="))[f"{LTI}deployment_id"])


def _asked(swollen: Tenant) -> int:
    """Return how many of the large answers were asked for, and begun."""
    tokens = {_deployment(one) for one in swollen.server.asked_below(f"{swollen.prefix}/token")}
    others = {(where, shape) for where in WHERE[1:] for shape in SHAPES if _sent(swollen, where, shape)}
    return len(others) + sum(name.startswith("token:") for name in tokens)


def _sent(swollen: Tenant, where: str, shape: str) -> int:
    place = f"{swollen.prefix}/{where}/{shape}"
    return sum(sent for path, sent in list(swollen.server.written.items()) if path.startswith(place))

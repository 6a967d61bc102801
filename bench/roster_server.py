"""A platform that gives tokens and lists a course's people, a page at a time, from a process of its own."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 100
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def do_GET(self) -> None:
        """A page of members, with names, as platforms send them."""
        number = int(parse_qs(urlsplit(self.path).query).get("page", ["0"])[0])
        people = range(number * PAGE, min((number + 1) * PAGE, self.server.people))
        following = f'<{self.server.base}/members?page={number + 1}>; rel="next"'
        self._say({"members": [_member(one) for one in people]}, following if people.stop < self.server.people else "")

    def do_POST(self) -> None:
        """A token."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}, "")

    def _say(self, values: object, link: str) -> None:
        body = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(people: int) -> Iterator[str]:
    """Serve that many people; give the platform's address."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.people, server.base = people, f"http://127.0.0.1:{server.server_address[1]}"
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    try:
        yield server.base
    finally:
        process.terminate()
        process.join()


def _member(number: int) -> dict[str, object]:
    name = f"Person {number}"
    return {"user_id": f"person-{number}", "roles": [ROLE], "name": name, "email": f"p{number}@school.example"}

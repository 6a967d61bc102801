"""The platform's key set behind HTTP: a process of its own, 20 ms away, which counts what arrives.

As a program it takes the key set as a line on stdin, prints its port, and ends when stdin does.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.beside import Beside

LATENCY = 0.020  # seconds


class KeySetServer(Beside):
    """A running server, as a context manager."""

    def __init__(self, key_set: dict[str, object]) -> None:
        super().__init__("bench.key_set_server", json.dumps(key_set))

    @property
    def url(self) -> str:
        """Where the key set is."""
        return f"{self.base}/jwks"

    def requests(self) -> int:
        """Return how many requests have arrived, this one left out."""
        with urllib.request.urlopen(f"{self.base}/count", timeout=5) as answer:
            return int(answer.read())


class Handler(BaseHTTPRequestHandler):
    """Answers ``/jwks`` late and counts it; ``/count`` tells how many there were."""

    protocol_version = "HTTP/1.1"
    key_set = b""
    arrived = 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/count":
            body = str(Handler.arrived).encode()
        else:
            with Handler.lock:
                Handler.arrived += 1
            time.sleep(LATENCY)
            body = Handler.key_set
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def main() -> None:
    """Serve until stdin ends."""
    Handler.key_set = sys.stdin.readline().encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

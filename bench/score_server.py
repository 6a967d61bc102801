"""A platform that takes scores: access tokens and score posts over HTTP/1.1, 20 ms away, connections kept alive.

It counts requests and connections. As a program it reads its latency in seconds from stdin.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass, field

from bench.beside import Beside

LATENCY = 0.020  # seconds
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
BEARER = re.compile(rb"\r\nauthorization: bearer (\S+)", re.IGNORECASE)
SCORE_TYPE = re.compile(rb"\r\ncontent-type: application/vnd\.ims\.lis\.v1\.score\+json\r\n", re.IGNORECASE)


@dataclass
class Counts:
    """What arrived so far. ``by_path`` counts scores."""

    scores: int = 0
    tokens: int = 0
    refused: int = 0
    connections: int = 0
    by_path: Counter[str] = field(default_factory=Counter)

    def __sub__(self, before: Counts) -> Counts:
        return Counts(
            self.scores - before.scores,
            self.tokens - before.tokens,
            self.refused - before.refused,
            self.connections - before.connections,
            self.by_path - before.by_path,
        )


class ScoreServer(Beside):
    """A running platform, as a context manager."""

    def __init__(self, latency: float = LATENCY) -> None:
        super().__init__("bench.score_server", str(latency))

    def counts(self) -> Counts:
        """Return what has arrived, this request left out."""
        with urllib.request.urlopen(f"{self.base}/count", timeout=5) as answer:
            said = json.loads(answer.read())
        return Counts(**{**said, "by_path": Counter(said["by_path"])})


class Conversation(asyncio.Protocol):
    """One connection. Each answer goes out in one piece: two would wait for each other's acknowledgements."""

    counts = Counts()
    latency = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        self._counted = False

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole; nobody sends the next one before that."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        method, target = head.split(b" ", 2)[:2]
        if target == b"/count":
            self._say(200, json.dumps(vars(self.counts)).encode())
            return
        self.counts.connections += not self._counted
        self._counted = True
        answer = self._answer(method, target.decode(), head + b"\r\n")
        asyncio.get_running_loop().call_later(self.latency, self._say, *answer)

    def _answer(self, method: bytes, path: str, head: bytes) -> tuple[int, bytes]:
        if method == b"POST" and path == "/token":
            self.counts.tokens += 1
            token = f"token-{self.counts.tokens}"
            return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).encode()
        bearer = BEARER.search(head)
        known = bearer and 0 < int(bearer[1].removeprefix(b"token-")) <= self.counts.tokens
        if method == b"POST" and path.endswith("/scores") and known and SCORE_TYPE.search(head):
            self.counts.scores += 1
            self.counts.by_path[path] += 1
            return 200, b""
        self.counts.refused += 1
        return 400, b""

    def _say(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve() -> None:
    """Serve until stdin ends."""
    Conversation.latency = float(sys.stdin.readline())
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(Conversation, "127.0.0.1", 0)

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve())

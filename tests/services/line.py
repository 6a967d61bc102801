"""A line to a server, as networks are: it can be slow, and it can be cut."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from threading import Lock, Thread

from demo.stack import free_port
from tests.services import HOST


class Line:
    """Passes on what is sent to its port. ``delay`` is how many seconds an answer takes."""

    def __init__(self, server_port: int) -> None:
        self.port, self.delay = free_port(), 0.0
        self._server_port = server_port
        self._lock = Lock()
        self._ends: list[socket.socket] = []

    def open(self) -> None:
        """Accept connections, on the same port each time."""
        listener = socket.create_server((HOST, self.port), backlog=128)
        self._ends = [listener]
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self._ends = []

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the line was cut
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((HOST, self._server_port))
                with self._lock:
                    self._ends += [near, far]
                Thread(target=self._pass_on, args=(near, far), daemon=True).start()
                Thread(target=self._pass_on, args=(far, near, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_answer: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.delay:
                    time.sleep(self.delay)
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

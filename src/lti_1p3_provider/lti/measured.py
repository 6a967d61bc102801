"""Counts the bytes of an answer, below everything that interprets them.

HTTP libraries read some things to their end, however long that takes: a chunk of length -1, the line with a chunk's
length, one interim answer after another. Here every byte is counted as it comes from the connection.
"""

from __future__ import annotations

import io
from http import HTTPStatus
from http.client import HTTPResponse, parse_headers
from typing import Any

MAX_CAUSES = 20  # that errors of HTTP libraries have behind them
MAX_BYTES = 2 * 1024 * 1024  # of one answer: headers, body and what frames it
MAX_INTERIM = 50  # answers before the one that counts


class TooMuch(OSError):
    """An answer has more bytes than it may, or more interim answers than make sense."""


class _Counted(io.RawIOBase):
    """A connection's bytes, up to a limit."""

    def __init__(self, source: Any, most: int) -> None:
        super().__init__()
        self._source = source
        self._left = self._most = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        number: int | None = self._source.readinto(buffer)
        self._left -= number or 0
        if self._left < 0:
            raise TooMuch(f"more than {self._most} bytes")
        return number

    def close(self) -> None:
        self._source.close()
        super().close()


class MeasuredResponse(HTTPResponse):
    """An answer of limited size. All interim answers are skipped; the library itself skips only one kind."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._answers = 0
        self.fp: Any = io.BufferedReader(_Counted(self.fp.detach(), self.most()))

    def most(self) -> int:
        """Return how many bytes the answer may have."""
        return MAX_BYTES

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            self._answers += 1
            if self._answers > MAX_INTERIM:
                raise TooMuch(f"more than {MAX_INTERIM} answers")
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not HTTPStatus.CONTINUE < status < HTTPStatus.OK or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            parse_headers(self.fp)


def was_too_much(error: BaseException) -> bool:
    """Tell whether ``TooMuch`` caused another error."""
    found: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if found is None or isinstance(found, TooMuch):
            break
        found = found.__cause__ or found.__context__
    return isinstance(found, TooMuch)

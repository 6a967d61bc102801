"""Conversations with a platform, written as generators that yield requests and receive the answers.

No HTTP happens here. ``transport.run`` runs one conversation in the calling thread. Score delivery runs many at once:
HTTP in other threads, and everything else (database, keys, cache) in its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lti_1p3_provider.errors import AnswerUnreadable, LtiError
from lti_1p3_provider.lti.strict_json import whole

WESTERN = re.compile(r"""charset\s*=\s*["']?(?:iso-8859-1|latin-?1|windows-1252)\b""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``form`` is sent url-encoded, ``body`` as it is. ``timeout``: seconds for the whole exchange;
    None: ``LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC``. ``whole`` False: only the answer's status counts, and its body need not
    be readable. ``most``: bytes that the answer's body may have; None: as many as usual."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    body: bytes | None = None
    timeout: float | None = None
    whole: bool = True
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds. The answer is None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform said. Header names are in lower case. ``url``: the address that answered. ``failure``: why
    ``body`` is not what was sent, if only the status counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    failure: LtiError | None = None

    @property
    def ok(self) -> bool:
        """Any 2xx; the body may be empty."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str:
        """Return a header without spaces around it; empty if it is absent. HTTP libraries read headers as Latin-1, even
        those that are UTF-8."""
        value = self.headers.get(name, "")
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode("utf-8")
        return value.strip()

    def content(self) -> bytes:
        """Return the body.

        Raises:
            LtiError: why it is not there.
        """
        if self.failure is not None:
            raise self.failure
        return self.body

    def text(self) -> str:
        """Return the body as text. JSON is Unicode, whatever its media type says; only if its bytes are none, that
        counts. A text that was cut within a character spoils no more than that character, which becomes ``INSTEAD``:
        what identifies something with it in it is not to be used.

        Raises:
            LtiError: why the body is not there.
        """
        body = self.content()
        with suppress(UnicodeError):
            return body.decode(json.detect_encoding(body))
        return body.decode("cp1252" if WESTERN.search(self.header("content-type")) else "utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON, whatever its media type says (Moodle sends JSON as text/html).

        Raises:
            AnswerUnreadable
            LtiError: why the body is not there.
        """
        try:
            return json.loads(self.text(), parse_int=whole, strict=False)
        except (ValueError, RecursionError) as error:
            raise AnswerUnreadable(f"status {self.status}, not JSON", answered=self.status) from error


Result = TypeVar("Result")
Step = Request | Pause
Exchange = Generator[Step, Any, Result]

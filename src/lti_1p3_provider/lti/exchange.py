"""Conversations with a platform, written as generators that yield requests and are sent the answers.

Nothing here does HTTP. ``transport.run`` has one conversation in the calling thread; score delivery has many at once,
with the HTTP in other threads and everything else (database, keys, cache) in its own.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lti_1p3_provider.errors import AnswerUnreadable


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``form`` is sent url-encoded, ``body`` as it is. ``timeout``: seconds for the whole exchange,
    None for ``LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC``."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    body: bytes | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds; the answer is None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform said. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Any 2xx; the body may be empty."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON, whatever its media type says (Moodle sends JSON as text/html).

        Raises:
            AnswerUnreadable
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise AnswerUnreadable(f"status {self.status}, not JSON") from error


Result = TypeVar("Result")
Step = Request | Pause
Exchange = Generator[Step, Any, Result]

"""Reads typed values out of claims: a wrong JSON type is refused, never coerced; null is absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lti_1p3_provider.database.storable import NOWHERE, require
from lti_1p3_provider.errors import ClaimInvalid, ClaimMissing


class Reader:
    """One JSON object of a message. ``path`` names it in errors."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def text(self, name: str, limit: int = 4096) -> str:
        """Return an optional text; absent is empty.

        Raises:
            ClaimInvalid: not a string, too long, or with characters that no database stores.
        """
        value: Any = self.values.get(name)
        if value is None:
            return ""
        if not _is_text(value) or len(value) > limit:
            raise ClaimInvalid(f"{self._name(name)} must be a text of at most {limit} characters")
        return str(value)

    def require_text(self, name: str, limit: int = 4096, equal_to: str | None = None) -> str:
        """Return a text that must be there and not be empty.

        Raises:
            ClaimMissing, ClaimInvalid
        """
        value = self.text(name, limit)
        if not value:
            raise ClaimMissing(self._name(name))
        if equal_to is not None and value != equal_to:
            raise ClaimInvalid(f"{self._name(name)} must be {equal_to}")
        return value

    def name(self, name: str, limit: int) -> str:
        """Return an optional text that identifies something: the database must keep it as it is. Absent is empty.

        Raises:
            ClaimInvalid, TextNotKept
        """
        return require(self.text(name, limit), self._name(name))

    def require_name(self, name: str, limit: int) -> str:
        """Return a text that identifies something, must be there and not be empty.

        Raises:
            ClaimMissing, ClaimInvalid, TextNotKept
        """
        return require(self.require_text(name, limit), self._name(name))

    def texts(self, name: str, limit: int) -> tuple[str, ...]:
        """Return an optional list of at most ``limit`` texts; absent is empty.

        Raises:
            ClaimInvalid
        """
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > limit or not all(map(_is_text, value)):
            raise ClaimInvalid(f"{self._name(name)} must be a list of at most {limit} texts")
        return tuple(value)

    def require_texts(self, name: str, limit: int) -> tuple[str, ...]:
        """Return a list of texts that must be there; it may be empty.

        Raises:
            ClaimMissing, ClaimInvalid
        """
        if self.values.get(name) is None:
            raise ClaimMissing(self._name(name))
        return self.texts(name, limit)

    def object(self, name: str) -> Reader | None:
        """Return an optional object.

        Raises:
            ClaimInvalid
        """
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ClaimInvalid(f"{self._name(name)} must be an object")
        return Reader(value, self._name(name))

    def require_object(self, name: str) -> Reader:
        """Return an object that must be there.

        Raises:
            ClaimMissing, ClaimInvalid
        """
        found = self.object(name)
        if found is None:
            raise ClaimMissing(self._name(name))
        return found

    def _name(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _is_text(value: object) -> bool:
    """A NUL and half of a surrogate pair are legal JSON, but no text that a database stores."""
    return isinstance(value, str) and not NOWHERE.search(value)

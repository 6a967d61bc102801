"""Reads typed values from claims. A wrong JSON type is refused and never converted. Null is absent, and so is an empty
text, list or object of an optional claim: PHP writes an empty object as a list, and a list from which something was
taken away as an object.

Text that only people read (``label``), and objects that we can do without (``object_or_empty``), are never refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lti_1p3_provider.database.storable import INSTEAD, NOWHERE, require
from lti_1p3_provider.errors import ClaimInvalid, ClaimMissing
from lti_1p3_provider.lti.strict_json import listed
from lti_1p3_provider.web.addresses import trimmed


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

    def address(self, name: str, limit: int) -> str:
        """Return an optional address that identifies something, without what was copied together with it. Absent is
        empty.

        Raises:
            ClaimInvalid, TextNotKept
        """
        text = "" if is_empty(self.values.get(name)) else self.text(name, limit)
        return require(trimmed(text), self._name(name))

    def require_name(self, name: str, limit: int) -> str:
        """Return a text that identifies something, must be there and not be empty.

        Raises:
            ClaimMissing, ClaimInvalid, TextNotKept
        """
        return require(self.require_text(name, limit), self._name(name))

    def label(self, name: str, limit: int = 4096) -> str:
        """Return a text that only people read, at most ``limit`` characters of it. Anything but text is empty;
        characters that no database stores are replaced."""
        value = self.values.get(name)
        return NOWHERE.sub(INSTEAD, value[:limit]) if isinstance(value, str) else ""

    def object_or_empty(self, name: str) -> Reader:
        """Return an object that we can do without; anything else is empty."""
        value = self.values.get(name)
        return Reader(value if isinstance(value, dict) else {}, self._name(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an optional list of texts, also one that PHP writes as an object; absent is empty, and nulls in it are
        ignored.

        Raises:
            ClaimInvalid
        """
        value = self.values.get(name)
        if is_empty(value):
            return ()
        entries = listed(value)
        found = [None] if entries is None else [one for one in entries if one is not None]
        if not all(map(_is_text, found)):
            raise ClaimInvalid(f"{self._name(name)} must be a list of texts")
        return tuple(map(str, found))

    def require_texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts that must be there; it may be empty.

        Raises:
            ClaimMissing, ClaimInvalid
        """
        value = self.values.get(name)
        if value is None:
            raise ClaimMissing(self._name(name))
        if listed(value) is None:
            raise ClaimInvalid(f"{self._name(name)} must be a list of texts")
        return self.texts(name)

    def flag(self, name: str) -> bool | None:
        """Return an optional truth value; None if it is not there.

        Raises:
            ClaimInvalid
        """
        value = self.values.get(name)
        if is_empty(value):
            return None
        if not isinstance(value, bool):
            raise ClaimInvalid(f"{self._name(name)} must be true or false")
        return value

    def object(self, name: str) -> Reader | None:
        """Return an optional object.

        Raises:
            ClaimInvalid
        """
        value = self.values.get(name)
        if is_empty(value) and value != {}:
            return None
        if not isinstance(value, dict):
            raise ClaimInvalid(f"{self._name(name)} must be an object")
        return Reader(value, self._name(name))

    def require_object(self, name: str) -> Reader:
        """Return an object that must be there.

        Raises:
            ClaimMissing
            ClaimInvalid: also for an empty list or text.
        """
        if self.values.get(name) is None:
            raise ClaimMissing(self._name(name))
        found = self.object(name)
        if found is None:
            raise ClaimInvalid(f"{self._name(name)} must be an object")
        return found

    def _name(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def is_empty(value: object) -> bool:
    """Tell whether a value is as good as absent, where it may be."""
    return value is None or value in ("", [], {})


def _is_text(value: object) -> bool:
    """Tell whether it can be stored: a NUL and half of a surrogate pair are legal JSON, but no database stores them."""
    return isinstance(value, str) and not NOWHERE.search(value)

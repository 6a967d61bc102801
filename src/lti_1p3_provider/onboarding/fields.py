"""Form fields for values that are stored as JSON, so that nobody has to type JSON. A key set may be pasted as the
platform shows it."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.registrations.key_sets import is_key_set

TYPE = re.compile(r"[\w.-]+")  # of a block
ALL = "*"  # the name of the list for all courses; no organization is called so


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 90})

    def prepare_value(self, value: Any) -> Any:
        """Show a stored list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read lines, and forgive commas."""
        return [line.strip() for line in str(value or "").replace(",", "\n").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists."""
        return bool(self.to_python(data) != (initial if isinstance(initial, list) else []))


class IdsField(LinesField):
    """Ids, one on each line. They may contain commas."""

    def to_python(self, value: Any) -> Any:
        """Read lines, each once."""
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


class BlockTypesField(forms.CharField):
    """A gate's block filter, one line for each course: ``name: type, type``. The name is a course key, an organization,
    or ``*``.

    Stored JSON is understood, too, and is shown where lines could not say the same.
    """

    widget = forms.Textarea(attrs={"rows": 3, "cols": 90})

    def prepare_value(self, value: Any) -> Any:
        """Show the stored filter as lines."""
        if not isinstance(value, dict):
            return value
        try:
            said = "\n".join(_lines(value))
            is_whole = _filter(said) == value
        except (AttributeError, TypeError, ValueError):
            is_whole = False
        return said if is_whole else json.dumps(value, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        """Read lines or JSON.

        Raises:
            ValidationError: it is neither.
        """
        text = str(value or "").strip()
        try:
            return json.loads(text) if text.startswith("{") else _filter(text)
        except (ValueError, RecursionError) as error:
            said = _("Give lines like *: problem, vertical or course-v1:Org+Course+Run: problem.")
            raise forms.ValidationError(said) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is stored."""
        try:
            return bool(self.to_python(data) != (initial if isinstance(initial, dict) else {}))
        except forms.ValidationError:
            return True


def _lines(stored: dict[str, Any]) -> list[str]:
    named = {**({ALL: stored["all"]} if "all" in stored else {}), **stored.get("orgs", {}), **stored.get("courses", {})}
    return [f"{name}: {', '.join(types)}".rstrip() for name, types in named.items()]


def _filter(text: str) -> dict[str, Any]:
    """Return lines in the form in which they are stored. A line without a name is for all courses.

    Raises:
        ValueError: a name appears twice, or something is not a type.
    """
    found: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, said = line.rpartition(":")
        name, types = (name.strip() if colon else ALL), [one.strip() for one in said.split(",") if one.strip()]
        of_kind = found.setdefault("courses" if ":" in name or "/" in name else "orgs", {}) if name != ALL else found
        key = "all" if name == ALL else name
        if not key or key in of_kind or not all(map(TYPE.fullmatch, types)):
            raise ValueError(name)
        of_kind[key] = types
    return found


class KeySetField(forms.CharField):
    """A platform's public keys as it shows them: a key set, a list of keys, or one key."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 90, "spellcheck": "false", "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        """Show the stored key set; nothing, if there is none."""
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, indent=1, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        """Read what was pasted.

        Raises:
            ValidationError: it holds no public key.
        """
        if value in (None, "") or isinstance(value, dict):
            return value or None
        try:
            found = json.loads(str(value).removeprefix("\ufeff"))
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                _("This is not JSON. Paste all that the platform shows, braces too.")
            ) from error
        if found is None:
            return None
        if not isinstance(found, dict | list):
            raise forms.ValidationError(_("There is no public key in this."))
        if isinstance(found, dict) and "keys" not in found and found.get("kty"):
            found = [found]
        found = {"keys": found} if isinstance(found, list) else found
        if is_key_set(found) and any("d" in key for key in found["keys"]):
            raise forms.ValidationError(_("This holds a private key. Paste the platform's public keys."))
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is stored."""
        try:
            return bool(self.to_python(data) != (initial or None))
        except forms.ValidationError:
            return True

"""Jinja filters: put what the operator wrote into generated files so that it stays data."""

from __future__ import annotations

import math
import re
import shlex

from tutor.exceptions import TutorError

OUR_SETTING = re.compile(r"LTI_1P3_PROVIDER_[A-Z0-9_]+")
OTHER_SETTINGS = frozenset({"ENABLE_LTI_1P3_PROVIDER", "LTI_AGGREGATE_SCORE_PASSBACK_DELAY"})


def python_settings(settings: object) -> str:
    """Turn `{name: value}` into one Python assignment a line.

    Raises TutorError for a name that is not one of our settings, and for a value that has no Python literal.
    """
    if not isinstance(settings, dict):
        raise TutorError("LTI_1P3_PROVIDER_SETTINGS must be a mapping of setting names to values.")
    return "\n".join(_assignment(name, value) for name, value in settings.items())


def shell_word(value: object) -> str:
    """Quote one line of text as one word of a shell. Raises TutorError for anything else."""
    if not isinstance(value, str) or not value.isprintable():
        raise TutorError("LTI_1P3_PROVIDER_PACKAGE must be one line of text.")
    return shlex.quote(value)


def _assignment(name: object, value: object) -> str:
    if not isinstance(name, str) or not (OUR_SETTING.fullmatch(name) or name in OTHER_SETTINGS):
        raise TutorError(
            f"LTI_1P3_PROVIDER_SETTINGS: {name!r} is not a setting of lti-1p3-provider. "
            f"Names start with LTI_1P3_PROVIDER_, or are one of {', '.join(sorted(OTHER_SETTINGS))}."
        )
    if not _is_plain(value):
        raise TutorError(
            f"LTI_1P3_PROVIDER_SETTINGS: the value of {name} must be made of text, numbers, true, false, null, "
            "lists and mappings. Put dates in quotes."
        )
    # !a and not !r: the generated file then needs no encoding, whatever the text holds.
    return f"{name} = {value!a}"


def _is_plain(value: object) -> bool:
    """Whether the ascii() of `value` is Python source that evaluates to the same value."""
    if isinstance(value, dict):
        return all(_is_plain(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(_is_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))

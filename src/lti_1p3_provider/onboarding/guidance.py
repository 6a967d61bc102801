"""What the registration page says in a platform's own words: where the platform shows its values, and where ours are
entered there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from lti_1p3_provider.onboarding.guide import Guide
from lti_1p3_provider.platforms import PRESETS, Preset, preset

UNNAMED = "generic"  # the preset of a platform that has no name


@dataclass(frozen=True, slots=True)
class Ours:
    """A value of ours that is entered there. ``goes``: where, in the chosen platform's words; empty if nowhere."""

    name: str
    label: str
    values: Sequence[str]
    goes: str


def ours(guide: Guide, platform: str) -> list[Ours]:
    """Return our values in the order in which platforms ask for them."""
    goes = takes(preset(platform))
    rows: list[tuple[str, str, Sequence[str]]] = [
        ("login_url", _("Login URL (OIDC login initiation)"), [guide.login_url]),
        ("redirect_uri", _("Redirect URI"), [guide.redirect_uri]),
        ("jwks_url", _("JWKS URL (public keys)"), [guide.jwks_url]),
        ("target_link_uri", _("Target link URI: one for each block"), [guide.target_link_uri]),
        (
            "deep_linking_url",
            _("Deep Linking URL: target of messages of the type %s") % guide.deep_linking_message,
            [guide.deep_linking_url],
        ),
        ("domain", _("Domain"), [urlsplit(guide.login_url).netloc]),
        ("scopes", _("Scopes"), guide.scopes),
    ]
    return [Ours(name, label, values, goes.get(name, "")) for name, label, values in rows]


def takes(known: Preset) -> Mapping[str, str]:
    """Return where each of our values is entered, one line each."""
    return {name: _named(known, where) for name, where in known.takes.items()}


def shows(known: Preset) -> Mapping[str, str]:
    """Return where the platform shows each of its values, one line each."""
    return {name: _named(known, shown.where) for name, shown in known.shows.items()}


def _named(known: Preset, where: str) -> str:
    return where if known.name == UNNAMED else f"{known.label.partition(' (')[0]}: {where}"


def for_script() -> Mapping[str, Any]:
    """Return the words of all platforms, and the page's own, for its script, which fills in ``{...}``."""
    return {
        "platforms": {
            name: {"shows": shows(known), "takes": takes(known), "wantsHost": known.wants_host}
            for name, known in PRESETS.items()
        },
        "words": {
            **of_choices(),
            "becomes": _("Left empty, it becomes {value}"),
            "read": _("Found in your text: {names}."),
            "kept": _("It differs from what is entered here: {names}."),
            "nothing": _("Nothing was found in your text. Enter the values one by one."),
            "again": _("Try the addresses now"),
            "trying": _("Trying…"),
            "copied": _("Copied."),
            "marked": _("This browser does not let the page copy. The text is marked: copy it with the keyboard."),
        },
    }


def of_choices() -> Mapping[str, str]:
    """Return the words for the list in which courses are chosen."""
    return {
        "failed": _("This cannot be tried now. Are you still signed in?"),
        "chosen": _("Added: {title}"),
        "dropped": _("Removed: {title}"),
        "found": _("Courses: {number}"),
        "foundMore": _("Courses: more than {number}"),
    }

"""The page on which content is chosen. It works without scripts: the whole page is one form that goes back and forth.

With scripts (``static/lti_1p3_provider/picker.js``) the same page asks for parts of itself (``fragments``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider.deep_linking import catalogue, lines, previews, words
from lti_1p3_provider.deep_linking.accepted import accepted
from lti_1p3_provider.deep_linking.content_requests import place_of
from lti_1p3_provider.deep_linking.entries import Chooser, Entry
from lti_1p3_provider.deep_linking.form import TYPES, Choosing, read
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.errors import ContentNotFound, ContentNotOffered, LtiError, OutlineInPreparation
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.outline.type_names import type_name
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import origin
from lti_1p3_provider.web.framing import HEADER, frame_for

__all__ = ["Choosing", "first", "read", "show", "still_offered"]

MAX_NAME = 200
SCRIPTS = ("tree.js", "picker.js")


def first(request: HttpRequest, row: DeepLinkingRequest, token: str) -> HttpResponse:
    """Return the page as it is at the beginning."""
    return show(request, row, token, Choosing())


def show(
    request: HttpRequest,
    row: DeepLinkingRequest,
    token: str,
    choosing: Choosing,
    error: LtiError | None = None,
    support_code: str = "",
) -> HttpResponse:
    """Return the page, and say what was refused if there is an ``error``. What is not offered any more is named and
    removed from the choice. If a course cannot be shown, the list of courses is, so that no choice is lost."""
    who = catalogue.chooser(row)
    choosing, listed = _listed(who, choosing)
    chosen, choosing = still_offered(who, choosing)
    about = {
        "token": token,
        "place": place_of(row, token),
        "message": who.message,
        "accepted": accepted(who.message),
        "choosing": choosing,
        "open": choosing.open,
        "chosen": [{"entry": entry, "type": type_name(entry.block_type)} for entry in chosen],
        "types": [{"value": one, "label": type_name(one)} for one in TYPES],
        "words": words.for_script(),
        "scripts": [found for name in SCRIPTS if (found := address(name))],
        "error": error,
        "support_code": support_code,
        "lost": [_named(key) for key in choosing.lost],
        **listed,
    }
    page = render(request, "lti_1p3_provider/deep_linking/pick.html", about, status=error.status if error else 200)
    return secured(page, who.registration, about["scripts"])


def _listed(who: Chooser, choosing: Choosing) -> tuple[Choosing, Mapping[str, Any]]:
    """Return where somebody is then, and what the page lists there. ``trouble``: why what they asked for is not
    shown."""
    try:
        choosing = _with_parts(who, choosing)
        looked_at = previews.of(who, choosing.preview) if choosing.preview else None
        return choosing, {**lines.found(who, choosing), "preview": looked_at}
    except (ContentNotFound, OutlineInPreparation) as trouble:
        choosing = _at_courses(choosing)
        return choosing, {**lines.found(who, choosing), "trouble": trouble}


def secured(page: HttpResponse, registration: Registration, scripts: Sequence[str]) -> HttpResponse:
    """Let the page run our scripts, send only to us, and show this site's pictures in previews. Only the platform may
    frame it."""
    hosts = {origin(script) for script in scripts if "://" in script}
    directives = (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        " ".join(("script-src", "'self'", *sorted(hosts))),
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
    )
    page.headers[HEADER] = "; ".join(directives)
    add_never_cache_headers(page)
    return frame_for(page, registration)


def still_offered(who: Chooser, choosing: Choosing) -> tuple[list[Entry], Choosing]:
    """Return what was chosen and is still offered, and the choice without the rest, which becomes ``lost``."""
    try:
        return catalogue.offered(who, choosing.chosen), choosing
    except ContentNotOffered as error:
        kept = tuple(key for key in choosing.chosen if key not in error.usage_keys)
        lost = (*choosing.lost, *(key for key in choosing.chosen if key in error.usage_keys))
        return catalogue.offered(who, kept), replace(choosing, chosen=kept, lost=lost)


def _named(usage_key: str) -> str:
    """Name a block that is not offered by its key: its title might say too much."""
    try:
        key = UsageKey.from_string(usage_key)
    except InvalidKeyError:
        return usage_key[:MAX_NAME]
    return f"{type_name(str(key.block_type))} {key.block_id}"


def _with_parts(who: Chooser, choosing: Choosing) -> Choosing:
    """Add the parts of a block one by one, if that was asked for."""
    if not choosing.apart:
        return choosing
    parts = [entry.usage_key for entry in catalogue.parts(who, choosing.apart)]
    return replace(choosing, chosen=tuple(dict.fromkeys((*choosing.chosen, *parts))))


def _at_courses(choosing: Choosing) -> Choosing:
    return replace(choosing, course="", open=(), text="", apart="", preview="", after="")

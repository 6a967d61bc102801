"""Addresses of our static files."""

from __future__ import annotations

import logging
from functools import cache

from django.templatetags.static import static

log = logging.getLogger(__name__)


def address(name: str) -> str:
    """Return the address of one of our static files; empty if the site did not collect it.

    A page without its script is better than no page.
    """
    try:
        return static(f"lti_1p3_provider/{name}")
    except ValueError:  # what a storage with a manifest says
        _complain_once(name)
        return ""


@cache
def _complain_once(name: str) -> None:
    log.warning("LTI: the static file %s is missing: run collectstatic", name)

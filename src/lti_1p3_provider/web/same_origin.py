"""Knows our own address, and tells forms of our own pages from forms of others: what proves or carries a launch comes
from ours alone."""

from __future__ import annotations

from django.http import HttpRequest

from lti_1p3_provider.host.own_address import base_url

__all__ = ["base_url", "posted_here"]


def posted_here(request: HttpRequest) -> bool:
    """Tell whether a page of this site posts. Else somebody's form could sign people in as somebody else.

    ``Origin`` alone says so: Safari's engine calls a form "cross-site" (``Sec-Fetch-Site``) that goes from a page of
    ours in another site's frame into a window of its own.
    """
    return request.headers.get("Origin") == base_url(request)

"""Knows our own address, and tells forms of our own pages from forms of others: what proves or carries a launch comes
from ours alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

from lti_1p3_provider.conf import conf


def base_url(request: HttpRequest) -> str:
    """Return scheme and host under which platforms know us.

    The configured public URL counts if it is this host, so that a proxy which hides https does no harm.
    """
    host = request.get_host()
    return conf.public_url if urlsplit(conf.public_url).netloc == host else f"{request.scheme}://{host}"


def posted_here(request: HttpRequest) -> bool:
    """Tell whether a page of this site posts. Else somebody's form could sign people in as somebody else.

    ``Origin`` alone says so: Safari's engine calls a form "cross-site" (``Sec-Fetch-Site``) that goes from a page of
    ours in another site's frame into a window of its own.
    """
    return request.headers.get("Origin") == base_url(request)

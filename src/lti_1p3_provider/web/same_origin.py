"""Knows our own origin, and tells our own pages' forms from others. What proves or carries a launch must come from our
pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

from lti_1p3_provider.conf import conf


def base_url(request: HttpRequest) -> str:
    """Return scheme and host under which platforms know us.

    The configured public URL counts if it has this request's host, so a proxy that hides https does no harm.
    """
    host = request.get_host()
    return conf.public_url if urlsplit(conf.public_url).netloc == host else f"{request.scheme}://{host}"


def posted_here(request: HttpRequest) -> bool:
    """Tell whether the form was posted by a page of this site. Otherwise somebody's form could sign people in as
    somebody else.

    Only ``Origin`` is used. Safari's engine calls a form "cross-site" (``Sec-Fetch-Site``) if it goes from our page in
    another site's frame into a window of its own.
    """
    return request.headers.get("Origin") == base_url(request)

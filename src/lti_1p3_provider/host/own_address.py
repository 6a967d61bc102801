"""The address under which platforms know us."""

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

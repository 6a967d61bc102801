"""Lets a platform, and nobody else, show our pages in a frame. (CSP Level 3, frame-ancestors)"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.http.response import HttpResponseBase

from lti_1p3_provider.web.addresses import is_source

Response = TypeVar("Response", bound=HttpResponseBase)
HEADER = "Content-Security-Policy"


class Framer(Protocol):
    """Whoever may show our pages in a frame: a registration."""

    @property
    def origins(self) -> Iterable[str]:
        """Its hosts as CSP sources."""


def frame_for(response: Response, registration: Framer | None) -> Response:
    """Let the registration's hosts frame ``response``, in place of the site's X-Frame-Options.

    Without a registration (an error page before we know who asks) any site may frame it: nothing on it is anybody's.
    """
    response.xframe_options_exempt = True  # type: ignore[attr-defined]  # what Django's middleware looks at
    if registration is not None:
        sources = " ".join(("'self'", *filter(is_source, registration.origins)))
        directives = (part.strip() for part in response.headers.get(HEADER, "").split(";"))
        others = [part for part in directives if part and part.split()[0].lower() != "frame-ancestors"]
        response.headers[HEADER] = "; ".join((*others, f"frame-ancestors {sources}"))
    return response

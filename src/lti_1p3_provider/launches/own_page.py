"""Tells forms of our own pages from forms of others: what proves or carries a launch comes from ours alone."""

from __future__ import annotations

from django.http import HttpRequest

from lti_1p3_provider.launches.targets import base_url

SAME = "same-origin"


def posts(request: HttpRequest) -> bool:
    """Tell whether a page of this site posts. Else somebody's form could sign people in as somebody else."""
    return request.headers.get("Sec-Fetch-Site", SAME) == SAME and request.headers.get("Origin") == base_url(request)

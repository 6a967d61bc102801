"""Turns an ``LtiError`` into what the person sees: a page with advice, a support code and a way back."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl, urlencode

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import split_url
from lti_1p3_provider.web.framing import frame_for


def refuse(request: HttpRequest, error: LtiError, trail: Trail) -> HttpResponse:
    """Record the refused attempt and return its page, with the error's HTTP status."""
    if trail.registration is None and trail.registration_pk is not None:
        with suppress(Error):  # a database that is down; then no platform may frame the page
            trail.registration = Registration.objects.filter(pk=trail.registration_pk).first()
    return page(request, error, trail, record.refusal(trail, error))


def page(request: HttpRequest, error: LtiError, trail: Trail, support_code: str) -> HttpResponse:
    """Return the page of a refusal that was recorded under this code."""
    about = {
        "title": error.title,
        "advice": error.advice,
        "code": error.code,
        "support_code": support_code,
        "return_url": return_url(trail.return_url, error, support_code),
    }
    response = render(request, "lti_1p3_provider/refusal.html", about, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    add_never_cache_headers(response)
    return frame_for(response, trail.registration)


def return_url(url: str | None, error: LtiError, support_code: str) -> str:
    """Return the platform's ``return_url`` with the error for the person and for its log; empty if it has none.

    ``url`` comes from a verified launch; anything but a plain http(s) address is dropped. (LTI 1.3 Core, 5.4.4)
    """
    parts = split_url(url or "")
    if parts is None:
        return ""
    said = [
        ("lti_errormsg", f"{error.title} ({support_code})"),
        ("lti_errorlog", f"{error.code} {support_code}"),
    ]
    kept = parse_qsl(parts.query, keep_blank_values=True)
    return parts._replace(query=urlencode([*kept, *said])).geturl()

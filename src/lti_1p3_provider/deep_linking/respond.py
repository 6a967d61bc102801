"""Answers a request for content, with a page whose one form goes to the platform by itself or by its button. (Deep
Linking 2.0, 4.5)"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lti_1p3_provider.deep_linking import content_requests
from lti_1p3_provider.deep_linking.accepted import Accepted, accepted
from lti_1p3_provider.deep_linking.entries import Entry
from lti_1p3_provider.deep_linking.items import Destination, items
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import ChoiceInvalid, LtiError, ReturnAddressForbidden
from lti_1p3_provider.lti import content_items
from lti_1p3_provider.lti.content_items import Answer
from lti_1p3_provider.lti.deep_linking import DeepLinkingSettings
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.web.addresses import is_within, origin, problem_with
from lti_1p3_provider.web.framing import HEADER, frame_for
from lti_1p3_provider.web.same_origin import base_url

PATIENCE = 1800  # seconds for which the way back of a refusal is good
TEMPLATES = "lti_1p3_provider/deep_linking"


def require_return_address(settings: DeepLinkingSettings, registration: Registration) -> None:
    """Return if the answer may go to the address that the message names: one of the platform's own hosts, over https.
    (SEC-22)

    Raises:
        ReturnAddressForbidden
    """
    url = settings.return_url
    if problem := problem_with(url):
        raise ReturnAddressForbidden(f"deep_link_return_url: {problem}")
    if not is_within(url, registration.origins):
        raise ReturnAddressForbidden(f"deep_link_return_url is on {origin(url)}, which is no host of the platform")


def answer(request: HttpRequest, row: DeepLinkingRequest, entries: Sequence[Entry]) -> HttpResponse:
    """Answer the request with these entries, once, and return the page that carries the answer.

    Raises:
        ChoiceInvalid, ChoiceAnswered
        ReturnAddressForbidden: an operator took the platform's host away meanwhile.
        NoActiveKey, KeyInvalid
    """
    message, registration = row.asked_for, row.deployment.registration
    takes = accepted(message)
    require_number(takes, len(entries))
    made = items(entries, Destination(registration.platform, takes, message, base_url(request)))
    said = ngettext("%(number)s activity was chosen.", "%(number)s activities were chosen.", len(made))
    return _send(request, row, Answer(made, message.settings.data, said % {"number": len(made)}))


def cancel(request: HttpRequest, row: DeepLinkingRequest) -> HttpResponse:
    """Answer the request with an empty choice.

    Raises: as ``answer`` does.
    """
    return _send(request, row, Answer(data=row.asked_for.settings.data, message=_("Nothing was chosen.")))


def refused(
    request: HttpRequest, error: LtiError, trail: Trail, deployment: Deployment, settings: DeepLinkingSettings
) -> HttpResponse:
    """Record a refusal and return its page. The way back is an answer that carries the error, to the address that was
    checked."""
    support_code = record.refusal(trail, error)
    said = Answer(data=settings.data, error=f"{error.title} ({support_code})", log=f"{error.code} {support_code}")
    token = ""
    with suppress(LtiError):  # without a key there is no way back, but a page all the same
        token = content_items.sign(deployment, said, PATIENCE)
    about = {"error": error, "support_code": support_code, "jwt": token, "return_url": settings.return_url}
    page = render(request, f"{TEMPLATES}/refused.html", about, status=error.status)
    return _to(settings.return_url, page, deployment.registration)


def require_number(takes: Accepted, number: int) -> None:
    """Return if the number of items is one that may be sent.

    Raises:
        ChoiceInvalid
    """
    if not 0 < number <= takes.most:
        raise ChoiceInvalid(f"{number} items, of at most {takes.most}")


def _send(request: HttpRequest, row: DeepLinkingRequest, said: Answer) -> HttpResponse:
    settings, registration = row.asked_for.settings, row.deployment.registration
    require_return_address(settings, registration)
    signed = content_items.sign(row.deployment, said)  # if that fails, the request can still be answered
    content_requests.use(row, len(said.items))
    nonce = secrets.token_urlsafe(16)
    about = {"return_url": settings.return_url, "jwt": signed, "nonce": nonce, "number": len(said.items)}
    about |= {"platform": registration.title, "place": content_requests.place_of(row, request.POST.get("token", ""))}
    page = render(request, f"{TEMPLATES}/answer.html", about)
    return _to(settings.return_url, page, registration, nonce)


def _to(url: str, page: HttpResponse, registration: Registration, nonce: str = "") -> HttpResponse:
    """Let the page's form go to the platform, and nothing else on it anywhere."""
    script = f"'nonce-{nonce}'" if nonce else "'none'"
    directives = ("default-src 'none'", "style-src 'unsafe-inline'", f"script-src {script}", "base-uri 'none'")
    page.headers[HEADER] = "; ".join((*directives, f"form-action {origin(url)}"))
    add_never_cache_headers(page)
    return frame_for(page, registration)

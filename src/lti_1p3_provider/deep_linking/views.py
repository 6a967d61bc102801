"""What the page's form asks for. Every request shows the token, in a form that is posted; nothing else is looked at."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from lti_1p3_provider.deep_linking import catalogue, content_requests, fragments, page, respond
from lti_1p3_provider.deep_linking.accepted import accepted
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import (
    ChoiceExpired,
    ChoiceInvalid,
    ContentNotOffered,
    LtiError,
    PickerFilterFailed,
    PickerStopped,
)
from lti_1p3_provider.web.framing import frame_for

STOPPED = (PickerStopped, PickerFilterFailed)


def pick(request: HttpRequest, trail: Trail) -> HttpResponse:
    """Return the page on which content is chosen, in the state that the form describes.

    Raises:
        ChoiceUnknown, ChoiceAnswered, RegistrationDisabled, DeploymentDisabled
    """
    row, token = _row(request, trail)
    choosing = page.read(request.POST, _most(row))
    try:
        content_requests.require_open(row)
    except ChoiceExpired as error:
        return _expired(request, row, error, choosing, trail)
    try:
        return page.show(request, row, token, choosing)
    except STOPPED as error:
        return _stopped(request, row, error, trail)


def fragment(request: HttpRequest, trail: Trail, make: fragments.Fragment) -> HttpResponse:
    """Return a part of the page, for its script.

    Raises:
        ChoiceUnknown, ChoiceAnswered, ChoiceExpired, RegistrationDisabled, DeploymentDisabled
    """
    row, _token = _row(request, trail)
    content_requests.require_open(row)
    return fragments.answer(request, row, make)


def answer(request: HttpRequest, trail: Trail) -> HttpResponse:
    """Send what was chosen to the platform, or an empty choice. If something is not offered any more, the page names
    it, and the rest of the choice stays.

    Raises:
        ChoiceUnknown, ChoiceAnswered, RegistrationDisabled, DeploymentDisabled, ReturnAddressForbidden, NoActiveKey
    """
    row, token = _row(request, trail)
    choosing = page.read(request.POST, _most(row))
    try:
        content_requests.require_open(row)
        trail.passed("open request")
        try:
            return _answer(request, row, choosing, trail)
        except (ContentNotOffered, ChoiceInvalid) as error:
            return page.show(request, row, token, choosing, error, record.refusal(trail, error))
    except ChoiceExpired as error:
        return _expired(request, row, error, choosing, trail)
    except STOPPED as error:
        return _stopped(request, row, error, trail)


def _answer(request: HttpRequest, row: DeepLinkingRequest, choosing: page.Choosing, trail: Trail) -> HttpResponse:
    if "cancel" in request.POST:
        done, trail.note = respond.cancel(request, row), "nothing chosen"
    else:
        entries = catalogue.offered(catalogue.chooser(row), choosing.chosen)
        trail.passed("gate")
        done, trail.note = respond.answer(request, row, entries), f"{len(entries)} items"
    trail.passed("answer")
    record.success(trail)
    return done


def _stopped(request: HttpRequest, row: DeepLinkingRequest, error: LtiError, trail: Trail) -> HttpResponse:
    """Say what the site's own rules say, with the way back."""
    return respond.refused(request, error, trail, row.deployment, row.asked_for.settings)


def _row(request: HttpRequest, trail: Trail) -> tuple[DeepLinkingRequest, str]:
    token = request.POST.get("token", "")
    row = content_requests.find(token)
    trail.registration, trail.deployment = row.deployment.registration, row.deployment
    trail.passed("token")
    return row, token


def _most(row: DeepLinkingRequest) -> int:
    return accepted(row.asked_for).most


def _expired(
    request: HttpRequest, row: DeepLinkingRequest, error: ChoiceExpired, choosing: page.Choosing, trail: Trail
) -> HttpResponse:
    """Say what had been chosen, if the site's filter still allows that: it has to be chosen once more."""
    support_code = record.refusal(trail, error)
    titles: list[str] = []
    with suppress(*STOPPED):
        titles = [entry.title for entry in page.still_offered(catalogue.chooser(row), choosing)[0]]
    about = {"error": error, "support_code": support_code, "titles": titles}
    response = render(request, f"{respond.TEMPLATES}/expired.html", about, status=error.status)
    add_never_cache_headers(response)
    return frame_for(response, row.deployment.registration)

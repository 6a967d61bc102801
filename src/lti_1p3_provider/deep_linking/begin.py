"""The story of a request for content, after its message has been checked: who asks, where the answer goes, what is
taken.

It makes no account, no enrolment and no session, and sets no cookie. What is chosen is for the platform's course, and
the platform knows who chooses.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.deep_linking import content_requests, page, respond, roles
from lti_1p3_provider.deep_linking.accepted import accepted
from lti_1p3_provider.diagnostics import record as attempts
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import ChoosingNotAllowed, ContentTypesNotAccepted, PickerFilterFailed, PickerStopped
from lti_1p3_provider.lti.claims import Launch
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage

NOT_HERE = (ChoosingNotAllowed, ContentTypesNotAccepted, PickerStopped, PickerFilterFailed)


def begin(request: HttpRequest, launch: Launch[DeepLinkingMessage], trail: Trail) -> HttpResponse:
    """Return the page on which to choose, or one that says why not, with the way back.

    Raises:
        ReturnAddressForbidden: there is no way back.
        LtiError: the launch succeeded before, or nothing can be written down.
    """
    message, registration = launch.message, launch.registration
    respond.require_return_address(message.settings, registration)
    trail.passed("return address")
    try:
        roles.require(message.roles)
        trail.passed("role")
        accepted(message)
        trail.passed("accepted types")
        with transaction.atomic():
            row, token = content_requests.start(launch.deployment, message)
            trail.passed("records")
            shown = page.first(request, row, token)
            attempts.success(trail)
    except NOT_HERE as error:
        return respond.refused(request, error, trail, launch.deployment, message.settings)
    return shown

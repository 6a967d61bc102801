"""The story of a launch, once its message is believed: each line below is one thing that happens, in this order.

A refusal undoes what was written, and the browser is signed in last, so a refusal leaves no account, no enrolment and
no changed session.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics import record as attempts
from lti_1p3_provider.gates import policy
from lti_1p3_provider.launches import grants, sessions, targets
from lti_1p3_provider.lti.claims import Launch
from lti_1p3_provider.lti.trail import Trail
from lti_1p3_provider.registrations.framing import frame_for
from lti_1p3_provider.resource_links import record as links
from lti_1p3_provider.scores import line_items
from lti_1p3_provider.users import sign_in


def enter(request: HttpRequest, launch: Launch, trail: Trail) -> HttpResponse:
    """Let the launch's person in and send the browser to the content.

    Raises:
        LtiError: the content, the gate or the account refuses.
    """
    target = targets.parse(launch.message.target_link_uri, request)
    trail.passed("target")
    policy.require(launch.registration, target.course_key, target.usage_key)
    trail.passed("gate")
    content = host.current().content
    content.describe(target.course_key, target.usage_key)
    trail.passed("content")
    with transaction.atomic():  # a refusal takes everything with it, a new account too
        platform_user = sign_in.account_for(launch)
        trail.passed("account")
        content.require_access(platform_user.user, target.course_key, target.usage_key)
        trail.passed("access")
        link = links.remember(launch, target.course_key, target.usage_key)
        line_items.remember(launch, link, platform_user)
        grants.allow(platform_user.user, target, launch.deployment)
        trail.passed("records")
        attempts.success(trail)
    host.current().identity.sign_in(request, platform_user.user)
    sessions.mark(request, launch.deployment)
    response = HttpResponseRedirect(target.path)
    host.current().identity.decorate(request, response, platform_user.user)
    return frame_for(response, launch.registration)

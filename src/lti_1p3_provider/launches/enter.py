"""The story of a resource link's launch, after its message has been checked.

Each line below is one step, in this order. A refusal undoes everything that was written, and the browser is signed in
last. So a refusal leaves no account, no enrolment and no changed session.
"""

from __future__ import annotations

import logging
import time

from django.contrib.auth.models import AbstractUser
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from lti_1p3_provider import host
from lti_1p3_provider.course_roles.settle import settle
from lti_1p3_provider.database.conflicts import is_conflict
from lti_1p3_provider.diagnostics import record as attempts
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import DatabaseBusy
from lti_1p3_provider.gates import policy
from lti_1p3_provider.host.port import Block
from lti_1p3_provider.host.sessions import as_before_on_failure
from lti_1p3_provider.launches import (
    another_account,
    browser_check,
    class_scores,
    front_ends,
    grants,
    handover,
    sessions,
    targets,
    teaching,
    way_back,
)
from lti_1p3_provider.launches.announce import announce
from lti_1p3_provider.launches.prefetch import Known, Returning
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.lti.resource_link import TARGET, ResourceLinkLaunch
from lti_1p3_provider.outline import access
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.resource_links import record as links
from lti_1p3_provider.scores.gradebook import remember as line_items
from lti_1p3_provider.scores.gradebook import subsections
from lti_1p3_provider.users import sign_in
from lti_1p3_provider.users.modes import Choice
from lti_1p3_provider.web.framing import frame_for

MAX_TRIES = 3
PAUSE = 0.05  # seconds between two of them

log = logging.getLogger(__name__)


def enter(
    request: HttpRequest,
    launch: ResourceLinkLaunch,
    trail: Trail,
    returning: Returning,
    choice: Choice | None = None,
) -> HttpResponse:
    """Let the launch's person in and send the browser to the content. ``choice``: the account that a new person chose.

    Raises:
        LtiError: the content, the gate or the account refuses.
        AccountAsked: a new person has to choose an account first.
    """
    trail.target = launch.message.custom.get(TARGET) or trail.target
    target = targets.chosen(launch.message, request)
    trail.passed("target")
    policy.require(launch.registration, target.course_key, target.usage_key)
    trail.passed("gate")
    block = outline.page(target.course_key, target.usage_key)
    trail.passed("content")
    user = _admitted(request, launch, returning, choice, block, target, trail)
    announce(launch)
    if launch.login.storage_frame or (target.is_course and browser_check.in_frame(request)):
        # No cookie of ours works in this frame, or the LMS's own pages show themselves in none.
        page = handover.page(request, launch, user, target)
        front_ends.tell_nothing(page)
        return frame_for(page, launch.registration)
    response = HttpResponseRedirect(target.path)
    front_ends.tell(request, response, user, target)
    return frame_for(response, launch.registration)


def _admitted(
    request: HttpRequest,
    launch: ResourceLinkLaunch,
    returning: Returning,
    choice: Choice | None,
    block: Block,
    target: Target,
    trail: Trail,
) -> AbstractUser:
    """Store the launch and sign in. If the database let another transaction go first (a deadlock), try again.

    Raises:
        LtiError, django.db.Error: nothing was written.
    """
    passed = list(trail.steps)
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            with as_before_on_failure(request), transaction.atomic():  # a refusal takes everything with it
                return _admit(request, launch, returning.known(launch), choice, block, target, trail)
        except Error as error:
            if not is_conflict(error):
                raise  # the door refuses
            if not tries_left:
                raise DatabaseBusy(type(error).__name__) from error
            log.warning("LTI launch: the database chose another one first; once more")
            trail.steps[:] = passed
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


def _admit(
    request: HttpRequest,
    launch: ResourceLinkLaunch,
    known: Known,
    choice: Choice | None,
    block: Block,
    target: Target,
    trail: Trail,
) -> AbstractUser:
    platform_user = sign_in.account_for(launch, known.person, choice, is_stranger=known.is_stranger)
    trail.passed("account")
    settle(launch, platform_user, target.course_key)
    if launch.registration.enrolment_mode:
        mode = launch.registration.enrolment_mode
        host.current().content.enrol(platform_user.user, target.course_key, mode)
        trail.passed("enrolment")
    access.require(platform_user.user, target.course_key, block)
    trail.passed("access")
    link = links.remember(launch, target.course_key, target.usage_key, known.link, is_new=known.is_new_link)
    line_items.remember(launch, link, platform_user, known.score)
    if target.is_course:
        subsections.remember(launch, link, platform_user)
    teaches = class_scores.teaches(launch.message)
    grants.allow(platform_user.user, target, launch.deployment, link.pk, teaches, is_new=platform_user.is_new)
    trail.passed("records")
    attempts.success(trail)
    if not launch.login.storage_frame:
        another_account.sign_in(request, platform_user.user)
        sessions.mark(request, launch.deployment)
        browser_check.note(request)
        way_back.remember(request, target, launch.message.return_url)
        teaching.remember(request, target, launch.message)
    return platform_user.user

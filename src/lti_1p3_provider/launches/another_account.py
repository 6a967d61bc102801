"""Tells people who come back to an activity that a launch with another account has taken over their browser.

Each registration has accounts of its own, and a browser is signed in to one at a time. So activities of two
registrations, open side by side, end each other's sessions. The new session remembers the accounts before it.
"""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext as _

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import GrantMissing, LtiError, OtherAccount
from lti_1p3_provider.host.surface import Surface
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import scope, sessions
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import Grant

FORMER = "lti_1p3_former"  # in the session: accounts whose launched sessions it followed, the last one last
MAX_FORMER = 5


def sign_in(request: HttpRequest, user: AbstractUser) -> None:
    """Sign a launch's person in, and remember who was signed in before."""
    before = former(request.session)
    if sessions.MARK in request.session and SESSION_KEY in request.session:
        before = [*before, int(request.session[SESSION_KEY])]
    host.current().identity.sign_in(request, user)
    kept = [one for one in dict.fromkeys(before) if one != user.pk][-MAX_FORMER:]
    if kept != former(request.session):
        request.session[FORMER] = kept


def former(session: SessionBase) -> list[int]:
    """Return the accounts that the browser was signed in as before this session."""
    return list(session.get(FORMER, ()))


def explained(request: HttpRequest, target: Target, trail: Trail, error: GrantMissing) -> LtiError:
    """Return ``OtherAccount`` instead of a missing grant if a former account launched the content. That account's
    platform may frame the refusal."""
    opened = Grant.objects.select_related("deployment__registration").filter(usage_digest=digest(str(target.usage_key)))
    before = former(request.session)
    grant = opened.filter(user_id__in=before).order_by("-until").first() if before else None
    if grant is None:
        return error
    trail.registration, trail.deployment = grant.deployment.registration, grant.deployment
    return OtherAccount(f"launched by user {grant.user_id}, signed in: user {request.session.get(SESSION_KEY)}")


def before_going_on() -> str:
    """Return what to show above the content to people who come back to it, before they type anything."""
    return _(
        "Another activity was opened in this browser, with another account. Open this one from its course again before "
        "you go on."
    )


def launched_by_former(session: SessionBase, surface: Surface) -> tuple[int, Registration] | None:
    """Return a former account that may open what a request to the LMS names, and a registration of its launches."""
    for user in reversed(former(session)):
        its = scope.scopes.get(user, fresh=True)
        if its.grants and its.opens(surface):
            return user, next(iter(its.grants.values()))[1]
    return None

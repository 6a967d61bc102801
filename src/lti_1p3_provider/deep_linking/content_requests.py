"""Requests for content: a launch begins one, its token finds it, it is answered once, and dropped when it is old.

Later requests show only the token, in a form. No cookie is read and no session is used, so it works where browsers
block cookies, and two pickers do not disturb each other. The token cannot be guessed; the table has its digest.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone

from lti_1p3_provider import quotas
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.deep_linking import stored_message
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.errors import (
    ChoiceAnswered,
    ChoiceExpired,
    ChoiceUnknown,
    DeploymentDisabled,
    RegistrationDisabled,
)
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import Context

REMEMBERED = timedelta(days=1)  # for so long an expired page is told what happened
MAX_TOKEN = 100


def start(deployment: Deployment, message: DeepLinkingMessage) -> tuple[DeepLinkingRequest, str]:
    """Store a request; return it and its token.

    Raises:
        QuotaReached: the deployment began too many today.
        StateStoreDown
    """
    quotas.require(deployment, "choices")
    token, now = secrets.token_urlsafe(32), timezone.now()
    context = None
    if message.context is not None:
        name = digest(message.context.id)
        context = Context.objects.filter(deployment=deployment, context_digest=name).first()
    row = DeepLinkingRequest.objects.create(
        token_digest=digest(token),
        deployment=deployment,
        context=context,
        message=stored_message.text_of(message),
        created_at=now,
        expires_at=now + timedelta(seconds=conf.deep_linking_sec),
    )
    quotas.count(deployment, "choices")
    return row, token


def find(token: str) -> DeepLinkingRequest:
    """Return the request of a token, whether or not it was answered.

    Raises:
        ChoiceUnknown
        RegistrationDisabled, DeploymentDisabled: an operator switched it off meanwhile.
    """
    rows = DeepLinkingRequest.objects.select_related("deployment__registration__gate", "context")
    row = rows.filter(token_digest=digest(token)).first() if 0 < len(token) <= MAX_TOKEN else None
    if row is None:
        raise ChoiceUnknown("no request has this token")
    if not row.deployment.registration.enabled:
        raise RegistrationDisabled(f"registration {row.deployment.registration_id}")
    if row.deployment.status != Deployment.Status.APPROVED:
        raise DeploymentDisabled(f"deployment {row.deployment.deployment_id!r}")
    return row


def place_of(row: DeepLinkingRequest, token: str = "") -> str:
    """Return a name for the platform's course and, with a token, for this one request. Under this name the page's
    script keeps the choice in the browser's tab; it is of no use for anything else."""
    context = row.asked_for.context
    course = f"{row.deployment_id}-{digest(context.id)[:12] if context else ''}"
    return f"{course} {digest(token)[:12]}" if token else course


def require_open(row: DeepLinkingRequest) -> None:
    """Return if the request can still be answered.

    Raises:
        ChoiceAnswered, ChoiceExpired
    """
    if row.used_at is not None:
        raise ChoiceAnswered(f"request {row.pk} was answered before")
    if row.expires_at <= timezone.now():
        raise ChoiceExpired(f"request {row.pk} is older than {conf.deep_linking_sec:.0f} s")


def use(row: DeepLinkingRequest, chosen: int) -> None:
    """Mark the request as answered. If several try at once, one succeeds. ``chosen``: how many items.

    Raises:
        ChoiceAnswered
    """
    now = timezone.now()
    if not DeepLinkingRequest.objects.filter(pk=row.pk, used_at=None).update(used_at=now, chosen=chosen):
        raise ChoiceAnswered(f"request {row.pk} was answered a moment ago")


def drop_old() -> int:
    """Delete requests a day after they expired, in batches; return how many."""
    return drop(DeepLinkingRequest.objects.filter(expires_at__lt=timezone.now() - REMEMBERED))

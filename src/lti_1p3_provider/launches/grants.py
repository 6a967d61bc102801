"""What a browser's session may open: one grant per launched block, so that tabs and links do not disturb each other."""

from __future__ import annotations

import time

from django.http import HttpRequest

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import GrantMissing
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.models import Deployment, Registration

SESSION_KEY = "lti_1p3_provider_grants"
MAX_GRANTS = 50


def allow(request: HttpRequest, target: Target, deployment: Deployment) -> None:
    """Let the session's user open the block from now on, for ``LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC``."""
    until = None if conf.access_length is None else time.time() + conf.access_length
    grants = dict(request.session.get(SESSION_KEY, {}))
    grants.pop(str(target.usage_key), None)
    grants[str(target.usage_key)] = [_user_id(request), deployment.pk, until]
    request.session[SESSION_KEY] = dict(list(grants.items())[-MAX_GRANTS:])


def check(request: HttpRequest, target: Target) -> Registration:
    """Return the registration through which the session's user may open the block.

    Raises:
        GrantMissing: never launched, ended, of another user, or switched off by an operator.
    """
    user_id, deployment_pk, until = request.session.get(SESSION_KEY, {}).get(str(target.usage_key), (None, None, None))
    if user_id is None or user_id != _user_id(request):
        raise GrantMissing("no launch of this block in this session")
    if until is not None and time.time() > until:
        raise GrantMissing("the time that a launch opens content is over")
    deployment = Deployment.objects.select_related("registration").filter(pk=deployment_pk).first()
    if deployment is None or deployment.status != Deployment.Status.APPROVED or not deployment.registration.enabled:
        raise GrantMissing("the registration or deployment was switched off")
    return deployment.registration


def _user_id(request: HttpRequest) -> int | None:
    return request.user.pk if request.user.is_authenticated else None

"""Keeps a validated launch while its person chooses an account.

The page carries it, encrypted. It is good for ten minutes and one use, and we store only that it was used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LinkingOver, LtiError, StateStoreDown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches.prefetch import Returning
from lti_1p3_provider.lti import base64url, store
from lti_1p3_provider.lti.claims import Launch
from lti_1p3_provider.lti.messages import read_message
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch, ResourceLinkMessage
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.lti.strict_json import parse_object
from lti_1p3_provider.registrations import find
from lti_1p3_provider.web import sealed

LIFETIME = 600  # seconds
REMEMBERED = 86_400  # seconds for which a launch that waited too long knows where it came from
PURPOSE = "account choice"


def seal(request: HttpRequest, launch: ResourceLinkLaunch) -> str:
    """Return the launch that ``request`` posted, and that was validated, as encrypted text."""
    login = launch.login
    about: dict[str, Any] = {"claims": request.POST["id_token"].split(".")[1], "state": login.value}
    about |= {"registration": launch.registration.pk, "target": login.target_digest, "frame": login.storage_frame}
    return sealed.seal(PURPOSE, about)


def unseal(token: str, *, in_window: bool = False) -> ResourceLinkLaunch:
    """Return the launch, with registration and deployment as they are now. ``in_window``: cookies work where it goes
    on.

    Raises:
        LinkingOver: it is too old, or not ours.
        LtiError: registration or deployment were switched off meanwhile.
    """
    try:
        about = sealed.unseal(PURPOSE, token, LIFETIME)
    except ValueError as error:
        raise LinkingOver(f"not sealed here, or more than {LIFETIME} s ago") from error
    message = read_message(parse_object(base64url.decode(about["claims"])))
    if not isinstance(message, ResourceLinkMessage):
        raise LinkingOver("not a launch of a resource link")
    registration, known = find.registration_and_deployment(about["registration"], message.deployment_id)
    deployment = find.deployment_for(registration, message.deployment_id, known)
    login = LoginState(about["state"], registration.pk, about["target"], about["frame"])
    return Launch(registration, deployment, message, replace(login, storage_frame="") if in_window else login)


@contextmanager
def used_once(launch: ResourceLinkLaunch) -> Iterator[Returning]:
    """Use the launch up; return what reads its learner again. If something fails afterwards, it can be used again.

    Raises:
        LinkingOver: it was taken before.
        StateStoreDown
    """
    name = f"lti1p3:linking:{digest(launch.login.value)}"
    if not store.add(name, LIFETIME + 60):
        raise LinkingOver("used before, or the cache keeps nothing")
    try:
        yield Returning()
    except Exception:
        with suppress(StateStoreDown):
            store.drop(name)
        raise


def lead_back(trail: Trail, token: str) -> None:
    """Let a refusal lead back to the launch's platform, even if the launch waited too long. It does no harm if that is
    not possible."""
    with suppress(ValueError, LtiError):
        about = sealed.unseal(PURPOSE, token, REMEMBERED)
        message = read_message(parse_object(base64url.decode(about["claims"])))
        trail.registration_pk, trail.return_url, trail.subject = (
            about["registration"],
            message.return_url,
            message.subject,
        )

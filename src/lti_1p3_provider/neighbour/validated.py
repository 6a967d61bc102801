"""What may be used later of a launch that was validated here: its deployment, and what it said, as claims.

No token is read again, nor taken from anybody. The claims are made from a ``Launch``, or from what was stored of one.
Raw claims are not kept, so claims that we do not read are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import (
    DeploymentDisabled,
    DeploymentUnknown,
    LinkUnknown,
    RegistrationDisabled,
    RegistrationUnknown,
    TargetInvalid,
)
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import grants, targets
from lti_1p3_provider.lti import deep_linking, resource_link
from lti_1p3_provider.lti.claims import AGS, LTI, NRPS, GradeService, Launch, Message
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage, DeepLinkingSettings
from lti_1p3_provider.lti.messages import VERSION
from lti_1p3_provider.lti.resource_link import ResourceLinkMessage
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import ResourceLink

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A platform's link that was launched before, by the names in its launches: ``iss``, ``aud``, the deployment's id
    and the resource link's."""

    issuer: str
    client_id: str
    deployment_id: str
    link_id: str


@dataclass(frozen=True, slots=True)
class Validated:
    """A validated launch. ``deep_linking`` None: nobody asked for content."""

    deployment: Deployment
    claims: Claims = field(repr=False)
    deep_linking: DeepLinkingSettings | None = None


Source = Launch[Any] | StoredLink | HttpRequest


def validated(source: Source, usage_key: str = "") -> Validated:
    """Return what was validated. ``usage_key``: of a request, the block whose launch is meant.

    Raises:
        LinkUnknown: the link was never launched, or is gone.
        GrantMissing, TargetInvalid: the request's user did not launch the block.
        RegistrationUnknown, RegistrationDisabled, DeploymentUnknown, DeploymentDisabled: by now.
    """
    if isinstance(source, Launch):
        settings = source.message.settings if isinstance(source.message, DeepLinkingMessage) else None
        return Validated(still_open(source.deployment.pk), _of_launch(source), settings)
    link = _named(source) if isinstance(source, StoredLink) else _launched(source, usage_key)
    deployment = still_open(link.deployment_id)
    return Validated(deployment, _of_link(deployment, link))


def still_open(deployment_pk: int) -> Deployment:
    """Read a deployment, with its registration, as it is now.

    Raises:
        DeploymentUnknown, DeploymentDisabled, RegistrationDisabled
    """
    rows = Deployment.objects.select_related("registration").filter(pk=deployment_pk)
    deployment: Deployment | None = rows.first()
    if deployment is None:
        raise DeploymentUnknown("the deployment was deleted since the launch")
    if not deployment.registration.enabled:
        raise RegistrationDisabled(f"registration {deployment.registration_id}")
    if deployment.status == Deployment.Status.PENDING:
        raise DeploymentUnknown(f"deployment {deployment.pk} waits for approval")
    if not deployment.is_open:
        raise DeploymentDisabled(f"deployment {deployment.pk}")
    return deployment


def _named(name: StoredLink) -> ResourceLink:
    registration = find.exact(name.issuer, name.client_id)
    if registration is None:
        raise RegistrationUnknown(f"issuer {name.issuer[:200]!r}, client_id {name.client_id[:200]!r}")
    if not (keeps(name.deployment_id) and keeps(name.link_id)):
        raise LinkUnknown("no link can have such a name")
    return _read(
        deployment__registration=registration,
        deployment__deployment_digest=digest(name.deployment_id),
        link_digest=digest(name.link_id),
    )


def _launched(request: HttpRequest, usage_key: str) -> ResourceLink:
    try:
        course_key = str(UsageKey.from_string(usage_key).context_key)
    except InvalidKeyError as error:
        raise TargetInvalid("the usage key cannot be read") from error
    return _read(pk=grants.find(request.user, targets.from_keys(course_key, usage_key)).link_pk)


def _read(**which: object) -> ResourceLink:
    """Read a link. A part of a link is left out, because the platform does not know it."""
    link = ResourceLink.objects.select_related("context", "line_item").filter(part_of=None, **which).first()
    if link is None:
        raise LinkUnknown("it was never launched from there, or is gone")
    return link


def _of_launch(launch: Launch[Any]) -> Claims:
    message: Message = launch.message
    said = {
        **_of_deployment(launch.deployment),
        f"{LTI}target_link_uri": message.target_link_uri,
        f"{LTI}roles": list(message.roles.named),
        f"{LTI}custom": dict(message.custom),
        "sub": message.subject,
        "name": message.person.name,
        "email": message.person.email,
        AGS: _service(message.grade_service),
        NRPS: _memberships(message.memberships_url),
    }
    if message.context:
        said[f"{LTI}context"] = _filled(
            {"id": message.context.id, "label": message.context.label, "title": message.context.title}
        )
    if message.return_url:
        said[f"{LTI}launch_presentation"] = {"return_url": message.return_url}
    return _filled({**said, **_of_kind(message)})


def _of_kind(message: Message) -> Claims:
    if isinstance(message, ResourceLinkMessage):
        link = _filled({"id": message.resource_link.id, "title": message.resource_link.title})
        return {f"{LTI}message_type": resource_link.MESSAGE_TYPE, f"{LTI}resource_link": link}
    if isinstance(message, DeepLinkingMessage):
        settings: Mapping[str, Any] = {
            "deep_link_return_url": message.settings.return_url,
            "accept_types": list(message.settings.accept_types),
            "accept_presentation_document_targets": list(message.settings.accept_targets),
            "accept_multiple": message.settings.accept_multiple,
            "title": message.settings.title,
            "text": message.settings.text,
            "data": message.settings.data,
        }
        return {f"{LTI}message_type": deep_linking.MESSAGE_TYPE, deep_linking.SETTINGS: _filled(settings)}
    return {}


def _of_link(deployment: Deployment, link: ResourceLink) -> Claims:
    """Make a launch of a stored link. Nobody launches at this moment, so nobody is named."""
    said: Claims = {
        **_of_deployment(deployment),
        f"{LTI}message_type": resource_link.MESSAGE_TYPE,
        f"{LTI}resource_link": _filled({"id": link.link_id, "title": link.title}),
    }
    if link.context:
        said[f"{LTI}context"] = _filled(
            {"id": link.context.context_id, "label": link.context.label, "title": link.context.title}
        )
        said[NRPS] = _memberships(link.context.memberships_url)
    try:
        column = link.line_item
    except ObjectDoesNotExist:
        return _filled(said)
    if column.is_awaited:
        return _filled(said)
    said[AGS] = _service(GradeService(frozenset(column.scopes), column.url, column.container_url))
    return _filled(said)


def _of_deployment(deployment: Deployment) -> Claims:
    return {
        "iss": deployment.registration.issuer,
        "aud": deployment.registration.client_id,
        f"{LTI}version": VERSION,
        f"{LTI}deployment_id": deployment.deployment_id,
    }


def _service(service: GradeService | None) -> Claims:
    if service is None:
        return {}
    addresses = {"lineitem": service.line_item, "lineitems": service.line_items}
    return {"scope": sorted(service.scopes), **_filled(addresses)}


def _memberships(url: str) -> Claims:
    return {"context_memberships_url": url, "service_versions": ["2.0"]} if url else {}


def _filled(said: Mapping[str, Any]) -> Claims:
    return {name: value for name, value in said.items() if value not in ("", None, {})}

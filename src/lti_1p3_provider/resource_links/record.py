"""Stores the context and resource link of a launch; writes only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django.db.models import Model, QuerySet
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import quotas
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.resource_links.models import Context, ResourceLink

Row = TypeVar("Row", bound=Model)


@prepared
def _known(deployment: int, link_digest: str) -> QuerySet[ResourceLink]:
    """Read a link with its context and line item, which the launch needs next."""
    links = ResourceLink.objects.select_related("context", "line_item")
    return links.filter(deployment_id=deployment, link_digest=link_digest)


def remember(
    launch: ResourceLinkLaunch,
    course_key: CourseKey,
    usage_key: UsageKey,
    known: ResourceLink | None = None,
    *,
    is_new: bool = False,
) -> ResourceLink:
    """Return the launch's resource link, which now points to the block.

    ``known`` is that link with its context and line item, if somebody has read it already; ``is_new``: somebody has
    looked, and there was none.

    Raises:
        QuotaReached: the deployment brought too many new links or contexts today.
    """
    claim = launch.message.resource_link
    identity = {"deployment": launch.deployment, "link_digest": digest(claim.id)}
    link = known
    if link is None and not is_new:
        link = _known.one(launch.deployment.pk, digest(claim.id))
    values = {
        "context": _remember_context(launch, link.context if link else None),
        "title": claim.title[:255],
        "course_key": str(course_key),
        "usage_key": str(usage_key),
    }
    if link is not None:
        return _updated(link, values)
    quotas.require(launch.deployment, "links")
    link, is_made = ResourceLink.objects.get_or_create(**identity, defaults={"link_id": claim.id, **values})
    if not is_made:  # another launch was first
        return _updated(link, values)
    quotas.count(launch.deployment, "links")
    return link


def _remember_context(launch: Launch[Message], known: Context | None) -> Context | None:
    """Return the launch's context. ``known``: the link's context until now."""
    claim = launch.message.context
    if claim is None:
        return None
    identity = {"deployment": launch.deployment, "context_digest": digest(claim.id)}
    values = {"label": claim.label[:255], "title": claim.title[:255]}
    if (members := launch.message.memberships_url) and keeps(members):  # without the claim, the known one stays
        values["memberships_url"] = members
    if known is None or known.context_digest != identity["context_digest"]:
        known = Context.objects.filter(**identity).first()
    if known is not None:
        return _updated(known, values)
    quotas.require(launch.deployment, "contexts")
    context, is_new = Context.objects.get_or_create(**identity, defaults={"context_id": claim.id, **values})
    if is_new:
        quotas.count(launch.deployment, "contexts")
    return context


def _updated(row: Row, values: Mapping[str, object]) -> Row:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
    return row

"""Remembers context and resource link of a launch; writes only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django.db import models
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.lti.claims import ContextClaim, Launch
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import Context, ResourceLink

Row = TypeVar("Row", bound=models.Model)


def remember(launch: Launch, course_key: CourseKey, usage_key: UsageKey) -> ResourceLink:
    """Return the launch's resource link, which now points to the block."""
    claim = launch.message.resource_link
    values = {
        "context": _remember_context(launch.deployment, launch.message.context),
        "title": claim.title[:255],
        "course_key": str(course_key),
        "usage_key": str(usage_key),
    }
    link, created = ResourceLink.objects.select_related("context").get_or_create(
        deployment=launch.deployment,
        link_digest=digest(claim.id),
        defaults={"link_id": claim.id, **values},
    )
    return link if created else _updated(link, values)


def _remember_context(deployment: Deployment, claim: ContextClaim | None) -> Context | None:
    if claim is None:
        return None
    values = {"label": claim.label[:255], "title": claim.title[:255]}
    context, created = Context.objects.get_or_create(
        deployment=deployment, context_digest=digest(claim.id), defaults={"context_id": claim.id, **values}
    )
    return context if created else _updated(context, values)


def _updated(row: Row, values: Mapping[str, object]) -> Row:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
    return row

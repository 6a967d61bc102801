"""Recognizes a learner who has launched this link before, and reads all that a launch needs in one query. For everybody
else it takes one more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.launch import Names
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser


@prepared
def _by_names(registration: int, sub_digest: str, deployment_digest: str, link_digest: str) -> QuerySet[PendingScore]:
    given_up = PendingScore.objects.given_up().filter(platform_user_id=OuterRef("platform_user_id"))
    rows: QuerySet[PendingScore] = PendingScore.objects.select_related(
        "platform_user__user",
        "line_item__resource_link__context",
        "line_item__resource_link__deployment__registration__gate",
    ).filter(
        platform_user__registration_id=registration,
        platform_user__sub_digest=sub_digest,
        line_item__resource_link__deployment__registration_id=registration,
        line_item__resource_link__deployment__deployment_digest=deployment_digest,
        line_item__resource_link__link_digest=link_digest,
    )
    return rows.annotate(has_given_up=Exists(given_up))


@prepared
def _link(registration: int, sub_digest: str, deployment_digest: str, link_digest: str) -> QuerySet[ResourceLink]:
    person = PlatformUser.objects.filter(registration_id=registration, sub_digest=sub_digest)
    links = ResourceLink.objects.select_related("context", "line_item", "deployment__registration__gate").filter(
        deployment__registration_id=registration,
        deployment__deployment_digest=deployment_digest,
        link_digest=link_digest,
    )
    return links.annotate(has_person=Exists(person))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a launch's person and link. None also stands for what nobody has looked for.

    ``score``: the row of a learner who was here before. ``person``: with the account. ``is_stranger``: there was no
    such person. ``link``: with context and line item. ``is_new_link``: there was no such link.
    """

    score: PendingScore | None = None
    person: PlatformUser | None = None
    is_stranger: bool = False
    link: ResourceLink | None = None
    is_new_link: bool = False


class Returning:
    """The learner of one resource link launch; other messages have none. What is known of them is read, together with
    registration and deployment, by what the token says before it is verified. It is handed out only afterwards, if the
    verified message says the same."""

    def __init__(self) -> None:
        self._found: tuple[Names, Known] | None = None

    def registration_and_deployment(self, registration_pk: int, names: Names) -> tuple[Registration, Deployment | None]:
        """Return both, like the function of the same name in ``registrations.find``, and remember what comes with them.

        Raises:
            RegistrationUnknown, RegistrationDisabled
        """
        link = None
        if names.subject and names.link_id:
            known = _learner(registration_pk, names) or _anybody(registration_pk, names)
            self._found = names, known
            link = known.link
        deployment = link.deployment if link else None
        return find.registration_and_deployment(registration_pk, names.deployment_id, deployment)

    def known(self, launch: ResourceLinkLaunch) -> Known:
        """Return what is known of the launch's person and link.

        It is handed out once, and only for the same names. A second try reads the rows as they are then.
        """
        message = launch.message
        if message.subject is None:
            return Known()
        names = Names(message.deployment_id, message.subject, message.resource_link.id)
        found, self._found = self._found, None
        return found[1] if found and found[0] == names else _learner(launch.registration.pk, names) or Known()


def _learner(registration_pk: int, names: Names) -> Known | None:
    row = _by_names.one(registration_pk, *_digests(names))
    return Known(row, row.platform_user, link=row.line_item.resource_link) if row else None


def _anybody(registration_pk: int, names: Names) -> Known:
    link = _link.one(registration_pk, *_digests(names))
    if link is None:
        return Known(is_new_link=True)
    return Known(is_stranger=not link.has_person, link=link)  # type: ignore[attr-defined]


def _digests(names: Names) -> tuple[str, str, str]:
    return digest(names.subject), digest(names.deployment_id), digest(names.link_id)

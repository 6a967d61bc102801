"""Recognizes a learner who has launched this link before, and reads all that a launch needs in one query."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.launch import Names
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import PendingScore


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


class Returning:
    """The learner of one resource link launch; other messages have none. Their row is read, together with registration
    and deployment, by what the token says before it is verified. It is handed out only afterwards, if the verified
    message says the same."""

    def __init__(self) -> None:
        self._found: tuple[Names, PendingScore | None] | None = None

    def registration_and_deployment(self, registration_pk: int, names: Names) -> tuple[Registration, Deployment | None]:
        """Return both, like the function of the same name in ``registrations.find``, and remember the learner's row.

        Raises:
            RegistrationUnknown, RegistrationDisabled
        """
        row = None
        if names.subject and names.link_id:
            row = _read(registration_pk, names)
            self._found = names, row
        known = row.line_item.resource_link.deployment if row else None
        return find.registration_and_deployment(registration_pk, names.deployment_id, known)

    def row(self, launch: ResourceLinkLaunch) -> PendingScore | None:
        """Return the row with its account, link, context and line item; None for everybody else.

        It is handed out once, and only for the same names. A second try reads the row as it is then.
        """
        message = launch.message
        if message.subject is None:
            return None
        names = Names(message.deployment_id, message.subject, message.resource_link.id)
        found, self._found = self._found, None
        return found[1] if found and found[0] == names else _read(launch.registration.pk, names)


def _read(registration_pk: int, names: Names) -> PendingScore | None:
    return _by_names.one(registration_pk, digest(names.subject), digest(names.deployment_id), digest(names.link_id))

"""Names a person in the record of attempts by a keyed digest, so that an operator finds all attempts of one person."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.registrations.person_digests import digests, newest

SALT = "lti_1p3_provider.attempts"
LENGTH = 16


def keyed(registration_pk: int | None, sub: str) -> str:
    """Return the digest of a registration's ``sub`` with the newest secret: 16 hex digits."""
    return newest(SALT, registration_pk, sub)[:LENGTH]


def attempts_of(registration_pk: int, sub: str, user_pk: int | None = None) -> QuerySet[LaunchAttempt]:
    """Return the attempts of a person, including those with a digest from an older secret that the site still has.

    ``user_pk``: the account, which the details of some refusals name.
    """
    whose = Q(subject_digest__in=_names(registration_pk, sub))
    if user_pk is not None:
        whose |= Q(detail=f"user {user_pk}")
    return LaunchAttempt.objects.filter(whose, registration_id=registration_pk)


def unname(attempts: QuerySet[LaunchAttempt]) -> int:
    """Remove from attempts what leads to a person; time, registration, content and outcome stay. Return how many there
    were."""
    return attempts.order_by().update(subject_digest="", detail="")


def _names(registration_pk: int | None, sub: str) -> list[str]:
    return [one[:LENGTH] for one in digests(SALT, registration_pk, sub)]

"""Scores in the making: people who launch graded links, answers, and what the platform's gradebook then shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone
from opaque_keys.edx.keys import UsageKey

from demo.lms import grades
from demo.lms.course import courses
from demo.platform import Link
from demo.platform.store import LineItem as PlatformLineItem
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import ags
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests import connection as places
from tests import entered
from tests.connection import AGS_CLAIM, LEARNER, PROBLEM, Connection
from tests.registered import copied

COURSE = next(iter(courses()))
SCOPES = sorted(ags.SCOPES)


def block(text: str):
    return UsageKey.from_string(text)


def course_link(connection: Connection, course: str = places.COURSE, **values):
    return connection.link(target_link_uri=f"{connection.lms}/lti/1p3/launch/{course}", **values)


def launched(connection: Connection, usage_key: str = PROBLEM, person: str = LEARNER, **values):
    link = connection.link(usage_key, graded=True, **values)
    entered.enter(connection, link, person)
    return link


def class_launched(connection: Connection, people: Iterable[str]) -> Link:
    """Have people who are new launch one problem, and return its link. One of them enters; the others get copies of the
    rows that this leaves, as not their launches are tried."""
    first, *others = people
    link = connection.link(PROBLEM, graded=True)
    connection.person(first)
    entered.enter(connection, link, first)
    row = PendingScore.objects.select_related("platform_user").get(line_item__resource_link__link_id=link.id)
    for sub in others:
        connection.person(sub)
        user = get_user_model().objects.create(username=f"lti_{row.registration_id}_{sub}")
        person = copied(row.platform_user, sub=sub, sub_digest=digest(sub), user=user)
        copied(row, platform_user=person)
    return link


def with_scopes(connection: Connection, link, *scopes: str, person: str = LEARNER) -> None:
    """Launch with these scopes in the claim."""
    said = {"scope": list(scopes)}
    connection.tampered_launch(link, person, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **said}})


def earn(earned: float, problem: str = PROBLEM, person: str = LEARNER, possible: float = 4) -> None:
    """Have the LMS grade an answer of somebody who launched."""
    for platform_user in PlatformUser.objects.filter(sub=person)[:1]:
        grades.record(platform_user.user, COURSE, block(problem), earned, possible)


def make_due() -> None:
    """Let the waiting time pass."""
    PendingScore.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def given(connection: Connection, link, person: str = LEARNER) -> tuple[float, float] | None:
    """Return the newest score that the platform accepted."""
    score = connection.platform.score_of(link.id, person)
    return (score["scoreGiven"], score["scoreMaximum"]) if score else None


def columns(connection: Connection) -> list[PlatformLineItem]:
    """Return the platform's columns of this tool."""
    return [item for item in connection.platform.store.line_items() if item.client_id == connection.client_id]


def shown(connection: Connection, item: PlatformLineItem, person: str = LEARNER) -> tuple[float, float] | None:
    """Return the newest score in a column."""
    score = connection.platform.store.newest(item.id, person)
    return (score.body["scoreGiven"], score.body["scoreMaximum"]) if score else None


def override(connection, link, points: float, person: str = LEARNER) -> None:
    """Let a teacher grade in the platform."""
    connection.platform.store.override(connection.platform.line_item(link.id), person, points)


def fill(connection, number: int) -> None:
    """Add as many people with a score in the column that is there."""
    row = PendingScore.objects.get()
    names = [f"many-{n}" for n in range(number)]
    get_user_model().objects.bulk_create(get_user_model()(username=name) for name in names)
    users = get_user_model().objects.filter(username__startswith="many-")
    PlatformUser.objects.bulk_create(
        PlatformUser(
            registration=connection.registration, sub=user.username, sub_digest=digest(user.username), user=user
        )
        for user in users
    )
    same = {name: getattr(row, name) for name in ("registration", "lane", "line_item", "course_key", "usage_key")}
    PendingScore.objects.bulk_create(
        PendingScore(**same, platform_user=person, changed_at=timezone.now())
        for person in PlatformUser.objects.filter(sub__startswith="many-")
    )

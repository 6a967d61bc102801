"""Everything that is stored about people, as one document that can be handed to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics import subjects
from lti_1p3_provider.memberships.kept import members_of
from lti_1p3_provider.memberships.models import EnrolledAhead
from lti_1p3_provider.people.find import Person
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.status import wording
from lti_1p3_provider.scores.status.sentence import iso
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch

FORMAT = "lti_1p3_provider.people.1"


def export(people: Iterable[Person]) -> dict[str, Any]:
    """Return what is stored of people here, as JSON values; times are in UTC. It does not include what the LMS stores
    of their work in courses, nor what their platforms have."""
    found = list(people)
    names = host.current().identity.names([person.user.pk for person in found if person.user])
    return {"format": FORMAT, "made_at": iso(timezone.now()), "people": [_person(one, names) for one in found]}


def _person(person: Person, names: Any) -> dict[str, Any]:
    registration, user = person.registration, person.user
    attempts = subjects.attempts_of(registration.pk, person.sub, person.user_pk).order_by("pk")
    return {
        "platform": {
            "title": registration.title,
            "issuer": registration.issuer,
            "client_id": registration.client_id,
            "sub": person.sub,
        },
        "account": user
        and {
            "username": user.get_username(),
            "name": names.get(user.pk, ""),
            "email": user.email,
            "active": user.is_active,
            "first_launch": iso(person.row.created_at) if person.row and not person.row.ahead else None,
            "was_there_before": person.row.linked if person.row else None,
        },
        "lti_1p1": _match_of(person),
        "scores": [_score(row) for row in _scores_of(person)],
        "may_open": [
            {"deployment": grant.deployment.deployment_id, "until": iso(grant.until)} for grant in _grants_of(person)
        ],
        "course_roles": _roles_of(person),
        "rosters": _rosters_of(person),
        "enrolled_ahead": _ahead_of(person),
        "launches": [
            {
                "at": iso(one.created_at),
                "support_code": one.support_code,
                "outcome": one.outcome,
                "detail": one.detail,
                "target": one.target,
            }
            for one in attempts
        ],
    }


def _scores_of(person: Person) -> Iterable[PendingScore]:
    needed = ("line_item__resource_link__context", "registration")
    return PendingScore.objects.filter(platform_user=person.row).select_related(*needed).order_by("pk")


def _roles_of(person: Person) -> list[dict[str, Any]]:
    rows = CourseRole.objects.filter(user_id=person.user_pk or 0, deployment__registration=person.registration)
    named = rows.order_by("pk").values("course_key", "role", "deployment__deployment_id", "given_at")
    return [
        {
            "course": row["course_key"],
            "role": row["role"],
            "deployment": row["deployment__deployment_id"],
            "given_at": iso(row["given_at"]),
        }
        for row in named
    ]


def _match_of(person: Person) -> dict[str, str] | None:
    row = LegacyMatch.objects.filter(platform_user=person.row).first() if person.row else None
    return {"key": row.consumer_key, "outcome": row.outcome, "at": iso(row.at)} if row else None


def _rosters_of(person: Person) -> list[dict[str, Any]]:
    rows = members_of(person.registration.pk, person.sub).select_related("context").order_by("pk")
    return [
        {
            "context": str(row.context),
            "roles": row.roles.split(),
            "status": row.status,
            "first_listed": iso(row.first_seen),
            "last_listed": iso(row.last_seen),
            "refused_at": row.refused_at and iso(row.refused_at),
        }
        for row in rows
    ]


def _ahead_of(person: Person) -> list[dict[str, Any]]:
    rows = EnrolledAhead.objects.filter(platform_user=person.row).select_related("context") if person.row else ()
    return [
        {
            "context": str(row.context),
            "course": row.course_key,
            "enrolled_at": iso(row.given_at),
            "unenrolled_at": row.taken_at and iso(row.taken_at),
            "refused_at": row.refused_at and iso(row.refused_at),
        }
        for row in rows
    ]


def _grants_of(person: Person) -> Iterable[Grant]:
    grants = Grant.objects.filter(user_id=person.user_pk or 0, deployment__registration=person.registration)
    return grants.select_related("deployment").order_by("pk")


def _score(row: PendingScore) -> dict[str, Any]:
    link = row.line_item.resource_link
    moments = ("changed_at", "due_at", "sent_at", "result_at")
    points = ("earned", "possible", "sent_given", "sent_maximum", "result_given", "result_maximum")
    return {
        "activity": link.title,
        "context": str(link.context or ""),
        "course": row.line_item.course_key,
        "block": row.line_item.usage_key,
        "column": row.line_item.url,
        "state": str(row.state),
        "last_answer": wording.in_full(row),
        **{name: getattr(row, name) for name in points},
        **{name: (at := getattr(row, name)) and iso(at) for name in moments},
    }

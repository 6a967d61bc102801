"""Works out who is to be enrolled ahead in which course, and who leaves one because they left the roster. Changes
nothing.

A row of ours (``EnrolledAhead``) says that a roster enrolled somebody; it is deleted once they are no longer enrolled.
An enrolment without such a row was made by somebody else. Nobody is enrolled again who left the course here or was
taken out by hand. Somebody whom a roster took out may come back through a roster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.course_roles.mapping import opens_whole
from lti_1p3_provider.database.upserts import chunks
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.nrps import Status
from lti_1p3_provider.memberships.models import EnrolledAhead, Member
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser


@dataclass(frozen=True, slots=True)
class Place:
    """A platform's course, with the courses here that its people are enrolled in. ``former``: courses in which its list
    enrolled people, and to which none of its links leads any more."""

    context: Context
    deployment: Deployment
    courses: tuple[CourseKey, ...]
    former: tuple[CourseKey, ...] = ()

    @property
    def all(self) -> tuple[CourseKey, ...]:
        """The courses that people may have to leave."""
        return (*self.courses, *self.former)

    @property
    def registration(self) -> Registration:
        """The registration that the people belong to."""
        return self.deployment.registration


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row that a platform user should have for a course. ``enrols``: the enrolment is still to be made, too. ``row``:
    the row that exists already, or None."""

    person_pk: int
    course_key: CourseKey
    enrols: bool
    row: EnrolledAhead | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of rows. ``gone``: of people who are no longer on the list. ``over``: of people who are no longer
    enrolled, although no roster took them out. ``many``: how many people of ``gone`` were not refused before. ``held``:
    how many people the roster keeps enrolled, those included, the refused ones not. ``back``: of people who are on the
    list again, after they could not be taken out."""

    gone: tuple[EnrolledAhead, ...]
    many: int
    held: int
    over: tuple[EnrolledAhead, ...]
    back: tuple[EnrolledAhead, ...]


def place_of(context: Context, deployment: Deployment) -> Place:
    """Return the place with the courses in which people may be enrolled: the gate opens them as a whole, and they have
    the mode."""
    links = ResourceLink.objects.filter(context=context).order_by("course_key")
    linked = list(links.values_list("course_key", flat=True).distinct())
    rows = EnrolledAhead.objects.filter(context=context, taken_at=None).exclude(course_key__in=linked)
    former = rows.order_by("course_key").values_list("course_key", flat=True).distinct()
    courses, others = (
        tuple(key for key in map(CourseKey.from_string, keys) if _takes(deployment.registration, key))
        for keys in (linked, former)
    )
    return Place(context, deployment, courses, others)


def wanted(place: Place, person_pks: Sequence[int]) -> Iterator[Wanted]:
    """Yield what is to be done for platform users who take part. Two queries for some hundred people, and two for each
    course."""
    for some in chunks(person_pks):
        rows = PlatformUser.objects.filter(pk__in=some).order_by("pk")
        people = dict(rows.values_list("pk", "user_id"))
        ours = _rows(people.values(), place.courses)
        for key in place.courses:
            users = frozenset(people.values())
            here = host.current().membership.enrolled(users, key)
            ever = host.current().membership.ever_enrolled(users, key)
            for pk, user in people.items():
                one = _decide(place, pk, key, ours[user, str(key)], is_in=user in here, was_in=user in ever)
                if one is not None:
                    yield one


def leaving(place: Place, present: Collection[int]) -> Leaving:
    """Return what becomes of the rows of a roster."""
    digests = [digest(str(key)) for key in place.all]
    rows = EnrolledAhead.objects.filter(context=place.context, taken_at=None, course_digest__in=digests)
    found = list(rows.select_related("platform_user").order_by("pk"))
    inside: set[tuple[int, str]] = set()
    for key in place.all:
        for some in chunks([row.user_id for row in found]):
            inside |= {(user, str(key)) for user in host.current().membership.enrolled(some, key)}
    held = [row for row in found if (row.user_id, row.course_key) in inside]
    over = [row for row in found if (row.user_id, row.course_key) not in inside]
    own = [row for row in held if _is_own(row)]  # others were moved to another account, or theirs gave way
    gone = [row for row in own if row.platform_user_id not in present]
    # People who could not be taken out left with an earlier list: they say nothing about this one.
    refused = [row for row in own if row.refused_at is not None]
    back = tuple(row for row in refused if row.platform_user_id in present)
    stuck = {row.pk for row in refused} - {row.pk for row in back}
    many, kept = ({row.platform_user_id for row in rows if row.pk not in stuck} for rows in (gone, own))
    return Leaving(tuple(gone), len(many), len(kept), tuple(over), back)


def is_listed(row: EnrolledAhead) -> bool:
    """Tell whether the list that is stored has the person. Whoever compared the two may have known nothing yet of an
    account that another worker made a moment ago."""
    people = Member.objects.filter(context=row.context_id, platform_user=row.platform_user_id, status=Status.ACTIVE)
    return row.platform_user_id is not None and people.exists()


def is_held(row: EnrolledAhead, user_pk: int) -> bool:
    """Tell whether something besides this row keeps the person enrolled: another roster, or a launch from elsewhere."""
    others = EnrolledAhead.objects.filter(
        platform_user__user_id=user_pk, course_digest=row.course_digest, taken_at=None
    )
    if others.exclude(pk=row.pk).exists():
        return True
    came = PendingScore.objects.filter(platform_user__user_id=user_pk, course_key=row.course_key)
    return came.exclude(line_item__resource_link__context=row.context_id).exists()


def _is_own(row: EnrolledAhead) -> bool:
    return row.platform_user is not None and row.platform_user.user_id == row.user_id


def _takes(registration: Registration, key: CourseKey) -> bool:
    modes = host.current().content.enrolment_modes(key) if opens_whole(registration, key) else None
    return registration.enrolment_mode in (modes or ())


def _rows(users: Iterable[int], courses: Iterable[CourseKey]) -> dict[tuple[int, str], list[EnrolledAhead]]:
    """Return the rows of some accounts, from all rosters."""
    found: dict[tuple[int, str], list[EnrolledAhead]] = defaultdict(list)
    digests = [digest(str(key)) for key in courses]
    rows = EnrolledAhead.objects.filter(user_id__in=list(users), course_digest__in=digests)
    for row in rows.order_by("pk"):
        found[row.user_id, row.course_key].append(row)
    return found


def _decide(
    place: Place, pk: int, key: CourseKey, rows: Sequence[EnrolledAhead], *, is_in: bool, was_in: bool
) -> Wanted | None:
    mine = next((one for one in rows if one.context_id == place.context.pk), None)
    others = any(one.taken_at is None for one in rows)
    if others and not is_in:  # taken out by hand
        return None
    if mine is not None:
        returns = mine.taken_at is not None and not is_in
        is_anothers = mine.platform_user_id != pk and mine.taken_at is None  # who was moved to another account
        return Wanted(pk, key, returns, mine) if returns or is_anothers else None
    if is_in:
        return Wanted(pk, key, False) if others else None
    return Wanted(pk, key, True) if not was_in or rows else None

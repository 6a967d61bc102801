"""Works out what a list that was just read makes due, or why nothing is to be done. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import itemgetter

from lti_1p3_provider.lti.nrps import Status
from lti_1p3_provider.memberships import due, kept
from lti_1p3_provider.memberships.due import Place
from lti_1p3_provider.memberships.models import EnrolledAhead, Member, Roster
from lti_1p3_provider.memberships.sync import Listed, Read, is_to_come, with_accounts
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations.ahead_way import ENROL_AND_UNENROL
from lti_1p3_provider.registrations.models import AccountMode, Deployment, Registration
from lti_1p3_provider.resource_links.models import Context

FEW = 10  # that many may be unenrolled at once, however few there are


class Stopped(StrEnum):
    """Why nothing was done, or only a part."""

    CLOSED = "closed"  # registration or deployment
    GAPS = "gaps"
    NO_COURSE = "no_course"
    SHRUNK = "shrunk"
    NEWER = "newer"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many accounts were made, and how many people were enrolled and unenrolled, counted once for each course.
    ``refused``: accounts of staff, accounts that are switched off, and failures. ``left``: people who remain for the
    next time."""

    accounts: int = 0
    enrolled: int = 0
    unenrolled: int = 0
    refused: int = 0
    left: int = 0
    stopped: str = ""

    def __add__(self, other: Outcome) -> Outcome:
        mine, others = asdict(self), asdict(other)
        stopped = mine.pop("stopped") or others.pop("stopped")
        return Outcome(**{name: value + others[name] for name, value in mine.items()}, stopped=stopped)

    @property
    def did(self) -> bool:
        """Whether anything changed."""
        return bool(self.accounts or self.enrolled or self.unenrolled)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list makes due at a place: rows to end, and people to bring in, by ``sub`` and platform user (None without
    one). Or why nothing is done. ``over``: rows of people who are out already. ``back``: rows of people who could not
    be taken out, and are on the list again. ``refused``: when people could not be brought in, by ``sub``."""

    place: Place
    stopped: str = ""
    leaving: tuple[EnrolledAhead, ...] = ()
    people: tuple[tuple[str, int | None], ...] = ()
    enrolments: int = 0
    over: tuple[EnrolledAhead, ...] = ()
    back: tuple[EnrolledAhead, ...] = ()
    refused: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def foreseen(self) -> Outcome:
        """What would come of it if no account refuses, which is not known beforehand."""
        accounts = sum(pk is None for _, pk in self.people)
        return Outcome(accounts, self.enrolments, len(self.leaving), stopped=self.stopped)

    def steps(self, since: datetime) -> Iterator[tuple[str, int | EnrolledAhead | None]]:
        """Yield the steps, one after another. People who leave come first. Those who were refused before come after all
        others, the longest ago first; those who were refused after ``since`` are left out."""
        again: list[tuple[datetime, str, int | EnrolledAhead | None]] = []
        for sub, what in (*(("", row) for row in self.leaving), *self.people):
            at = what.refused_at if isinstance(what, EnrolledAhead) else self.refused.get(sub)
            if at is None:
                yield sub, what
            elif at < since or is_to_come(at):
                again.append((at, sub, what))
        yield from ((sub, what) for _, sub, what in sorted(again, key=itemgetter(0)))


def plan(context: Context, read: Read, *, shrinks: bool = False) -> Plan | None:
    """Return what is due, with registration, gate and accounts as they are now; None if the registration wants nothing
    done ahead. ``shrinks``: many people may be unenrolled at once."""
    rows = Deployment.objects.select_related("registration__gate").filter(pk=context.deployment_id)
    deployment: Deployment | None = rows.first()
    if deployment is None or not deployment.registration.ahead_way:
        return None
    place = due.place_of(context, deployment)
    if stopped := _obstacle(place, read):
        return Plan(place, stopped)
    listed = with_accounts(place.registration.pk, read.members)
    here = [one for one in listed if one.member.status is Status.ACTIVE]
    present = [one.platform_user_pk for one in listed if one.platform_user_pk and one.member.may_take_part]
    found = due.leaving(place, frozenset(present))
    gone = found.gone if _unenrols(place.registration) else ()
    if gone and found.many > FEW and 2 * found.many >= found.held and not shrinks:
        return Plan(place, Stopped.SHRUNK, over=found.over)
    people, enrolments = _people(place, here)
    return Plan(place, "", gone, people, enrolments, found.over, found.back, _refused(place, people))


def _refused(place: Place, people: Sequence[tuple[str, int | None]]) -> dict[str, datetime]:
    rows = Member.objects.filter(context=place.context, refused_at__isnull=False)
    known = {row.subject_digest: row.refused_at for row in rows if row.refused_at} if people else {}
    if not known:
        return {}
    named = ((sub, kept.names(place.registration.pk, sub)[0]) for sub, _ in people)
    return {sub: known[name] for sub, name in named if name in known}


def _obstacle(place: Place, read: Read) -> str:
    if not place.deployment.is_open:
        return Stopped.CLOSED
    if not read.members.complete:
        return Stopped.GAPS
    if not Roster.objects.filter(context=place.context, asked_at=read.began).exists():
        return Stopped.NEWER
    return "" if place.all else Stopped.NO_COURSE


def _unenrols(registration: Registration) -> bool:
    return registration.ahead_way == ENROL_AND_UNENROL and preset(registration.platform).lists_everybody


def makes_accounts(registration: Registration) -> bool:
    """Tell whether learners always get a new account. Where they have a choice, it is not taken from them."""
    from_lti_1p1 = registration.legacy_way and not registration.legacy_has_ended
    return registration.learner_accounts == AccountMode.NEW and not from_lti_1p1


def _people(place: Place, here: Sequence[Listed]) -> tuple[tuple[tuple[str, int | None], ...], int]:
    """Return the people for whom anything is due, and how many enrolments that makes. People who were forgotten are not
    brought back."""
    learners = [one for one in here if one.member.roles.only_learns]
    wanted = list(due.wanted(place, [one.platform_user_pk for one in learners if one.platform_user_pk]))
    wanting = {one.person_pk for one in wanted}
    found: list[tuple[str, int | None]] = [
        (one.member.sub, one.platform_user_pk) for one in learners if one.platform_user_pk in wanting
    ]
    unknown = [one.member.sub for one in learners if one.platform_user_pk is None]
    if unknown and place.courses and makes_accounts(place.registration):
        forgotten = kept.forgotten(place.registration.pk)
        found += [
            (sub, None)
            for sub in unknown
            if not forgotten or forgotten.isdisjoint(kept.names(place.registration.pk, sub))
        ]
    accounts = sum(pk is None for _, pk in found)
    return tuple(found), sum(one.enrols for one in wanted) + accounts * len(place.courses)

"""What a registration names and this site does not have: courses, organizations, its enrolment mode in a course, people
of LTI 1.1.

A launch notices it, too, but then a learner reads it. Here the person who registers the platform is told, and the
doctor repeats it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.port import Content
from lti_1p3_provider.onboarding import legacy, roles_of
from lti_1p3_provider.onboarding.reach import opens_more_than_its_gate
from lti_1p3_provider.registrations.models import Registration

MAX_NAMED = 200  # courses of a gate that are looked up: two short queries each
MAX_ORGS = 20
MAX_NEWEST = 20  # courses of an organization, or of the site where a registration has no gate
MAX_SHOWN = 5

Modes = Mapping[CourseKey, frozenset[str] | None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that does not fit: what it is about, what is wrong, and what to do. ``refuses``: launches are refused
    because of it."""

    about: str
    says: str
    advice: str
    refuses: bool = False

    def __str__(self) -> str:
        return f"{self.says} {self.advice}"


def doubts(registration: Registration, content: Content | None = None, gate: LaunchGate | None = None) -> list[Doubt]:
    """Return what does not fit. ``content``: the configured host's if None. ``gate``: of a registration that is not
    stored yet.

    Only so many courses are read as the limits above allow. If the LMS does not answer, that is the only doubt, and the
    registration is stored all the same.
    """
    try:
        with transaction.atomic():  # an error of the database must not spoil the caller's transaction
            if registration.pk:
                gate = LaunchGate.objects.filter(registration=registration).first()
            return list(_doubts(registration, gate, content or host.current().content))
    except Exception as error:  # any: it is the LMS's
        log.warning("LTI registration %s: its courses cannot be looked up: %s", registration.pk, type(error).__name__)
        said = f"This site's courses cannot be looked up: {type(error).__name__}."
        return [Doubt("courses", said, "Check yourself that they exist and have the enrolment mode.")]


def _doubts(registration: Registration, gate: LaunchGate | None, content: Content) -> Iterator[Doubt]:
    named = {key: content.enrolment_modes(key) for key in _named(gate)[:MAX_NAMED]}
    if gone := [str(key) for key, modes in named.items() if modes is None]:
        said = f"Its launch gate names what this site does not have: {_listed(gone)}."
        yield Doubt("gate", said, "Check the course keys character by character, unless the courses are still to come.")
    if foreign := [name for name in _names(gate) if not _is_own(registration, name)]:
        said = f"It belongs to {registration.org}; its launch gate names what is not of it: {_listed(foreign)}."
        yield Doubt(
            "gate", said, "Launches of these are refused: take them out, or leave the organization empty.", True
        )
    newest: list[CourseKey] = []
    for org in _orgs(registration, gate):
        of_org = content.newest_courses(org, MAX_NEWEST)
        newest += of_org
        if org is not None and not of_org:
            said = f"This site has no course of the organization {org}, which its launch gate names."
            yield Doubt("gate", said, "Check the name character by character, unless its courses are still to come.")
    if more := opens_more_than_its_gate(registration, gate):
        yield Doubt("reach", more, "Leave the enrolment mode empty, confine its people, or let the gate name courses.")
    yield from _about_roles(registration, gate, [*named, *newest])
    for says, advice in legacy.doubts(registration):
        yield Doubt("people of LTI 1.1", says, advice)
    if mode := registration.enrolment_mode:
        others = {key: content.enrolment_modes(key) for key in newest if key not in named}
        yield from _without_mode(mode, named, refuses=True)
        yield from _without_mode(mode, others, refuses=False)


def _about_roles(registration: Registration, gate: LaunchGate | None, courses: list[CourseKey]) -> Iterator[Doubt]:
    """Say where roles are not given, and where they would let staff see people of other platforms."""
    if nothing := roles_of.gives_nothing(registration, gate):
        yield Doubt("roles", nothing, "Let the gate name whole courses, or leave the roles empty.")
    if shared := roles_of.shared(registration, courses):
        said = f"Its teachers become staff of courses in which other platforms have people: {_listed(shared)}."
        yield Doubt("roles", said, "Staff see all of them: let it launch a run of its own, or choose no staff role.")


def _without_mode(mode: str, courses: Modes, refuses: bool) -> Iterator[Doubt]:
    """Name courses that lack the mode, and the modes that they have."""
    without = [
        f"{key} (it has {', '.join(sorted(modes)) or 'none'})"
        for key, modes in courses.items()
        if modes is not None and mode not in modes
    ]
    if without:
        said = f"No enrolment mode '{mode}' in {_listed(without)}. Launches of people who are not enrolled are refused."
        advice = f"Add the mode '{mode}' to these courses, or choose another mode for the registration."
        yield Doubt("enrolment", said, advice, refuses)


def _named(gate: LaunchGate | None) -> list[CourseKey]:
    """Return the courses that a gate names, or of which it names a block, each once."""
    if gate is None:
        return []
    keys = [CourseKey.from_string(text) for text in gate.allowed_courses]
    return list(dict.fromkeys([*keys, *(UsageKey.from_string(text).course_key for text in gate.allowed_keys)]))


def _names(gate: LaunchGate | None) -> list[str]:
    """Return everything that a gate names."""
    return [*gate.allowed_orgs, *gate.allowed_courses, *gate.allowed_keys] if gate else []


def _is_own(registration: Registration, name: str) -> bool:
    """Tell whether something that a gate names, an organization or a key, belongs to the registration's
    organization."""
    return registration.org in ("", name, getattr(_key(name), "org", None))


def _key(name: str) -> CourseKey | None:
    for kind in (CourseKey, UsageKey):
        with suppress(InvalidKeyError):
            key = kind.from_string(name)
            return key if isinstance(key, CourseKey) else key.course_key
    return None


def _orgs(registration: Registration, gate: LaunchGate | None) -> Iterable[str | None]:
    """Return the organizations whose courses may be opened, None for all."""
    if gate is None:
        return [] if conf.require_launch_gate else [registration.org or None]
    return list(gate.allowed_orgs[:MAX_ORGS])


def _listed(things: list[str]) -> str:
    more = len(things) - MAX_SHOWN
    return "; ".join([*things[:MAX_SHOWN], *([f"and {more} more"] if more > 0 else [])])

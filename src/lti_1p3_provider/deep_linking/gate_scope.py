"""How far a registration's gate reaches, in terms with which courses can be listed and searched.

It only narrows what is read. Whether a block opens is decided by ``gates.policy``, for each block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.conf import conf
from lti_1p3_provider.deep_linking.entries import Chooser
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.gates.policy import is_within


@dataclass(frozen=True, slots=True)
class Scope:
    """``everything``, or these organizations and courses: the ones that the gate names, or of which it names a
    block."""

    everything: bool = False
    orgs: frozenset[str] = frozenset()
    courses: frozenset[CourseKey] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is open."""
        return not (self.everything or self.orgs or self.courses)

    def may_have(self, course_key: CourseKey) -> bool:
        """Tell whether something in the course may be open."""
        return self.everything or course_key.org in self.orgs or course_key in self.courses

    def only(self, text: str) -> Scope:
        """Return the part of it that is in one course; nothing if the text is no course key."""
        try:
            course_key = CourseKey.from_string(text)
        except InvalidKeyError:
            return Scope()
        return Scope(courses=frozenset((course_key,))) if self.may_have(course_key) else Scope()


def of(who: Chooser) -> Scope:
    """Return how far the chooser's registration may reach."""
    registration = who.registration
    gate: LaunchGate | None = getattr(registration, "gate", None)
    if gate is not None:
        orgs = frozenset(org for org in gate.allowed_orgs if registration.org in ("", org))
        return Scope(False, orgs, frozenset(key for key in _courses(gate) if is_within(registration, key)))
    if conf.require_launch_gate:
        return Scope()
    return Scope(orgs=frozenset((registration.org,))) if registration.org else Scope(everything=True)


def _courses(gate: LaunchGate) -> Iterator[CourseKey]:
    """Yield the courses. A key that cannot be read opens nothing (the admin does not accept such keys)."""
    for text in gate.allowed_courses:
        with suppress(InvalidKeyError):
            yield CourseKey.from_string(text)
    for text in gate.allowed_keys:
        with suppress(InvalidKeyError):
            yield UsageKey.from_string(text).course_key

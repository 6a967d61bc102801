"""Decides what a registration may open. Called at launch, and again at each visit of the content."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import GateClosed
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.models import Registration


def require(registration: Registration, course_key: CourseKey, usage_key: UsageKey) -> None:
    """Return if the registration may open the block.

    Raises:
        GateClosed
    """
    if not is_within(registration, course_key):
        raise GateClosed(f"the registration belongs to {registration.org!r} and opens nothing of other organizations")
    gate: LaunchGate | None = getattr(registration, "gate", None)
    if gate is None:
        if conf.require_launch_gate:
            raise GateClosed("the registration has no launch gate, and this site requires one")
        return
    if not allowed(gate, course_key, usage_key):
        raise GateClosed(f"{usage_key} is not within the registration's launch gate")


def opens(registration: Registration, course_key: CourseKey, usage_key: UsageKey) -> bool:
    """Tell whether the registration may open the block."""
    try:
        require(registration, course_key, usage_key)
    except GateClosed:
        return False
    return True


def is_within(registration: Registration, course_key: CourseKey) -> bool:
    """Tell whether a course may be opened at all. A registration of an organization opens nothing of others, whatever
    its gate names."""
    return not registration.org or course_key.org == registration.org


def allowed(gate: LaunchGate, course_key: CourseKey, usage_key: UsageKey) -> bool:
    """Tell whether the gate opens the block."""
    return opening(gate, course_key).has(str(usage_key), usage_key.block_type)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a gate opens in one course: single blocks (``keys``), and blocks of these ``types`` (None: of any type)."""

    keys: Collection[str] = ()
    types: frozenset[str] | None = frozenset()

    def has(self, usage_key: str, block_type: str) -> bool:
        """Tell whether it opens a block of the course."""
        return self.types is None or block_type in self.types or usage_key in self.keys


def opening(gate: LaunchGate, course_key: CourseKey) -> Opening:
    """Return what the gate opens in a course, to decide about many of its blocks."""
    if str(course_key) not in gate.allowed_courses and course_key.org not in gate.allowed_orgs:
        return Opening(gate.allowed_keys)
    types = _allowed_types(gate, course_key)
    return Opening(gate.allowed_keys, None if types is None else frozenset(types))


def opening_of(registration: Registration, course_key: CourseKey) -> Opening:
    """Return what the registration may open in a course, with or without a gate."""
    if not is_within(registration, course_key):
        return Opening()
    gate: LaunchGate | None = getattr(registration, "gate", None)
    if gate is not None:
        return opening(gate, course_key)
    return Opening(types=frozenset() if conf.require_launch_gate else None)


def _allowed_types(gate: LaunchGate, course_key: CourseKey) -> list[str] | None:
    """Return the list of types of the course, else of its org, else for all; None: every type."""
    filters = gate.block_filter or {}
    for types in (
        _under(filters.get("courses", {}), str(course_key)),
        _under(filters.get("orgs", {}), course_key.org),
        filters.get("all"),
    ):
        if types is not None:
            return list(types)
    return None


def _under(filters: Mapping[str, list[str]], name: str | None) -> list[str] | None:
    """Find a filter in any case: some databases find a course by another spelling, which must not evade the filter."""
    folded = {key.casefold(): types for key, types in filters.items()}
    return folded.get((name or "").casefold())

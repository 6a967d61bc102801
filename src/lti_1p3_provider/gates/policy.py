"""Decides what a registration may open. Called at launch and again at each visit of the content door."""

from __future__ import annotations

from collections.abc import Mapping

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


def allowed(gate: LaunchGate, course_key: CourseKey, usage_key: UsageKey) -> bool:
    """Tell whether the gate opens the block."""
    if str(usage_key) in gate.allowed_keys:
        return True
    if str(course_key) not in gate.allowed_courses and course_key.org not in gate.allowed_orgs:
        return False
    types = _allowed_types(gate, course_key)
    return types is None or usage_key.block_type in types


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
    """Find a filter whatever its case: some databases find a course by another spelling, which must not evade it."""
    folded = {key.casefold(): types for key, types in filters.items()}
    return folded.get((name or "").casefold())

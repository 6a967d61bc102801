"""Roles of a launch: the LIS v2 vocabulary, reduced to what we act on.

Institution and system roles never count for a course. Roles decide whether a score is wanted, who may choose content,
and, if the registration says so, which role somebody gets in the course (``course_roles``). (LTI 1.3 Core, A.2)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SUB_ROLES = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
SITE_ADMINISTRATORS = frozenset(  # of the platform, or of the institution that has it
    f"http://purl.imsglobal.org/vocab/lis/v2/{where}/person#{name}"
    for where, name in (("system", "SysAdmin"), ("system", "Administrator"), ("institution", "Administrator"))
)
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

PRINCIPAL = frozenset(
    ("Administrator", "ContentDeveloper", "Instructor", "Learner", "Mentor", "Manager", "Member", "Officer")
)
TEACHING = frozenset(("Administrator", "ContentDeveloper", "Instructor"))
ABOVE_LEARNERS = TEACHING | {"Mentor", "Manager", "Officer"}


@dataclass(frozen=True, slots=True)
class Roles:
    """The principal context roles (``Instructor``, ``Learner``, ...), and the (principal, sub-role) pairs that were
    sent.

    ``named``: all roles as they were sent, known or not.
    """

    context: frozenset[str] = frozenset()
    sub_roles: frozenset[tuple[str, str]] = frozenset()
    is_test_user: bool = False
    named: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_instructor(self) -> bool:
        """Whether the person teaches or administers this context. A sub-role alone (a TA without ``Instructor``) does
        not count."""
        return bool(self.context & TEACHING)

    @property
    def administrates_platform(self) -> bool:
        """Whether the person administers the platform or its institution. Course roles do not say so."""
        return not SITE_ADMINISTRATORS.isdisjoint(self.named)

    @property
    def is_learner(self) -> bool:
        """Whether the person learns in this context. Platforms may leave out the principal of a sub-role, and nothing
        is given to learners."""
        return "Learner" in self._kinds

    @property
    def only_learns(self) -> bool:
        """Whether the person learns in this context and is nothing more in it. Assistants may be learners with a
        sub-role of teachers. Administrators may learn, too."""
        above = self._kinds & ABOVE_LEARNERS or self.administrates_platform
        return self.is_learner and not above and not self.is_test_user

    @property
    def gets_scores(self) -> bool:
        """Whether the platform's gradebook has a row for the person: learners, and people without a role or sub-role
        that says otherwise."""
        return not self.is_test_user and (self.is_learner or not self._kinds & (TEACHING | {"Mentor"}))

    @property
    def _kinds(self) -> frozenset[str]:
        """The principal roles, and those of the sub-roles."""
        return self.context.union(principal for principal, _ in self.sub_roles)


def parse(values: Iterable[str]) -> Roles:
    """Read the roles claim. Unknown roles are ignored, so they give nothing."""
    context: set[str] = set()
    subs: set[tuple[str, str]] = set()
    test_user, named = False, tuple(values)
    for value in named:
        if value == TEST_USER:
            test_user = True
        elif value in PRINCIPAL:  # short names are allowed for context roles
            context.add(value)
        elif value.startswith(MEMBERSHIP):
            context.update({value[len(MEMBERSHIP) :]} & PRINCIPAL)
        elif value.startswith(SUB_ROLES):
            principal, _, sub = value[len(SUB_ROLES) :].partition("#")
            if principal in PRINCIPAL and sub:
                subs.add((principal, sub))
    return Roles(frozenset(context), frozenset(subs), test_user, named)

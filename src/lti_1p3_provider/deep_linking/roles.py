"""Who may choose content: people who edit the course, and administrators of the platform.

The platform decides who sees its "add content"; this is a second check. Sites differ about assistants, so a setting
decides about them. Canvas calls them ``Instructor`` too, so they are looked for first. (LTI 1.3 Core, A.2.3)
"""

from __future__ import annotations

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import AssistantsMayNotChoose, ChoosingNotAllowed
from lti_1p3_provider.lti.roles import MEMBERSHIP, SUB_ROLES, Roles

ASSISTANT = "TeachingAssistant"


def require(roles: Roles) -> None:
    """Return if somebody with these roles may choose content.

    Raises:
        AssistantsMayNotChoose, ChoosingNotAllowed
    """
    if roles.context & {"Administrator", "ContentDeveloper"} or roles.administrates_platform or _is_admitted(roles):
        return
    if _assists(roles):
        raise AssistantsMayNotChoose("a teaching assistant, and LTI_1P3_PROVIDER_DEEP_LINKING_ROLES does not say more")
    if "Instructor" not in roles.context:
        raise ChoosingNotAllowed("no role that makes a course")


def _assists(roles: Roles) -> bool:
    """Whether the person teaches only as an assistant."""
    teaching = {sub for principal, sub in roles.sub_roles if principal == "Instructor"}
    named_so = ASSISTANT in roles.named or f"{MEMBERSHIP}{ASSISTANT}" in roles.named
    return teaching == {ASSISTANT} or (named_so and not teaching)


def _is_admitted(roles: Roles) -> bool:
    """Whether the site lets one of the roles choose. It may name roles in full or by their last part."""
    more = conf.deep_linking_roles
    return any(name in more or _short(name) in more for name in roles.named)


def _short(name: str) -> str:
    """Return ``Mentor``, or ``TeachingAssistant`` for a sub-role. Only roles in the context count."""
    if name.startswith((MEMBERSHIP, SUB_ROLES)):
        return name.rpartition("#")[2]
    return ""

"""Decides whether a registration keeps the organization that owned it: only if nobody can reach more, or less, because
of that.

An organization's staff manage its registrations here, and these open nothing of other organizations. So a registration
that opens something else would break. And if its key belongs to others too, the organization could use that key. Both
stay the site's own until an operator decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.moving_in.tools import Tool
from lti_1p3_provider.organizations import is_name

NO_GATE = "it has no launch gate, and opens what is not of that organization, too"


def owner(tool: Tool, *, stays_open: bool = False) -> tuple[str, str]:
    """Return the organization that gets a tool, empty if none does, and why an earlier owner does not get it.

    ``stays_open``: a tool without a gate goes on opening every block.
    """
    if not tool.org:
        return "", ""
    if reason := _obstacle(tool, stays_open):
        return "", f"it belonged to the organization {tool.org}, and is the site's own now: {reason}"
    return tool.org, ""


def _obstacle(tool: Tool, stays_open: bool) -> str:
    if not is_name(tool.org):
        return "no course can have such an organization"
    if tool.key is not None and any(one != tool.org for one in tool.key.users):
        return "its signing key belongs to others, too"
    if tool.gate is None:
        return NO_GATE if stays_open else ""
    if foreign := sorted(set(_foreign(tool))):
        return f"its launch gate opens what is not of that organization: {', '.join(foreign[:3])}"
    return ""


def _foreign(tool: Tool) -> Iterator[str]:
    """Yield what a gate names outside the organization, compared byte by byte as launches do."""
    if tool.gate is None:
        return
    yield from (name for name in tool.gate.orgs if name != tool.org)
    yield from (text for text in tool.gate.courses if _org_of(text, is_block=False) != tool.org)
    yield from (text for text in tool.gate.keys if _org_of(text, is_block=True) != tool.org)


def _org_of(text: str, *, is_block: bool) -> str:
    try:
        key = UsageKey.from_string(text).context_key if is_block else CourseKey.from_string(text)
    except InvalidKeyError:
        return ""
    return str(getattr(key, "org", ""))

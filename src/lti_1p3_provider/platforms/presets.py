"""All presets, in the order in which an admin sees them."""

from __future__ import annotations

from lti_1p3_provider.platforms import blackboard, brightspace, canvas, generic, moodle, openedx, sakai, schoology
from lti_1p3_provider.platforms.preset import Preset

PRESETS: dict[str, Preset] = {
    module.PRESET.name: module.PRESET
    for module in (canvas, moodle, brightspace, blackboard, sakai, schoology, openedx, generic)
}


def preset(name: str) -> Preset:
    """Return the preset called ``name``; an unknown name is a platform without quirks."""
    return PRESETS.get(name, generic.PRESET)

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


def of_family(code: str) -> Preset:
    """Return the preset of a platform whose configuration calls it so (``product_family_code``)."""
    found = (known for known in PRESETS.values() if code.strip().lower() in known.registering.families)
    return next(found, generic.PRESET)

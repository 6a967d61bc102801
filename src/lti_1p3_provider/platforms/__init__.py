"""Presets: one module for each platform that we know, with its addresses, what is peculiar about it, and what its admin
must do.

These are facts and sentences only. Code that differs by platform asks the preset (``preset.Preset``), never the
platform's name.
"""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Environment, Preset, Shown
from lti_1p3_provider.platforms.presets import PRESETS, of_family, preset
from lti_1p3_provider.platforms.registering import Registering

__all__ = ["PRESETS", "Endpoints", "Environment", "KeyCare", "Preset", "Registering", "Shown", "of_family", "preset"]

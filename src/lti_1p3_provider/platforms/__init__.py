"""One module per platform that we know: its endpoints and what its admin must do."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Environment, Preset, Shown
from lti_1p3_provider.platforms.presets import PRESETS, of_family, preset
from lti_1p3_provider.platforms.registering import Registering

__all__ = ["PRESETS", "Endpoints", "Environment", "KeyCare", "Preset", "Registering", "Shown", "of_family", "preset"]

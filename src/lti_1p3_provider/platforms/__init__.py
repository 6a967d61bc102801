"""One module per platform that we know: its endpoints and what its admin must do."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Environment, Preset
from lti_1p3_provider.platforms.presets import PRESETS, preset

__all__ = ["PRESETS", "Endpoints", "Environment", "KeyCare", "Preset", "preset"]

"""One module per platform that we know: its endpoints and what its admin must do."""

from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown
from lti_1p3_provider.platforms.presets import PRESETS, preset

__all__ = ["PRESETS", "Endpoints", "Preset", "Shown", "preset"]

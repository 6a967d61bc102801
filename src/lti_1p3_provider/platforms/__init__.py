"""One module per platform that we know: its endpoints and what its admin must do."""

from lti_1p3_provider.platforms.preset import Endpoints, Preset
from lti_1p3_provider.platforms.presets import PRESETS, of_family, preset
from lti_1p3_provider.platforms.registering import Registering

__all__ = ["PRESETS", "Endpoints", "Preset", "Registering", "of_family", "preset"]

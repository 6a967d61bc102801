"""The seam to the LMS. ``current()`` is the one way to it."""

from lti_1p3_provider.host.current import current

__all__ = ["current"]

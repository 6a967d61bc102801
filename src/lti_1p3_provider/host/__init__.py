"""The seam to the LMS. ``current()`` is the one way to it.

``port.Host`` says what we need from an LMS, in our own words; the modules beside ``port`` are its parts. ``openedx``
answers with a real Open edX, ``demo.lms`` with a stand-in; the contract tests run on both.
"""

from lti_1p3_provider.host.current import current

__all__ = ["current"]

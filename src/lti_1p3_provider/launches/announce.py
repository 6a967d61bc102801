"""Tells other code of the site about launches that went well."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from lti_1p3_provider.lti.claims import Launch

launched = Signal()
"""Sent with ``launch`` after a launch was let in, or a request for content was begun: in the web server's process,
before the answer goes out, perhaps in the request's transaction. A receiver that fails is logged. What takes long, like
calling the platform, belongs into a task that begins after the commit: the person waits."""


def announce(launch: Launch[Any]) -> None:
    """Tell all receivers."""
    launched.send_robust(Launch, launch=launch)

"""What a login and a launch note on their way, whether they succeed or not. ``diagnostics`` stores it."""

from __future__ import annotations

from typing import Protocol

from lti_1p3_provider.registrations.models import Deployment, Registration


class Progress(Protocol):
    """Where notes of one attempt go: which steps it passed, and whom it turns out to be about."""

    login_digest: str | None
    registration_pk: int | None
    registration: Registration | None
    deployment: Deployment | None
    subject: str | None
    target: str
    return_url: str | None
    note: str

    def passed(self, step: str) -> None:
        """Note that a step was passed."""

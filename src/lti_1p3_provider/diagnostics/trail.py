"""The trail of one attempt: which steps it passed, and whom it turned out to be about.

The door makes a trail and each step adds to it. Whether the attempt ends in content or in a refusal, an operator reads
the trail afterwards. It holds only ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lti_1p3_provider.registrations.models import Deployment, Registration


@dataclass(slots=True)
class Trail:
    """Grows while a request is handled. ``return_url`` is set only once its sender is verified. ``registration_pk`` and
    ``login_digest`` come from our own state, before anything is looked up."""

    door: str
    steps: list[str] = field(default_factory=list)
    login_digest: str | None = None
    registration_pk: int | None = None
    registration: Registration | None = None
    deployment: Deployment | None = None
    subject: str | None = None
    target: str = ""
    return_url: str | None = None
    note: str = ""

    def passed(self, step: str) -> None:
        """Note that a step was passed."""
        self.steps.append(step)

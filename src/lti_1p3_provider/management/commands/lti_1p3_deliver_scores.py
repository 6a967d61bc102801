"""``lti_1p3_deliver_scores``: delivers all due scores now; for cron and Kubernetes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from lti_1p3_provider.diagnostics.record import drop_old
from lti_1p3_provider.scores.delivery import deliver_due


class Command(BaseCommand):
    """Also drops launch attempts that are older than the site keeps them."""

    help = "Deliver due LTI scores, and drop old launch attempts. Safe to run at any time and in parallel."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once and print what was done."""
        report = asdict(deliver_due())
        self.stdout.write(json.dumps({**report, "old_attempts_dropped": drop_old()}))

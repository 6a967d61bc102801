"""``lti_1p3_deliver_scores``: delivers all due scores now; for cron and Kubernetes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from lti_1p3_provider.launches.cleaning import clean_up
from lti_1p3_provider.outline.rebuild import refresh
from lti_1p3_provider.scores.delivery.deliver import deliver_due


class Command(BaseCommand):
    """Delivers, cleans up and brings outlines in step, so one cron entry is enough."""

    help = (
        "Deliver due LTI scores, bring outlines of courses in step, and drop what is too old to keep. "
        "Safe to run at any time and in parallel."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once and print what was done."""
        report = asdict(deliver_due())
        outlines = {"outlines_rebuilt": refresh()}
        self.stdout.write(json.dumps({**report, **outlines, **clean_up()}))

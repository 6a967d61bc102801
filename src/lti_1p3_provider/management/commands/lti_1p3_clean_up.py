"""``lti_1p3_clean_up``: drops what the site need not keep any longer."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from lti_1p3_provider.launches.cleaning import clean_up


class Command(BaseCommand):
    """The regular clean-up alone. ``lti_1p3_deliver_scores`` does it, too, so a site that runs that needs no second
    cron entry."""

    help = (
        "Drop old launch attempts, lapsed grants, old requests for content, what platforms said of themselves to "
        "register, old tallies, and whom no platform has listed for long; take back course roles that are not due any "
        "more; count launches and look at all registrations. Safe to run at any time and in parallel."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once and print what was done."""
        self.stdout.write(json.dumps(clean_up()))

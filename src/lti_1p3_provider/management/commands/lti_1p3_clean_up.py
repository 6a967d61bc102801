"""``lti_1p3_clean_up``: drops what the site need not keep any longer."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.deep_linking import asked
from lti_1p3_provider.diagnostics.record import drop_old
from lti_1p3_provider.fleet import upkeep
from lti_1p3_provider.launches.grants import drop_lapsed
from lti_1p3_provider.memberships import kept
from lti_1p3_provider.onboarding import reading


class Command(BaseCommand):
    """``lti_1p3_deliver_scores`` does it too, so a site that runs that needs no second cron entry."""

    help = (
        "Drop old launch attempts, lapsed grants, old requests for content, what platforms said of themselves to "
        "register, old tallies, and whom no platform has listed for long; take back course roles that are not due any "
        "more; count launches and look at all registrations. Safe to run at any time and in parallel."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once and print what was done."""
        self.stdout.write(json.dumps(clean_up()))


def clean_up() -> dict[str, int]:
    """Drop old attempts, lapsed grants, requests for content, configurations and tallies, take back roles that are not
    due, count launches and look at all registrations; return how many of each."""
    looked_at = upkeep.keep_up()  # before: what is dropped must be counted
    return {
        "registrations_looked_at": looked_at,
        "old_attempts_dropped": drop_old(),
        "lapsed_grants_dropped": drop_lapsed(),
        "old_content_requests_dropped": asked.drop_old(),
        "old_configurations_dropped": reading.drop_old(),
        "old_tallies_dropped": upkeep.drop_old(),
        "old_members_dropped": kept.drop_old(),
        "course_roles_taken_back": taking_back.take_back(),
    }

"""The regular clean-up, for cron's commands and for Celery's beat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.deep_linking import content_requests
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.fleet import upkeep
from lti_1p3_provider.launches import grants
from lti_1p3_provider.memberships import kept, unused_accounts
from lti_1p3_provider.onboarding import reading

log = logging.getLogger(__name__)

STEPS: Mapping[str, Callable[[], int]] = {
    "registrations_looked_at": upkeep.keep_up,
    "old_attempts_dropped": record.drop_old,
    "lapsed_grants_dropped": grants.drop_lapsed,
    "old_content_requests_dropped": content_requests.drop_old,
    "old_configurations_dropped": reading.drop_old,
    "old_tallies_dropped": upkeep.drop_old,
    "old_members_dropped": kept.drop_old,
    "unused_accounts_dropped": unused_accounts.drop,
    "course_roles_taken_back": taking_back.take_back,
}
AFTER = {"old_attempts_dropped": "registrations_looked_at"}  # what is dropped must be counted


def clean_up() -> dict[str, int]:
    """Drop old attempts, lapsed grants, requests for content, configurations, tallies and roster entries; give up
    accounts that nobody came for; take back roles that are not due; count launches and judge all registrations. Return
    how many of each.

    Raises:
        Exception: what the first part that failed raised. All others were done, but what must come after it.
    """
    done: dict[str, int] = {}
    failed: dict[str, Exception] = {}
    for name, step in STEPS.items():
        if AFTER.get(name) in failed:
            continue
        try:
            done[name] = step()
        except Exception as error:  # what is due to be taken back does not wait for what cannot be counted
            log.error("LTI: a part of the clean-up failed: %s: %s", name, traced(error))
            failed[name] = error
    if failed:
        raise next(iter(failed.values()))
    return done

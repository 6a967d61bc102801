"""Retirement of accounts in the LMS: its queue and its signals."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.contrib.auth.models import AbstractUser

ABORTED = "ABORTED"  # each site's list of states has it


class OpenEdxRetirement:
    """``user_api`` of the LMS."""

    def connect(self, receiver: Callable[[int], None]) -> None:
        """Listen to both stages: a site's list of states need not have the second."""
        from openedx.core.djangoapps.user_api.accounts import signals

        def retired(sender: object, user: AbstractUser, **said: object) -> None:
            receiver(user.pk)

        for signal in (signals.USER_RETIRE_LMS_CRITICAL, signals.USER_RETIRE_LMS_MISC):
            signal.connect(retired, weak=False, dispatch_uid=("lti_1p3_provider", receiver))

    def under_way(self, user_ids: Collection[int]) -> frozenset[int]:
        """Read the queue. A row of it goes if the person thinks better of it, and some time after all is done; the
        account is switched off by then. What an operator aborted stays in it for ever, and nobody goes on with it."""
        from openedx.core.djangoapps.user_api.models import UserRetirementStatus

        rows = UserRetirementStatus.objects.filter(user_id__in=user_ids).exclude(current_state__state_name=ABORTED)
        return frozenset(rows.order_by().values_list("user_id", flat=True))

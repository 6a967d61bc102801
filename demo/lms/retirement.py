"""Retires an account in the order of the LMS: a place in the queue, address, two stages that tell others, and name."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from demo.lms.models import Profile, RetirementStatus
from demo.lms.signals import USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC


class DemoRetirement:
    """The queue, and the signals."""

    def connect(self, receiver: Callable[[int], None]) -> None:
        """Listen to both stages."""

        def retired(sender: object, user: AbstractUser, **said: object) -> None:
            receiver(user.pk)

        for signal in (USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC):
            signal.connect(retired, weak=False, dispatch_uid=("lti_1p3_provider", receiver))

    def under_way(self, user_ids: Collection[int]) -> frozenset[int]:
        """Read the queue."""
        return frozenset(RetirementStatus.objects.filter(user_id__in=user_ids).values_list("user_id", flat=True))


@transaction.atomic
def ask(user: AbstractUser) -> None:
    """Let it wait in the queue, as somebody does who deletes their account: the first stage comes days later."""
    RetirementStatus.objects.create(user_id=user.pk)
    user.email = f"retired__user_{user.pk}@retired.invalid"
    user.set_unusable_password()
    user.save()


@transaction.atomic
def retire(user: AbstractUser) -> None:
    """Retire it. Whatever a receiver raises undoes everything, so that somebody tries again."""
    if not RetirementStatus.objects.filter(user_id=user.pk).exists():
        ask(user)
    USER_RETIRE_LMS_MISC.send(sender=None, user=user)
    Profile.objects.filter(user_id=user.pk).update(name="")
    USER_RETIRE_LMS_CRITICAL.send(sender=None, user=user)
    user.username, user.is_active = f"retired__user_{user.pk}", False
    user.save()

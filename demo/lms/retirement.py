"""Retires an account in the order of the LMS: address first, then two stages that tell others, and the name last."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from demo.lms.models import Profile
from demo.lms.signals import USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC


@transaction.atomic
def retire(user: AbstractUser) -> None:
    """Retire it. Whatever a receiver raises undoes everything, so that somebody tries again."""
    user.email = f"retired__user_{user.pk}@retired.invalid"
    user.set_unusable_password()
    user.save()
    USER_RETIRE_LMS_MISC.send(sender=None, user=user)
    Profile.objects.filter(user_id=user.pk).update(name="")
    USER_RETIRE_LMS_CRITICAL.send(sender=None, user=user)
    user.username, user.is_active = f"retired__user_{user.pk}", False
    user.save()

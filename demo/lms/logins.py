"""What the LMS asks for at each login, beside what Django does."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.dispatch import receiver
from django.urls import reverse

from lti_1p3_provider.database.prepared import prepared


@prepared
def _stored(user: int) -> QuerySet[AbstractUser]:
    return get_user_model().objects.filter(pk=user)


@receiver(user_logged_in, dispatch_uid="demo_lms_logins")
def read_as_the_lms_does(sender: object, user: AbstractUser, **said: object) -> None:
    """Read the account again: before the LMS stores the time of the login, it compares with what is there."""
    _stored.one(user.pk)


class DemoProof:
    """The login page for people: the one of Django's admin takes staff only."""

    def login_address(self, back: str) -> str:
        """As in the LMS."""
        return f"{reverse('login')}?{urlencode({'next': back})}"

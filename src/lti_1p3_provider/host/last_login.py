"""When an account last signed in, if it signs in as soon as it is made.

Django writes that with a save of its own, before and after which the LMS's receivers look for what has changed: a tenth
of a first launch. Such an account is made with it instead, and the save is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

IS_WRITTEN = "_lti_last_login_is_written"  # on the object that the launch made, and on no other of that account
ALONE = ["last_login"]


def write_ahead(user: AbstractUser) -> None:
    """Have the row of an account that is about to be made say that it signs in now."""
    user.last_login = timezone.now()
    setattr(user, IS_WRITTEN, True)


@contextmanager
def written_once(user: AbstractUser) -> Iterator[None]:
    """Let a user sign in inside. If the row says already when that is, it is not saved for this alone."""
    if not vars(user).pop(IS_WRITTEN, False):
        yield
        return
    save = user.save

    def unless_alone(*args: object, **named: object) -> None:
        if named.get("update_fields") != ALONE:
            save(*args, **named)  # type: ignore[arg-type]

    user.save = unless_alone  # type: ignore[method-assign]
    try:
        yield
    finally:
        del user.save

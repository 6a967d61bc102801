"""Decides whether somebody may see a block. It does not ask the LMS if the outline says that everybody may."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.errors import ContentNotAccessible
from lti_1p3_provider.host.port import Block


def require(user: AbstractUser, course_key: CourseKey, block: Block) -> None:
    """Return if the user may see the block now, as far as that can be known without loading it.

    What is open to everybody needs no further check. About a whole course, and about content that has not started or is
    for staff only, the LMS decides, because it makes exceptions for some people. When the block is shown, the LMS
    checks once more, with cohorts, prerequisites and everything else that it knows.

    Raises:
        ContentNotFound, ContentNotStarted, ContentNotAccessible
    """
    if not user.is_active:  # the LMS lets open sessions of such an account go on
        raise ContentNotAccessible(f"user {user.pk} is inactive")
    is_open = block.start is None or block.start <= timezone.now()
    if block.block_type == "course" or block.staff_only or not is_open:
        host.current().content.require_access(user, course_key, block.usage_key)

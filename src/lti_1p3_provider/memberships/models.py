"""Roster: the last read of a platform's list. Member: somebody on it. EnrolledAhead: an enrolment that a roster made.
NotAhead: somebody for whom no roster may make an account again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lti_1p3_provider.conf import conf
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL, Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.users.models import PlatformUser


class Roster(models.Model):
    """One for each platform course whose people were asked for.

    ``asked_at``: when the newest read that was stored began; None if there was none. ``complete``: people who were not
    on the list are not in the course. ``failure``: the error code of the newest try, empty if it succeeded. ``ahead``:
    what was done last for people before they come (``memberships.plan.Outcome``), and when.

    .. no_pii:
    """

    context = models.OneToOneField(Context, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(null=True)
    complete = models.BooleanField(default=False)
    tried_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=64, blank=True)
    ahead = models.JSONField(default=dict)

    class Meta:
        app_label = APP_LABEL

    def __str__(self) -> str:
        return f"roster {self.pk}"


class Member(models.Model):
    """Somebody in a platform's course. ``roles`` are names of context roles, separated by spaces. ``status`` is as in
    the specification; people whom a complete list no longer has are "Deleted", too.

    .. pii: that a person, as a digest that is keyed with a secret of the site, is in a platform's course, with which
      roles, and when the platform listed them first and last, and when nothing could be done for them ahead; beside it
      the platform user if there is one. The row goes when the LMS retires the account, or an operator forgets the
      person, or some days after it was listed last.
    .. pii_types: external_service, other
    .. pii_retirement: local_api
    """

    context = models.ForeignKey(Context, on_delete=models.CASCADE, related_name="+")
    subject_digest = models.CharField(max_length=DIGEST_LENGTH)
    platform_user = models.ForeignKey(PlatformUser, null=True, on_delete=models.CASCADE, related_name="+")
    roles = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=8)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["context", "subject_digest"], name="lti1p3_member_identity")
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class EnrolledAhead(models.Model):
    """A roster enrolled an account in a course here, in ``mode``. ``taken_at``: when a roster took it out again, or
    None.

    An enrolment without a row was made by somebody else, and no roster ends it. Several rosters may hold the same
    enrolment; it ends with the last of them. The row keeps its ``user`` if the person is moved to another account.
    ``platform_user`` is None once the account was given up (``users.ahead.give_up``): the next clean-up ends the
    enrolment. If the person is deleted in any other way, the row goes, and the enrolment stays.
    ``refused_at``: when it was to be ended, and could not be.

    .. no_pii:
    """

    context = models.ForeignKey(Context, on_delete=models.CASCADE, related_name="+")
    platform_user = models.ForeignKey(PlatformUser, null=True, on_delete=models.CASCADE, related_name="enrolled_ahead")
    user = models.ForeignKey(conf.user_model, on_delete=models.CASCADE, related_name="+")
    course_key = models.CharField(max_length=255)
    course_digest = models.CharField(max_length=DIGEST_LENGTH)
    mode = models.CharField(max_length=32)
    given_at = models.DateTimeField(auto_now_add=True)
    taken_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["context", "user", "course_digest"], name="lti1p3_ahead_identity")
        ]

    def __str__(self) -> str:
        return f"enrolment ahead {self.pk}"


class NotAhead(models.Model):
    """Somebody was forgotten: no roster of the registration makes an account for them again. A launch of theirs does.

    .. pii: that a person, as a digest that is keyed with a secret of the site, was forgotten. It is kept so that this
      stays so, and goes with the registration.
    .. pii_types: external_service
    .. pii_retirement: retained
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+")
    subject_digest = models.CharField(max_length=DIGEST_LENGTH)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registration", "subject_digest"], name="lti1p3_not_ahead_identity")
        ]

    def __str__(self) -> str:
        return f"not ahead {self.pk}"

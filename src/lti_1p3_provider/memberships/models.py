"""Roster: how a platform's list of a course's people was read last; Member: somebody in it; EnrolledAhead: whom a
roster enrolled here; NotAhead: whom none brings any more."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lti_1p3_provider.conf import conf
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL, Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.users.models import PlatformUser


class Roster(models.Model):
    """One for each platform's course whose people were asked for.

    ``asked_at`` is when the newest read that was kept began, None without one; ``complete``: who was not in it is not
    in the course. ``failure``: the code of the error with which the newest try ended, empty if it went well.
    ``ahead``: what was done for people before they come (``memberships.plan.Outcome``) and when, the last time.

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
    """Somebody in a platform's course. ``roles`` are names of context roles, between spaces. ``status`` is that of the
    specification; "Deleted" is also whoever a complete list does not have any more.

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
    """A roster enrolled an account in a course here, in ``mode``; ``taken_at``: and took it out again, else None.

    Without a row an enrolment is somebody else's, and no roster takes it. Several rosters may hold the same enrolment:
    the last one that lets go takes it. ``user`` stays if the person is moved to another account. ``platform_user`` is
    None once the account gave way at a first launch: the next clean-up ends the enrolment. ``refused_at``: when it
    was due to be taken, and could not be.

    .. no_pii:
    """

    context = models.ForeignKey(Context, on_delete=models.CASCADE, related_name="+")
    platform_user = models.ForeignKey(PlatformUser, null=True, on_delete=models.SET_NULL, related_name="+")
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

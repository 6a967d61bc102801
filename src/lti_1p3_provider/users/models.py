"""PlatformUser: a ``sub`` under a registration, and its Open edX account. Grant: what that account launched.
CourseRole: what a launch made of it in a course. LegacyMatch: what became of somebody known from LTI 1.1."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.conf import conf
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL, Deployment, Registration


class PlatformUser(models.Model):
    """Identity is (registration, sub), byte by byte. Each has one account; accounts are never shared or looked up by
    email. An account may one day have several platform users (a migration), so ``user`` is not one-to-one.

    ``profile_digest`` tells whether the platform says something new about the person, ``legacy_digest`` whether it
    names another person of LTI 1.1. ``linked``: the person had the account before, so no platform changes it.
    ``ahead``: a roster made it, and the person has never launched; when they do, ``created_at`` becomes that moment.

    .. pii: ``sub``, by which the platform knows the person, beside the account; a digest of the name and email that the
      platform said last. The row goes when the LMS retires the account, or an operator forgets the person.
    .. pii_types: id, external_service, other
    .. pii_retirement: local_api
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+")
    sub = models.TextField()
    sub_digest = models.CharField(max_length=DIGEST_LENGTH)
    user = models.ForeignKey(conf.user_model, on_delete=models.CASCADE, related_name="+")
    profile_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True)
    legacy_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    linked = models.BooleanField(default=False)
    ahead = models.BooleanField(default=False)
    course_roles: tuple[CourseRole, ...] | None = None  # no column: what launches gave the account, once it is read
    is_new: bool = False  # no column: this launch made the account, so nobody else knows it and nothing is there of it

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registration", "sub_digest"], name="lti1p3_user_identity")
        ]
        indexes: ClassVar = [models.Index(fields=["ahead", "created_at"], name="lti1p3_user_ahead")]

    def __str__(self) -> str:
        return f"platform user {self.pk}"


class Grant(models.Model):
    """A user launched a block, and may open it until then.

    It belongs to the account, not to a session: several frames of one page launch at the same time, each with a session
    that does not know of the others. ``link_pk``: the resource link through which it was launched last, if known.
    ``taught_link_pk``: the same link, if whoever launched it teaches the platform's course; else None. ``usage_key`` is
    None in rows that older versions made, until the next launch.

    .. no_pii:
    """

    user = models.ForeignKey(conf.user_model, on_delete=models.CASCADE, related_name="+")
    usage_digest = models.CharField(max_length=DIGEST_LENGTH)
    usage_key = models.TextField(null=True)
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()
    link_pk = models.BigIntegerField(null=True, blank=True)  # no foreign key: a grant outlives its link
    taught_link_pk = models.BigIntegerField(null=True, blank=True)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "usage_digest"], name="lti1p3_grant_identity")]

    def __str__(self) -> str:
        return f"grant {self.pk}"


class CourseRole(models.Model):
    """A launch gave a user a role in a course, and another launch, or an operator's change, takes it back.

    ``because``: the registration's field that says so. ``deployment`` is None once it is deleted: the next clean-up
    takes such a role back. A role that the user had before, from somebody else, has no row. Several rows may give the
    same role: the last one that goes takes it.

    .. no_pii:
    """

    user = models.ForeignKey(conf.user_model, on_delete=models.CASCADE, related_name="+")
    course_key = models.CharField(max_length=255)
    course_digest = models.CharField(max_length=DIGEST_LENGTH)
    role = models.CharField(max_length=16)
    because = models.CharField(max_length=16)
    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.SET_NULL, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "course_digest", "deployment"], name="lti1p3_course_role_identity")
        ]

    def __str__(self) -> str:
        return f"course role {self.pk}"


class LegacyMatch(models.Model):
    """A platform named somebody of LTI 1.1 for one of its people, and this is what became of it. ``account``: the one
    of LTI 1.1, if there is one and the platform may name it. One row for each person; a new claim replaces it.

    .. pii: ties a platform's person to an account of LTI 1.1. The row goes with the person.
    .. pii_types: id, other
    .. pii_retirement: local_api
    """

    class Outcome(models.TextChoices):
        """What became of it. In all cases but the first the person has an account of their own, and nothing was
        merged."""

        ADOPTED = "adopted", _("the account of LTI 1.1 goes on")
        UNPROVED = "unproved", _("no secret of this LTI 1.1 key made the signature")
        HAS_ACCOUNT = "has_account", _("the person had launched before, with another account")
        TAKEN = "taken", _("the account of LTI 1.1 is somebody else's already")
        STAFF = "staff", _("the account of LTI 1.1 is staff's")
        INACTIVE = "inactive", _("the account of LTI 1.1 is switched off")

    platform_user = models.OneToOneField(PlatformUser, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(conf.user_model, null=True, on_delete=models.SET_NULL, related_name="+")
    consumer_key = models.CharField(max_length=255)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("person known from LTI 1.1")
        verbose_name_plural = _("people known from LTI 1.1")

    def __str__(self) -> str:
        return f"LTI 1.1 match {self.pk}"

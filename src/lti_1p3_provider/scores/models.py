"""LineItem, Lane, PendingScore, Outage and Tally."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags
from lti_1p3_provider.registrations.models import APP_LABEL, Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.explained import Explained
from lti_1p3_provider.scores.querysets import CLAMPING, ROUNDING, LineItems, PendingScores, State
from lti_1p3_provider.users.models import PlatformUser


class LineItem(Explained):
    """The gradebook column of a resource link. ``url`` is empty while the platform has only a container; both are empty
    while the link has no column.

    ``course_key`` and ``usage_key``: what the link opened first; a column that we make is marked with them. Which
    block's grade a person gets there is said by their own row; ``is_mixed``: these were different blocks once.
    ``maximum``: the column's, as far as we know. ``created_here``: we made it, and so keep its maximum in step.
    ``reason``: why there is no column, or what is wrong with it. ``moved_up_to``: while scores move to a new column,
    the primary key of the last row that did. ``declined``: the newest launch said that there is no column, so none is
    made. ``look_again``: we made ours, and the platform may have one of its own by now.

    .. no_pii:
    """

    resource_link = models.OneToOneField(ResourceLink, on_delete=models.CASCADE, related_name="line_item")
    url = models.TextField(blank=True)
    container_url = models.TextField(blank=True)
    scopes = models.JSONField(default=list)
    course_key = models.CharField(max_length=255)
    usage_key = models.CharField(max_length=255)
    maximum = models.FloatField(null=True, blank=True)
    created_here = models.BooleanField(default=False)
    declined = models.BooleanField(default=False)
    look_again = models.BooleanField(default=False)
    is_mixed = models.BooleanField(default=False)
    moved_up_to = models.BigIntegerField(null=True, blank=True)

    objects = LineItems()

    class Meta:
        app_label = APP_LABEL
        indexes: ClassVar = [
            models.Index(fields=["is_mixed"], name="lti1p3_item_mixed"),
            models.Index(fields=["moved_up_to"], name="lti1p3_item_moving"),
        ]

    def __str__(self) -> str:
        return f"line item of {self.resource_link}"

    @property
    def deployment(self) -> Deployment:
        """Where the link is."""
        return self.resource_link.deployment

    @property
    def column(self) -> ags.LineItemAddress:
        """The column, for calls to the platform."""
        return ags.LineItemAddress(self.url, frozenset(self.scopes))

    @property
    def container(self) -> ags.LineItemAddress:
        """The list of columns in which it is, for calls to the platform."""
        return ags.LineItemAddress(self.container_url, frozenset(self.scopes))

    @property
    def is_awaited(self) -> bool:
        """Whether nobody has said so far where the link's scores go."""
        return not (self.url or self.container_url)

    @property
    def can_receive(self) -> bool:
        """Whether a score may be sent here, or to a column that is found or made first."""
        return bool(self.url or self.container_url) and ags.SCORE_SCOPE in self.scopes

    @property
    def can_be_looked_for(self) -> bool:
        """Whether the platform lets us read its columns."""
        return bool(ags.READING & set(self.scopes))


class Lane(models.Model):
    """One course of a platform. Its scores are sent one after another, by whoever has the lease: platforms refuse or
    mix up scores that arrive for one course at the same time. ``name`` is made of deployment and context.

    .. no_pii:
    """

    name = models.CharField(max_length=64, unique=True)
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = APP_LABEL
        indexes: ClassVar = [models.Index(fields=["leased_until"], name="lti1p3_lane_leased")]

    def __str__(self) -> str:
        return f"lane {self.name}"


class PendingScore(Explained):
    """What one person's score in one line item is waiting for.

    The row is made at the first launch: it says that this person's grades belong to this column. ``course_key`` and
    ``usage_key`` are the block that this person opened last through the link. ``revision`` counts changes of the grade,
    ``delivered_revision`` is the last one that was settled. ``due_at`` is set while something is to be sent, and empty
    otherwise; ``given_up`` says that a person is needed, and ``reason`` what was answered last. ``lease`` belongs to
    the worker that sends right now. ``earned`` and ``possible`` are what the LMS said last of exactly this block, empty
    where grades must be read; ``changed_at`` is when that was. ``sent_given`` and ``sent_maximum`` are what the
    platform has for certain, empty while that is not known; ``deliveries`` counts what it took. ``result_given``,
    ``result_maximum`` and ``result_at`` are what it showed when it was asked.

    .. no_pii:
    """

    # No constraints: in these two's indexes is ``due_at``, and InnoDB checks a constraint when its index changes. A
    # learner's answer would lock registration and lane until its request ends, and all others who answer behind them.
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    line_item = models.ForeignKey(LineItem, on_delete=models.CASCADE, related_name="pending_scores")
    platform_user = models.ForeignKey(PlatformUser, on_delete=models.CASCADE, related_name="+")
    course_key = models.CharField(max_length=255)
    usage_key = models.CharField(max_length=255)
    revision = models.PositiveIntegerField(default=0)
    delivered_revision = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    given_up = models.BooleanField(default=False)
    last_timestamp = models.DateTimeField(null=True, blank=True)
    earned = models.FloatField(null=True, blank=True)
    possible = models.FloatField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    sent_given = models.FloatField(null=True, blank=True)
    sent_maximum = models.FloatField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    deliveries = models.PositiveIntegerField(default=0)
    result_given = models.FloatField(null=True, blank=True)
    result_maximum = models.FloatField(null=True, blank=True)
    result_at = models.DateTimeField(null=True, blank=True)

    objects = PendingScores()

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line_item", "platform_user"], name="lti1p3_score_identity")
        ]
        indexes: ClassVar = [
            models.Index(fields=["registration", "due_at"], name="lti1p3_score_due"),
            models.Index(fields=["lane", "due_at"], name="lti1p3_score_lane_due"),
            models.Index(fields=["registration", "given_up"], name="lti1p3_score_given_up"),
            models.Index(fields=["platform_user", "course_key"], name="lti1p3_score_learner"),
            models.Index(fields=["course_key", "line_item", "platform_user"], name="lti1p3_score_course"),
        ]

    def __str__(self) -> str:
        return f"score of {self.platform_user} in line item {self.line_item_id}"

    @property
    def state(self) -> State:
        """Where the score is."""
        if self.given_up:
            return State.GIVEN_UP
        if self.due_at:
            return State.RETRYING if self.attempts else State.WAITING
        if self.sent_at:
            return State.SENT
        return State.NOT_SENT if self.reason else State.NOTHING

    @property
    def known_grade(self) -> Grade | None:
        """What the LMS said last of exactly this block; None where grades must be read."""
        return Grade(self.earned, self.possible) if self.earned is not None and self.possible else None

    @property
    def differs(self) -> bool:
        """Whether the platform, asked after the last delivery, showed another score than it was sent, or none."""
        if self.result_at is None or self.sent_at is None or self.result_at < self.sent_at:
            return False
        if self.sent_given is None or not self.sent_maximum:
            return False
        if self.result_given is None:
            return True
        share = self.sent_given / self.sent_maximum
        if self.registration.platform in CLAMPING:
            share = min(share, 1.0)
        maximum = self.result_maximum or 1.0  # AGS 2.0, 3.3.4.7: without one it is 1
        return abs(self.result_given - share * maximum) > ROUNDING


class Outage(Explained):
    """Where no scores are taken right now: a whole registration, or one deployment of it, or one ``host`` of that.
    Nothing is sent there before ``until``; then one score is tried. The row goes when that works.

    .. no_pii:
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+")
    deployment = models.ForeignKey(Deployment, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    host = models.CharField(max_length=255, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    failures = models.PositiveIntegerField(default=1)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registration", "deployment", "host"], name="lti1p3_outage_identity")
        ]

    @property
    def says(self) -> str:
        """Why nothing is taken, in words for operators."""
        return self.why.in_full(self.registration.platform) if self.why else ""

    def __str__(self) -> str:
        return f"outage of registration {self.registration_id}, deployment {self.deployment_id or '*'}"


class Tally(models.Model):
    """How many scores a platform took on a day (UTC), how many had to wait, how many were given up.

    .. no_pii:
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    delivered = models.PositiveIntegerField(default=0)
    postponed = models.PositiveIntegerField(default=0)
    parked = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [models.UniqueConstraint(fields=["registration", "day"], name="lti1p3_tally_identity")]

    def __str__(self) -> str:
        return f"tally of registration {self.registration_id} on {self.day}"

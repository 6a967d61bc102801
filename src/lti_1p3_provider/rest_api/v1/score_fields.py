"""A score as the API shows it, and what may be done with many."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.status.as_json import as_json

NEEDED = ("platform_user__user", "line_item__resource_link", "registration")


class ScoreFields(serializers.Serializer):
    """One person's score in one gradebook column. `sent` and `result` are points of the platform's, like `3/4`."""

    id = serializers.IntegerField()
    user = serializers.CharField()
    course = serializers.CharField()
    block = serializers.CharField()
    activity = serializers.CharField()
    state = serializers.ChoiceField(choices=[one.value for one in State])
    answer = serializers.CharField(help_text="What the platform answered last, in plain words.")
    due_at = serializers.CharField(allow_null=True)
    sent = serializers.CharField()
    sent_at = serializers.CharField(allow_null=True)
    result = serializers.CharField(help_text="What the platform showed when it was asked.")
    result_at = serializers.CharField(allow_null=True)
    differs = serializers.BooleanField(help_text="It showed another score than it was sent.")
    missing = serializers.BooleanField(help_text="It showed nothing.")


class OutageFields(serializers.Serializer):
    """Since when a platform takes nothing, and why."""

    since = serializers.CharField()
    until = serializers.CharField()
    reason = serializers.CharField()
    code = serializers.CharField()
    deployment = serializers.CharField(required=False, allow_null=True)
    host = serializers.CharField(required=False)


class DayFields(serializers.Serializer):
    """What became of scores on one day (UTC)."""

    day = serializers.DateField()
    delivered = serializers.IntegerField()
    postponed = serializers.IntegerField()
    given_up = serializers.IntegerField()


class StatusFields(serializers.Serializer):
    """How a platform takes scores."""

    registration = serializers.IntegerField()
    title = serializers.CharField()
    enabled = serializers.BooleanField()
    waiting = serializers.IntegerField()
    given_up = serializers.IntegerField()
    late_since = serializers.CharField(allow_null=True)
    outage = OutageFields(allow_null=True)
    outages = OutageFields(many=True)
    days = DayFields(many=True)


class ChoiceFields(serializers.Serializer):
    """Which scores of the registration: all, unless something is said."""

    course = serializers.CharField(required=False, help_text="Only of this course: its key.")
    user = serializers.CharField(required=False, help_text="Only of this account: its username here.")
    only = serializers.ChoiceField(
        choices=["given_up", "missing"], required=False, help_text="Only those given up, or lost by the platform."
    )


class NumberFields(serializers.Serializer):
    """How many scores it was about; `more`: there are others."""

    number = serializers.IntegerField()
    more = serializers.BooleanField()


def shown(row: PendingScore) -> dict[str, Any]:
    """Return a score as answers show it."""
    return {"id": row.pk, "activity": row.line_item.resource_link.title, **as_json(row)}

"""Tables of the LMS that the package reads or writes through `compat`, with the columns it uses."""

import uuid

from django.conf import settings
from django.db import models


class UserProfile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255, blank=True)


class ExternalId(models.Model):
    """The identifier of a person towards tools: `sub` in the id_token, `userId` in a score."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="external_id")
    external_user_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)


class PublishedGrade(models.Model):
    """What the package handed to the grade book, every time it did."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="published_grades")
    resource_link_id = models.CharField(max_length=255)
    value = models.FloatField(null=True)
    max_value = models.FloatField(null=True)
    comment = models.TextField(null=True)

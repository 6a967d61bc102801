"""Stand-ins for what of `lti_consumer` would import edx-platform, or take long."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from lti_consumer.exceptions import LtiError
from lti_consumer.lti_1p3 import consumer
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey, UsageKey

from .models import ExternalId, PublishedGrade, UserProfile
from .people import PEOPLE


@dataclass(frozen=True)
class ScopeIds:
    usage_id: UsageKey


class LtiBlock:
    """A graded LTI component that is never past due."""

    weight: ClassVar[float] = 10.0
    has_score: ClassVar[bool] = True
    accept_grades_past_due: ClassVar[bool] = True

    def __init__(self, location: UsageKey) -> None:
        self.scope_ids = ScopeIds(location)
        self.display_name = f"Exercise {location.block_id}"

    def is_past_due(self) -> bool:
        return False

    def max_score(self) -> float:
        return self.weight

    def set_user_module_score(self, user: User, score: float | None, max_score: float, comment: str | None) -> None:
        PublishedGrade.objects.create(
            user=user,
            resource_link_id=str(self.scope_ids.usage_id),
            value=None if score is None else score * max_score,
            max_value=max_score,
            comment=comment,
        )


def get_user_from_external_user_id(external_user_id: str) -> User:
    try:
        return ExternalId.objects.get(external_user_id=external_user_id).user
    except ExternalId.DoesNotExist as error:
        raise LtiError("Invalid User") from error
    except ValidationError as error:
        raise LtiError("Invalid userID") from error


def batch_get_or_create_externalids(users: Iterable[User]) -> dict[int, ExternalId]:
    return {user.pk: ExternalId.objects.get_or_create(user=user)[0] for user in users}


def get_course_members(course_key: CourseKey) -> dict[int, dict[str, Any]]:
    """Tell who is in the course; everybody with an account is, this being its only course."""
    members: dict[int, dict[str, Any]] = {}
    for profile in UserProfile.objects.select_related("user"):
        user = profile.user
        member = {"id": user.pk, "username": user.username, "roles": [PEOPLE[user.username].course_role]}
        personal = {"name": profile.name, "email": user.email}
        members[user.pk] = member | {key: value for key, value in personal.items() if value}
    return members


def get_user_course_forum_role(user_id: int, course_id: CourseKey) -> str | None:
    return PEOPLE[User.objects.get(pk=user_id).username].forum_role


def user_has_studio_write_access(_user: User, _course_key: CourseKey) -> bool:
    return True  # who is signed in to Studio is not what is tested


def sign_in_nobody(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware in the place of that of authentication."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.user = AnonymousUser()
        return get_response(request)

    return handle


def install() -> None:
    compat.user_has_studio_write_access = user_has_studio_write_access
    compat.load_enough_xblock = LtiBlock
    compat.load_block_as_user = LtiBlock
    compat.get_user_from_external_user_id = get_user_from_external_user_id
    compat.batch_get_or_create_externalids = batch_get_or_create_externalids
    compat.get_course_members = get_course_members
    compat.get_user_course_forum_role = get_user_course_forum_role
    # A private key that was read before is not examined again, as in the tests' own process: that takes 50 ms for each
    # request.
    consumer.PlatformKeyHandler = functools.cache(consumer.PlatformKeyHandler)

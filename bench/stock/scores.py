"""A score sent with PyLTI1p3 2.0.0, as its documentation shows: restore the stored launch, ask its grade service.

Each score has a launch object of its own, because a launch is one learner's in one course; with it come a requests
session and an access token of its own, which the library keeps no longer than the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from pylti1p3.contrib.django import DjangoCacheDataStorage, DjangoDbToolConf, DjangoMessageLaunch
from pylti1p3.contrib.django.request import DjangoRequest
from pylti1p3.contrib.django.session import DjangoSessionService
from pylti1p3.grade import Grade


def keep(launch_id: str, claims: Mapping[str, Any]) -> None:
    """Store a launch's claims where ``DjangoMessageLaunch`` does."""
    storage, request = DjangoCacheDataStorage(), DjangoRequest(HttpRequest())
    storage.set_request(request)
    service = DjangoSessionService(request)
    service.set_data_storage(storage)
    service.save_launch_data(launch_id, claims)


def post(launch_id: str, given: float, maximum: float) -> None:
    """Send a score to the line item of a stored launch."""
    storage = DjangoCacheDataStorage()
    launch = DjangoMessageLaunch.from_cache(launch_id, HttpRequest(), DjangoDbToolConf(), launch_data_storage=storage)
    grade = Grade()
    grade.set_score_given(given).set_score_maximum(maximum).set_user_id(launch.get_launch_data()["sub"])
    grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
    grade.set_timestamp(timezone.now().isoformat(timespec="milliseconds"))
    launch.get_ags().put_grade(grade)

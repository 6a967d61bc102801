"""Our addresses, below ``/lti/1p3/``. Platforms store them: they never change."""

from __future__ import annotations

from django.urls import path

from lti_1p3_provider.launches.views import ContentDoor, LaunchDoor, LoginDoor, MyScoresDoor
from lti_1p3_provider.registrations.views import key_set
from lti_1p3_provider.scores.views import CourseScores

app_name = "lti_1p3_provider"
urlpatterns = [
    path("login/", LoginDoor.as_view(), name="login"),
    path("launch/", LaunchDoor.as_view(), name="launch"),
    path("launch/<str:course_key>/<str:usage_key>", ContentDoor.as_view(), name="content"),
    path("scores/mine/<str:course_key>/<str:usage_key>", MyScoresDoor.as_view(), name="my_scores"),
    path("scores/<str:course_key>/", CourseScores.as_view(), name="course_scores"),
    path("pub/jwks/", key_set, name="key_set"),
]

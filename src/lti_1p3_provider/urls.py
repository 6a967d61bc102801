"""Our addresses, below ``/lti/1p3/``. Platforms store them: they never change."""

from __future__ import annotations

from django.urls import path

from lti_1p3_provider.deep_linking.links_page import CourseLinks
from lti_1p3_provider.launches.choosing import AnswerDoor, PickDoor, PreviewDoor, SearchDoor, TreeDoor
from lti_1p3_provider.launches.views import (
    ContentDoor,
    ContinueDoor,
    LaunchDoor,
    LoginDoor,
    MyScoresDoor,
    SessionDoor,
    WayBackDoor,
)
from lti_1p3_provider.registrations.views import key_set
from lti_1p3_provider.scores.status.views import CourseScores

app_name = "lti_1p3_provider"
urlpatterns = [
    path("login/", LoginDoor.as_view(), name="login"),
    path("launch/", LaunchDoor.as_view(), name="launch"),
    # Entered without the final slash they would lose what is posted: Django answers with a redirect.
    path("login", LoginDoor.as_view()),
    path("launch", LaunchDoor.as_view()),
    path("pub/jwks", key_set),
    path("deep-linking", LaunchDoor.as_view()),
    path("deep-linking/", LaunchDoor.as_view(), name="deep_linking"),
    path("deep-linking/pick/", PickDoor.as_view(), name="deep_linking_pick"),
    path("deep-linking/tree/", TreeDoor.as_view(), name="deep_linking_tree"),
    path("deep-linking/search/", SearchDoor.as_view(), name="deep_linking_search"),
    path("deep-linking/preview/", PreviewDoor.as_view(), name="deep_linking_preview"),
    path("deep-linking/answer/", AnswerDoor.as_view(), name="deep_linking_answer"),
    path("launch/<str:course_key>", ContentDoor.as_view(), name="course"),
    path("launch/<str:course_key>/<str:usage_key>", ContentDoor.as_view(), name="content"),
    path("scores/mine/<str:course_key>/<str:usage_key>", MyScoresDoor.as_view(), name="my_scores"),
    path("session/<str:course_key>/<str:usage_key>", SessionDoor.as_view(), name="session"),
    path("back/<str:course_key>/<str:usage_key>", WayBackDoor.as_view(), name="way_back"),
    path("links/<str:course_key>/", CourseLinks.as_view(), name="course_links"),
    path("scores/<str:course_key>/", CourseScores.as_view(), name="course_scores"),
    path("continue/", ContinueDoor.as_view(), name="continue"),
    path("pub/jwks/", key_set, name="key_set"),
]

"""Our addresses, below ``/lti/1p3/``. Platforms store them: they never change."""

from __future__ import annotations

from django.urls import include, path

from lti_1p3_provider.deep_linking.links_page import CourseLinks
from lti_1p3_provider.launches.accounts import ConfirmView, NewAccountView, ProveView
from lti_1p3_provider.launches.choosing import AnswerView, PickView, PreviewView, SearchView, TreeView
from lti_1p3_provider.launches.class_scores import ClassScoresView
from lti_1p3_provider.launches.invited import InvitationView, ReadView, SendView
from lti_1p3_provider.launches.views import (
    ContentView,
    ContinueView,
    LaunchView,
    LoginView,
    MyScoresView,
    SessionView,
    WayBackView,
)
from lti_1p3_provider.launches.whole_course import OwnSignInView
from lti_1p3_provider.memberships.views import RosterView
from lti_1p3_provider.onboarding.canvas_configuration import canvas_configuration
from lti_1p3_provider.registrations.views import key_set
from lti_1p3_provider.rest_api.v1 import urls as api
from lti_1p3_provider.scores.status.views import CourseScoresView

app_name = "lti_1p3_provider"
urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("launch/", LaunchView.as_view(), name="launch"),
    # Entered without the final slash they would lose what is posted: Django answers with a redirect.
    path("login", LoginView.as_view()),
    path("launch", LaunchView.as_view()),
    path("pub/jwks", key_set),
    # Platforms hold these from another plugin whose sites moved in: see ``moving_in``.
    path("pub/orgs/<str:org>/jwks/", key_set),
    path("pub/orgs/<str:org>/jwks", key_set),
    path("deep-linking/launch/", LaunchView.as_view()),
    path("deep-linking/launch", LaunchView.as_view()),
    path("deep-linking", LaunchView.as_view()),
    path("deep-linking/", LaunchView.as_view(), name="deep_linking"),
    path("deep-linking/pick/", PickView.as_view(), name="deep_linking_pick"),
    path("deep-linking/tree/", TreeView.as_view(), name="deep_linking_tree"),
    path("deep-linking/search/", SearchView.as_view(), name="deep_linking_search"),
    path("deep-linking/preview/", PreviewView.as_view(), name="deep_linking_preview"),
    path("deep-linking/answer/", AnswerView.as_view(), name="deep_linking_answer"),
    path("launch/<str:course_key>", ContentView.as_view(), name="course"),
    path("launch/<str:course_key>/<str:usage_key>", ContentView.as_view(), name="content"),
    path("launch/<str:course_key>/", ContentView.as_view()),
    path("launch/<str:course_key>/<str:usage_key>/", ContentView.as_view()),
    path("scores/mine/<str:course_key>/<str:usage_key>", MyScoresView.as_view(), name="my_scores"),
    path("session/<str:course_key>/<str:usage_key>", SessionView.as_view(), name="session"),
    path("class/scores/", ClassScoresView.as_view(), name="class_scores"),
    path("back/<str:course_key>/<str:usage_key>", WayBackView.as_view(), name="way_back"),
    path("links/<str:course_key>/", CourseLinks.as_view(), name="course_links"),
    path("scores/<str:course_key>/", CourseScoresView.as_view(), name="course_scores"),
    path("roster/<str:course_key>/", RosterView.as_view(), name="course_roster"),
    path("register/read/", ReadView.as_view(), name="register_read"),
    path("register/send/", SendView.as_view(), name="register_send"),
    path("register/<str:token>/", InvitationView.as_view(), name="register"),
    path("account/new/", NewAccountView.as_view(), name="account_new"),
    path("account/prove/", ProveView.as_view(), name="account_prove"),
    path("account/confirm/", ConfirmView.as_view(), name="account_confirm"),
    path("account/own/<str:course_key>/", OwnSignInView.as_view(), name="account_own"),
    path("continue/", ContinueView.as_view(), name="continue"),
    path("pub/jwks/", key_set, name="key_set"),
    path("config/canvas.json", canvas_configuration, name="canvas_configuration"),
    path("api/v1/", include(api.urlpatterns)),
]

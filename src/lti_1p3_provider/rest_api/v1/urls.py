"""Addresses of the API, below ``/lti/1p3/api/v1/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from lti_1p3_provider.rest_api.v1.attempts import Attempts, OneAttempt
from lti_1p3_provider.rest_api.v1.changes import Changes
from lti_1p3_provider.rest_api.v1.deployments import Deployments, OneDeployment
from lti_1p3_provider.rest_api.v1.gates import Gate
from lti_1p3_provider.rest_api.v1.invitations import Invitations, OneInvitation
from lti_1p3_provider.rest_api.v1.keys import Keys, ToolAddresses
from lti_1p3_provider.rest_api.v1.openapi import schema
from lti_1p3_provider.rest_api.v1.people import OnePerson, People
from lti_1p3_provider.rest_api.v1.registrations import NamedRegistration, OneRegistration, Registrations
from lti_1p3_provider.rest_api.v1.scores import CompareScores, ResendScores, Scores, ScoreStatus

of_registration = [
    path("", OneRegistration.as_view(), name="api_registration"),
    path("deployments/", Deployments.as_view()),
    path("deployments/<int:deployment>/", OneDeployment.as_view()),
    path("gate/", Gate.as_view()),
    path("scores/", Scores.as_view()),
    path("scores/status/", ScoreStatus.as_view()),
    path("scores/resend/", ResendScores.as_view()),
    path("scores/compare/", CompareScores.as_view()),
]
of_organization = [
    path("registrations/", Registrations.as_view(), name="api_registrations"),
    path("registrations/named/", NamedRegistration.as_view()),
    path("registrations/<int:registration>/", include(of_registration)),
    path("invitations/", Invitations.as_view()),
    path("invitations/<int:invitation>/", OneInvitation.as_view()),
    path("keys/", Keys.as_view()),
    path("tool/", ToolAddresses.as_view()),
    path("attempts/", Attempts.as_view()),
    path("attempts/<str:support_code>/", OneAttempt.as_view()),
    path("people/", People.as_view()),
    path("people/<int:person>/", OnePerson.as_view()),
    path("changes/", Changes.as_view()),
]
of_api: list[URLPattern | URLResolver] = [path("orgs/<str:org>/", include(of_organization))]
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema", schema, name="api_schema"),
    path("schema/", schema),
    *of_api,
]

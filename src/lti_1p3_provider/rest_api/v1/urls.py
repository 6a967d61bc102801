"""Addresses of the API, below ``/lti/1p3/api/v1/``."""

from __future__ import annotations

from django.urls import include, path

from lti_1p3_provider.rest_api.v1.deployments import Deployments, OneDeployment
from lti_1p3_provider.rest_api.v1.gates import Gate
from lti_1p3_provider.rest_api.v1.registrations import NamedRegistration, OneRegistration, Registrations

of_registration = [
    path("", OneRegistration.as_view(), name="api_registration"),
    path("deployments/", Deployments.as_view()),
    path("deployments/<int:deployment>/", OneDeployment.as_view()),
    path("gate/", Gate.as_view()),
]
of_organization = [
    path("registrations/", Registrations.as_view(), name="api_registrations"),
    path("registrations/named/", NamedRegistration.as_view()),
    path("registrations/<int:registration>/", include(of_registration)),
]
urlpatterns = [path("orgs/<str:org>/", include(of_organization))]

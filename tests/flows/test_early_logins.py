"""Logins that go well are answered before the LMS's middleware; all others by the view, after it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches.logins import AnswerLogins
from lti_1p3_provider.launches.views import LoginView
from tests.cases import every

OTHERS = "the LMS's middleware"
PARAMETERS = {"login_hint": "somebody", "target_link_uri": "https://lms.example/x", "lti_message_hint": "é&="}


@pytest.fixture
def answer(db):
    """Send a request to the middleware, in front of an LMS that answers everything with ``OTHERS``."""
    middleware = AnswerLogins(lambda request: HttpResponse(OTHERS))
    return lambda request: middleware(request)


@pytest.fixture
def parameters(connection):
    return {**PARAMETERS, "iss": connection.platform.issuer, "client_id": connection.client_id}


def is_early(response: HttpResponse) -> bool:
    return response.content.decode() != OTHERS


def without_chance(response: HttpResponse) -> dict[str, object]:
    """Return what a browser sees of the answer, except for what is new each time: state, nonce, proof and the clock."""
    query = dict(parse_qsl(urlsplit(response["Location"]).query))
    assert len(query.pop("state")) > 20
    assert query.pop("nonce")
    cookies = [
        {name: value for name, value in cookie.items() if name != "expires"} for cookie in response.cookies.values()
    ]
    headers = {name: value for name, value in response.headers.items() if name not in ("Location", "Expires")}
    return {"status": response.status_code, "query": query, "cookies": cookies, "headers": headers}


@every("method", ["get", "post"])
@every("address", ["/lti/1p3/login/", "/lti/1p3/login"])
def test_a_login_that_goes_well_asks_the_lms_nothing(answer, parameters, method, address):
    response = answer(getattr(RequestFactory(), method)(address, parameters))
    assert (response.status_code, is_early(response)) == (302, True)


def test_the_short_way_and_the_long_way_give_the_same_answer(answer, parameters):
    def request() -> HttpRequest:
        return RequestFactory().post(reverse("lti_1p3_provider:login"), parameters, secure=True)

    assert without_chance(answer(request())) == without_chance(LoginView.as_view()(request()))


def test_a_login_costs_one_query(answer, parameters, django_assert_num_queries):
    request = RequestFactory().post("/lti/1p3/login/", parameters)
    with django_assert_num_queries(1):
        assert is_early(answer(request))


@every(
    "change",
    [
        {"iss": "https://nobody.example"},
        {"client_id": "nobody"},
        {"login_hint": ""},
        {"login_hint": "x" * 20_000},
        {"target_link_uri": "a\x00b"},
        {"iss": "https://\ud800.example"},
    ],
)
def test_what_goes_wrong_is_left_to_the_view(answer, parameters, change):
    sent = {**parameters, **change}
    body = "&".join(f"{name}={value}" for name, value in sent.items()).encode("utf-8", "surrogatepass")
    request = RequestFactory().post("/lti/1p3/login/", body, content_type="application/x-www-form-urlencoded")
    assert not is_early(answer(request))
    assert not LaunchAttempt.objects.exists()


def test_a_refusal_is_recorded_once_and_shown_by_the_whole_lms(parameters, db):
    response = Client().post("/lti/1p3/login/", {**parameters, "client_id": "nobody"})
    assert response.status_code == 400
    assert LaunchAttempt.objects.get().outcome == "registration_unknown"


def test_a_frame_whose_cookies_are_not_known_is_left_to_the_view(answer, parameters):
    request = RequestFactory().post("/lti/1p3/login/", parameters, HTTP_SEC_FETCH_DEST="iframe")
    assert not is_early(answer(request))


@every("address", ["/lti/1p3/launch/", "/lti/1p3/login/more", "/lti/1p3/pub/jwks/", "/login/", "/"])
def test_other_addresses_are_not_looked_at(answer, parameters, address):
    assert not is_early(answer(RequestFactory().post(address, parameters)))


def test_other_methods_other_codecs_and_requests_that_are_too_large_are_left_to_the_view(answer, parameters):
    make = RequestFactory()
    codec = "application/x-www-form-urlencoded; charset=utf-16"
    assert not is_early(answer(make.put("/lti/1p3/login/", "iss=x")))
    assert not is_early(answer(make.post("/lti/1p3/login/", b"iss=x", content_type=codec)))
    assert not is_early(answer(make.get("/lti/1p3/login/", {**parameters, "more": "x" * 70_000})))


def test_nothing_is_answered_where_the_app_is_off(answer, parameters, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    settings.FEATURES = {}
    assert not is_early(answer(RequestFactory().post("/lti/1p3/login/", parameters)))


def test_a_site_may_have_its_own_middleware_first(answer, parameters, settings):
    settings.LTI_1P3_PROVIDER_EARLY_LOGINS = False
    assert not is_early(answer(RequestFactory().post("/lti/1p3/login/", parameters)))

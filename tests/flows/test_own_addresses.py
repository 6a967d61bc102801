"""Our addresses are looked up before those of the LMS, and mean the same as without it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import (
    NoReverseMatch,
    clear_url_caches,
    get_resolver,
    get_script_prefix,
    get_urlconf,
    include,
    path,
    resolve,
    reverse,
    set_script_prefix,
    set_urlconf,
)

from lti_1p3_provider.launches.limits import LimitRequests
from lti_1p3_provider.web.own_addresses import OursFirst, address
from tests.connection import COURSE, PROBLEM

LAUNCH, CONTENT = "lti_1p3_provider:launch", "lti_1p3_provider:content"
looked_up: list[object] = []


def addresses(*patterns: Any, **more: Any) -> ModuleType:
    """Return what a site's module of addresses is."""
    made = ModuleType("site")
    vars(made).update(more, urlpatterns=list(patterns))
    return made


def page_of_others(request: HttpRequest) -> HttpResponse:
    return HttpResponse("others")


def page_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("the site's own page", status=404)


class Noting:
    """A middleware of the LMS that remembers how addresses are read before and after the view is found."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        looked_up.append(type(getattr(request, "urlconf", None)))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        looked_up.append((getattr(request, "urlconf", None), get_urlconf(), request.resolver_match.view_name))


@pytest.fixture
def site(settings, db):
    """An LMS in whose addresses ours come last, with a page of its own for those that are not there."""
    others = [path(f"others/{number}/", page_of_others, name=f"other{number}") for number in range(3)]
    within = path("lti/1p3/of-another-plugin/", page_of_others, name="within")
    urls = addresses(*others, within, *get_resolver("demo.lms.urls").url_patterns, handler404=page_404)
    settings.ROOT_URLCONF = urls
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Noting"]
    looked_up.clear()
    yield urls
    clear_url_caches()


def test_ours_come_first_until_the_view_is_found(site, client):
    client.get("/lti/1p3/pub/jwks/")
    assert looked_up == [OursFirst, (None, None, "lti_1p3_provider:key_set")]


def test_all_others_are_looked_up_as_ever(site, client):
    assert client.get("/others/1/").content == b"others"
    assert looked_up == [type(None), (None, site, "other1")]


def test_ours_are_the_first_pattern_that_is_tried(site):
    ours_first = OursFirst(get_resolver())
    assert ours_first.urlpatterns[0].namespace == "lti_1p3_provider"
    assert ours_first.urlpatterns[1:] == [one for one in site.urlpatterns if one is not ours_first.urlpatterns[0]]
    for one in ("/lti/1p3/launch/", f"/lti/1p3/launch/{COURSE}/{PROBLEM}", "/others/2/", "/lti/1p3/of-another-plugin/"):
        found, usual = resolve(one, ours_first), resolve(one)
        assert (found.func, found.kwargs, found.view_name, found.route) == (
            *(usual.func, usual.kwargs, usual.view_name, usual.route),
        )


def test_what_another_plugin_has_below_our_address_is_still_found(site, client):
    assert client.get("/lti/1p3/of-another-plugin/").content == b"others"


def test_what_is_not_there_has_the_sites_own_page(site, client):
    answer = client.get("/lti/1p3/nothing-here/")
    assert (answer.status_code, answer.content) == (404, b"the site's own page")


def test_a_sites_own_choice_of_addresses_stays(site):
    """Some sites have others for each host."""
    request = RequestFactory().get("/lti/1p3/launch/")
    request.urlconf = chosen = addresses()
    middleware = LimitRequests(lambda request: HttpResponse())
    middleware(request)
    middleware.process_view(request, page_of_others, (), {})
    assert request.urlconf is chosen


@pytest.fixture
def prefix():
    before = get_script_prefix()
    yield set_script_prefix
    set_script_prefix(before)


def test_an_address_is_what_django_makes_of_it(prefix):
    for where in ("/", "/below/", "/"):
        prefix(where)
        for _ in range(2):
            assert address(LAUNCH) == reverse(LAUNCH) == f"{where}lti/1p3/launch/"
            assert address(CONTENT, COURSE, PROBLEM) == reverse(CONTENT, args=[COURSE, PROBLEM])


def test_an_address_follows_the_sites_addresses(settings):
    assert address(LAUNCH) == "/lti/1p3/launch/"
    try:
        settings.ROOT_URLCONF = addresses(path("moved/", include("demo.lms.urls")))
        assert address(LAUNCH) == "/moved/lti/1p3/launch/"
        settings.ROOT_URLCONF = addresses(path("others/", page_of_others))
        with pytest.raises(NoReverseMatch):
            address(LAUNCH)
    finally:
        set_urlconf(None)


def test_nothing_is_left_for_the_next_request(site):
    client = Client()
    client.get("/lti/1p3/nothing-here/")
    looked_up.clear()
    client.get("/others/0/")
    assert looked_up[1] == (None, site, "other0")

"""The tenants' API: what belongs to another organization is not there. Generated from the API's own document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.recorded_login import LAUNCHED
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.rest_api.v1 import openapi
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.tenants import API, DEMO, NOT_FOUND, ORGANIZATION, OTHER, PLATFORM, SITE, Tenant, belongings, tenant
from tests.traces import stored

pytestmark = pytest.mark.django_db
DOCUMENT = openapi.document()
OPERATIONS = [(verb.upper(), path) for path, verbs in DOCUMENT["paths"].items() for verb in verbs]
OBJECTS = [one for one in OPERATIONS if re.search(r"\{(?!org)|named", one[1])]
LISTS = [path for verb, path in OPERATIONS if verb == "GET" and (verb, path) not in OBJECTS]
SITES_OWN = ("/orgs/{org}/tool/",)  # the same for all organizations
KEPT = (Registration, Deployment, Invitation, LaunchGate, LaunchAttempt, PlatformUser, PendingScore, Change)
NAMED = f"?issuer={PLATFORM['issuer']}&client_id={PLATFORM['client_id']}"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def theirs() -> dict[str, Any]:
    return belongings(OTHER)


def filled(path: str, names: dict[str, Any]) -> str:
    """Return an address, with its own query where the document's path has none."""
    below = path.removeprefix("/orgs/{org}/")
    return re.sub(r"\{(\w+)\}", lambda found: str(names[found[1]]), below) + (NAMED if "named" in path else "")


def bodies(path: str) -> list[Any]:
    """Return bodies that this address takes, and one that none takes."""
    right = {key: value for key, value in PLATFORM.items() if key not in ("issuer", "client_id")}
    usual = {"status": "approved", "deployment_id": "2", "allowed_orgs": []}
    return [right] if "named" in path else [right, usual, {}, {"nonsense": 1}]


def each(operations: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Try one after another; nobody has asked anything when its turn comes."""
    for operation in operations:
        cache.clear()
        yield operation


def test_the_document_names_each_address():
    assert len(OBJECTS) > 15
    assert {verb for verb, _ in OPERATIONS} == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_sec_30_another_organizations_things_are_not_found(theirs):
    by, before = tenant(DEMO), stored(KEPT)
    for verb, path in each(OBJECTS):
        for body in bodies(path):
            here, there = (by.as_of(org)(verb, filled(path, theirs), body) for org in (DEMO, OTHER))
            assert (verb, path, here.status_code, here.json()) == (verb, path, 404, NOT_FOUND)
            assert (verb, path, there.status_code, there.json()) == (verb, path, 404, NOT_FOUND)
        assert (verb, path, stored(KEPT)) == (verb, path, before)


def test_sec_30_another_organizations_addresses_are_not_found(theirs):
    """Whatever somebody is besides: staff of the site, of a course, of an organization of another spelling."""
    people = [tenant(DEMO), tenant("", role="", is_staff=True), tenant("otherx"), tenant(OTHER, "staff of {}")]
    before = stored(KEPT)
    for verb, path in each(OPERATIONS):
        for by in people:
            said = by.as_of(OTHER)(verb, filled(path, theirs), PLATFORM)
            assert (verb, path, said.status_code, said.json()) == (verb, path, 404, NOT_FOUND)
        assert (verb, path, stored(KEPT)) == (verb, path, before)


@pytest.mark.parametrize(("verb", "path"), OBJECTS)
def test_their_own_staff_find_them(verb, path, theirs):
    """Else the tests above would prove nothing."""
    said = tenant(OTHER)(verb, filled(path, theirs), bodies(path)[0])
    assert said.status_code in (200, 201, 202, 204, 400, 409)


@every("path", [path for path in LISTS if path not in SITES_OWN])
def test_sec_30_lists_hold_nothing_of_another_organization(path, theirs):
    query = "?sub=u-1" if "people" in path else ""
    assert tenant(DEMO)("GET", filled(path, theirs) + query).json()["results"] == []
    assert len(tenant(OTHER)("GET", filled(path, theirs) + query).json()["results"]) == 1


@pytest.mark.parametrize("path", ["attempts/", "people/?sub=u-1"])
def test_sec_30_no_filter_leads_to_another_organizations_registration(path, theirs):
    sign = "&" if "?" in path else "?"
    said = tenant(DEMO)("GET", f"{path}{sign}registration={theirs['registration']}")
    assert said.json() == NOT_FOUND


def test_nobody_gets_in_without_proof(theirs):
    before, client = stored(KEPT), Client()
    for verb, path in each(OPERATIONS):
        url = f"{API}/{OTHER}/{filled(path, theirs)}"
        for headers in ({}, {"HTTP_AUTHORIZATION": "Bearer nonsense"}, {"HTTP_AUTHORIZATION": "Bearer"}):
            said = client.generic(verb, url, b"{}", content_type="application/json", **headers)
            assert (verb, path, said.status_code, said.json()["code"]) == (verb, path, 401, "api_not_signed_in")
            assert said["WWW-Authenticate"].startswith("Bearer")
        assert (verb, path, stored(KEPT)) == (verb, path, before)


# --- the site's own ---------------------------------------------------------------------------------------------------


def test_sec_30_the_sites_own_things_are_for_superusers_at_its_own_addresses():
    own, root = belongings(""), tenant(DEMO, role="", is_superuser=True)
    nameless = tenant("", role=ORGANIZATION)  # staff of all courses of no organization
    others = [tenant(DEMO), nameless, tenant("", role="", is_staff=True)]
    before = stored(KEPT)
    for verb, path in each(OPERATIONS):
        for by in others:
            said = by.as_of(SITE)(verb, filled(path, own), bodies(path)[0])
            assert (verb, path, said.status_code, said.json()) == (verb, path, 404, NOT_FOUND)
        if (verb, path) in OBJECTS:
            said = root(verb, filled(path, own), bodies(path)[0])  # superusers, too, at an organization's addresses
            assert (verb, path, said.status_code, said.json()) == (verb, path, 404, NOT_FOUND)
        assert (verb, path, stored(KEPT)) == (verb, path, before)
    said = root.as_of(SITE)(verb, filled(path, own), bodies(path)[0])
    assert said.status_code in (200, 201, 202, 204, 400, 409)


@pytest.mark.parametrize("path", [path for path in LISTS if path not in SITES_OWN])
def test_sec_30_the_sites_lists_hold_what_is_nobodys(path, theirs):
    query, root = "?sub=u-1" if "people" in path else "", tenant(SITE, role="", is_superuser=True)
    assert root("GET", filled(path, theirs) + query).json()["results"] == []
    assert Registration.objects.update(org="", org_digest="") == Invitation.objects.update(org="", org_digest="") == 1
    Change.objects.update(org="", org_digest="")
    assert len(root("GET", filled(path, theirs) + query).json()["results"]) == 1
    assert tenant(OTHER)("GET", filled(path, theirs) + query).json()["results"] == []


def test_an_attempt_that_is_of_no_registration_is_found_by_the_site_alone(theirs):
    LaunchAttempt.objects.create(support_code="WXYZ-2345", door="login", outcome="registration_unknown")
    place = "attempts/WXYZ-2345/"
    assert tenant(SITE, role="", is_superuser=True)("GET", place).json()["registration"] is None
    for org in (OTHER, DEMO):
        assert tenant(org)("GET", place).status_code == 404
        assert tenant(org, role="", is_superuser=True)("GET", place).status_code == 404


def signed_in_client(by: Tenant, **kept: object) -> Client:
    """Return a browser with a session; ``kept`` is in it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(by.user)
    session = client.session
    session.update(kept)
    session.save()
    return client


def test_a_session_is_enough_but_not_one_that_a_launch_made(theirs):
    by = tenant(OTHER)
    url = by.url("registrations/")
    assert signed_in_client(by).get(url).status_code == 200
    launched = signed_in_client(by, **{LAUNCHED: True}).get(url)
    assert (launched.status_code, launched.json()["code"]) == (401, "api_not_signed_in")


def test_a_launched_browser_does_not_get_in_with_a_token_either(theirs):
    by = tenant(OTHER)
    by.client.force_login(by.user)
    session = by.client.session
    session[LAUNCHED] = True
    session.save()
    assert by("GET", "registrations/").status_code == 401


def test_a_session_needs_the_csrf_token_to_change_something(theirs):
    by = tenant(OTHER)
    client, url = signed_in_client(by), by.url(f"registrations/{theirs['registration']}/")
    send = {"data": b'{"title": "A"}', "content_type": "application/json"}
    said = client.patch(url, **send)
    assert (said.status_code, said.json()["code"]) == (403, "api_forgery_check_failed")
    client.cookies["csrftoken"] = "x" * 32
    assert client.patch(url, **send, HTTP_X_CSRFTOKEN="x" * 32).status_code == 200


def test_an_account_that_a_launch_made_never_gets_in(theirs):
    by = tenant(OTHER)
    by.user.username = f"lti_{'0' * 24}"
    by.user.save()
    assert by("GET", "registrations/").status_code == 401


@every("scope, reads, writes", [("read", 200, 401), ("write", 401, 200), ("email", 401, 401)])
def test_a_token_is_good_for_its_scopes(theirs, scope, reads, writes):
    by = tenant(OTHER)
    by.scope = scope
    place = f"registrations/{theirs['registration']}/"
    assert by("GET", place).status_code == reads
    assert by("PATCH", place, {}).status_code == writes


def test_an_account_that_is_off_does_not_get_in(theirs):
    by = tenant(OTHER, is_superuser=True)
    by.user.is_active = False
    by.user.save()
    assert by("GET", "registrations/").status_code == 401


def test_the_number_of_requests_in_a_minute_is_limited(theirs, settings):
    settings.LTI_1P3_PROVIDER_API_READS, settings.LTI_1P3_PROVIDER_API_WRITES = 3, 1
    by, other = tenant(OTHER), tenant(OTHER)
    read = [by("GET", "registrations/").status_code for _ in range(5)]
    assert 429 in read[3:]  # a minute may end between them
    written = [by("PATCH", f"registrations/{theirs['registration']}/", {}) for _ in range(4)]
    assert 429 in [one.status_code for one in written]
    refused = next(one for one in written if one.status_code == 429)
    assert (refused.json()["code"], refused["Retry-After"]) == ("api_too_many_requests", "60")
    assert other("GET", "registrations/").status_code == 200


def test_the_api_is_off_with_the_rest(theirs, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert tenant(OTHER)("GET", "registrations/").status_code == 404
    assert Client().get("/lti/1p3/api/v1/schema").status_code == 404


def test_the_document_is_served_and_checked_in():
    served = Client().get("/lti/1p3/api/v1/schema")
    assert served.status_code == 200
    assert served.content.decode() == openapi.as_yaml()
    kept = Path(__file__).parents[2] / "docs/reference/api.yaml"
    assert kept.read_text(encoding="utf-8") == openapi.as_yaml(), "make api-description"


def test_a_refusal_is_found_by_its_support_code(theirs):
    by = tenant(OTHER)
    said = by("PATCH", f"registrations/{theirs['registration']}/", {"title": ""}).json()
    assert by("GET", f"attempts/{said['support_code']}/").json()["outcome"] == "api_request_invalid"
    row = LaunchAttempt.objects.get(support_code=said["support_code"])
    assert (row.door, row.outcome, row.detail) == ("api", "api_request_invalid", "title")


def test_a_body_that_is_too_large_is_refused_in_json(theirs):
    place, large = f"registrations/{theirs['registration']}/", b'{"title": "' + b"x" * 300_000 + b'"}'
    said = tenant(OTHER)("PATCH", place, large)
    assert (said.status_code, said.json()["code"]) == (413, "api_too_large")
    assert tenant(DEMO).as_of(OTHER)("PATCH", place, large).json() == NOT_FOUND

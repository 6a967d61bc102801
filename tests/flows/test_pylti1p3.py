"""PyLTI1p3 as a neighbour: other code of the site uses its classes on what is ours, and opens nothing by it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.exception import LtiException, LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.service_connector import ServiceConnector

from lti_1p3_provider import api
from lti_1p3_provider.errors import (
    AddressForbidden,
    AnswerUnreadable,
    DeploymentDisabled,
    DeploymentUnknown,
    GrantMissing,
    LinkUnknown,
    LtiError,
    RegistrationDisabled,
    RegistrationUnknown,
    ReturnAddressForbidden,
    TargetInvalid,
)
from lti_1p3_provider.lti import access_tokens, ags, nrps, store
from lti_1p3_provider.lti.claims import NRPS
from lti_1p3_provider.lti.line_items import ITEM_TYPE
from lti_1p3_provider.lti.requests_session import GuardedSession
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.users.models import PlatformUser
from lti_1p3_provider.web.addresses import origin
from tests.connection import CLAIM, LEARNER, OTHER_PROBLEM, PROBLEM, Connection
from tests.picking import DL, begin
from tests.scoring import columns, launched, shown
from tests.web_server import Said, WebServer


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The launches that a receiver of the site was told of."""
    found: list[Any] = []

    def hear(sender: object, launch: Any, **kwargs: Any) -> None:
        found.append(launch)

    api.launched.connect(hear)
    yield found
    api.launched.disconnect(hear)


def stored(connection: Connection, link: Any) -> api.StoredLink:
    (deployment,) = connection.registration.deployments.all()
    return api.StoredLink(connection.registration.issuer, connection.client_id, deployment.deployment_id, link.id)


def graded(points: float, person: str = LEARNER) -> Grade:
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    grade = Grade().set_score_given(points).set_score_maximum(10).set_timestamp(now).set_user_id(person)
    return grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")


def also_its_host(connection: Connection, server: WebServer) -> str:
    """Make the server one of the platform's hosts; return an address there."""
    url = server.says(server._server.said)
    connection.registration.other_origins = origin(url)
    connection.registration.save()
    return url


def names(connection: Connection) -> tuple[str, str]:
    return connection.registration.issuer, connection.client_id


# --- registrations and keys -------------------------------------------------------------------------------------------


def test_registrations_are_ours(connection: Connection) -> None:
    found = api.tool_conf().find_registration_by_params(*names(connection))
    row = connection.registration
    assert found is not None
    assert (found.get_issuer(), found.get_client_id()) == (row.issuer, row.client_id)
    assert (found.get_auth_login_url(), found.get_auth_token_url()) == (row.auth_login_url, row.auth_token_url)
    assert (found.get_key_set_url(), found.get_key_set()) == (row.key_set_url, None)
    assert api.tool_conf().get_jwks() == {"keys": keys.published()}


@pytest.mark.parametrize("whose", ["site", "own"])
def test_the_key_is_the_one_that_signs_for_the_registration(connection: Connection, whose: str) -> None:
    if whose == "own":
        keys.rotate(connection.registration, at_once=True)
    found = api.tool_conf().find_registration_by_params(*names(connection))
    assert found is not None
    expected = keys.signing_key(connection.registration.pk)
    assert found.get_kid() == expected.kid
    signed = jwt.encode({"a": 1}, found.get_tool_private_key(), "RS256")
    assert jwt.decode(signed, jwt.PyJWK(expected.public_jwk).key, ["RS256"]) == {"a": 1}
    assert jwt.decode(signed, found.get_tool_public_key(), ["RS256"]) == {"a": 1}


def test_what_is_off_is_not_found(connection: Connection) -> None:
    conf, (issuer, client_id) = api.tool_conf(), names(connection)
    (deployment,) = connection.registration.deployments.all()
    found = conf.find_deployment_by_params(issuer, deployment.deployment_id, client_id)
    assert found is not None
    assert found.get_deployment_id() == deployment.deployment_id
    for status in (Deployment.Status.PENDING, Deployment.Status.DISABLED):
        Deployment.objects.update(status=status)
        assert conf.find_deployment_by_params(issuer, deployment.deployment_id, client_id) is None
    Deployment.objects.update(status=Deployment.Status.APPROVED)
    connection.registration.enabled = False
    connection.registration.save()
    assert conf.find_registration_by_params(issuer, client_id) is None
    assert conf.find_registration_by_issuer(issuer) is None
    assert conf.find_deployment_by_params(issuer, deployment.deployment_id, client_id) is None


def test_names_are_compared_exactly(connection: Connection) -> None:
    conf, (issuer, client_id) = api.tool_conf(), names(connection)
    (deployment,) = connection.registration.deployments.all()
    for changed in ("", "x\0", "X", "\ud800"):
        assert conf.find_registration_by_params(issuer, changed and client_id + changed) is None
        assert conf.find_registration_by_params(issuer + "/" + changed, client_id) is None
        assert conf.find_deployment_by_params(issuer, deployment.deployment_id + "1" + changed, client_id) is None


# --- launches ---------------------------------------------------------------------------------------------------------


def test_a_launch_is_told_and_its_grade_service_called(connection: Connection, heard: list[Any]) -> None:
    link = connection.link(PROBLEM, graded=True)
    connection.enter(link)
    launch = api.message_launch(heard[-1])
    said = launch.get_launch_data()
    assert (said["iss"], said["sub"]) == (connection.registration.issuer, LEARNER)
    assert said[f"{CLAIM}resource_link"]["id"] == link.id
    assert launch.is_resource_launch()
    assert not launch.is_deep_link_launch()
    launch.get_ags().put_grade(graded(7))
    assert connection.platform.score_of(link.id, LEARNER)["scoreGiven"] == 7


def test_a_stored_link_serves_later(connection: Connection) -> None:
    link = launched(connection)
    service = api.message_launch(stored(connection, link)).get_ags()
    column = service.get_lineitem()
    assert column.get_label() == connection.platform.line_item(link.id).label
    service.put_grade(graded(3), column)
    (result,) = [one for one in service.get_grades(column) if one["userId"] == LEARNER]
    assert result["resultScore"] / result["resultMaximum"] == 0.3
    assert "sub" not in api.message_launch(stored(connection, link)).get_launch_data()


def test_a_page_of_somebody_who_launched_serves_too(connection: Connection) -> None:
    link = launched(connection)
    request = RequestFactory().get("/")
    request.user = PlatformUser.objects.get().user
    launch = api.message_launch(request, PROBLEM)
    assert launch.get_launch_data()[f"{CLAIM}resource_link"]["id"] == link.id
    for key, error in ((OTHER_PROBLEM, GrantMissing), ("nonsense", TargetInvalid), ("", TargetInvalid)):
        with pytest.raises(error):
            api.message_launch(request, key)
    request.user = AnonymousUser()
    with pytest.raises(GrantMissing):
        api.message_launch(request, PROBLEM)


def test_columns_are_made_and_listed(connection: Connection) -> None:
    link = launched(connection)
    service = api.message_launch(stored(connection, link)).get_ags()
    made = service.find_or_create_lineitem(LineItem().set_label("Extra").set_score_maximum(5).set_tag("extra"))
    service.put_grade(graded(4), made)
    item = next(one for one in columns(connection) if one.label == "Extra")
    assert shown(connection, item) == (4, 10)
    assert {one["label"] for one in service.get_lineitems()} == {one.label for one in columns(connection)}
    assert service.find_or_create_lineitem(LineItem().set_tag("extra")).get_id() == made.get_id()


def test_access_tokens_are_shared_with_our_own(connection: Connection) -> None:
    link = launched(connection)
    launch = api.message_launch(stored(connection, link))
    launch.get_ags().put_grade(graded(1))
    before = len(connection.platform.requests)
    api.message_launch(stored(connection, link)).get_ags().put_grade(graded(2))
    assert not [one for one in connection.platform.requests[before:] if one.path.endswith("/token")]


def test_a_receiver_that_fails_spoils_no_launch(connection: Connection) -> None:
    def fail(sender: object, **kwargs: Any) -> None:
        raise RuntimeError("not ours")

    api.launched.connect(fail)
    try:
        connection.enter(connection.link(PROBLEM))
    finally:
        api.launched.disconnect(fail)


def test_a_refused_launch_is_not_told(connection: Connection, heard: list[Any]) -> None:
    connection.gate(allowed_keys=[])
    assert connection.launch(connection.link(PROBLEM)).status_code == 403
    assert heard == []


# --- what is not opened -----------------------------------------------------------------------------------------------


def test_nothing_is_validated_here_and_no_claims_are_taken(connection: Connection, heard: list[Any]) -> None:
    connection.enter(connection.link(PROBLEM))
    launch = api.message_launch(heard[-1])
    for attempt in (launch.validate, lambda: launch.set_jwt({"body": {}}), launch.validate_jwt_format):
        with pytest.raises(LtiException):
            attempt()
    with pytest.raises(LtiException):
        type(launch).from_cache("lti1p3-launch-1", None, api.tool_conf())


def test_only_what_was_launched_is_found(connection: Connection) -> None:
    name = stored(connection, launched(connection))
    errors: dict[str, type[LtiError]] = {
        "issuer": RegistrationUnknown,
        "client_id": RegistrationUnknown,
        "deployment_id": LinkUnknown,
        "link_id": LinkUnknown,
    }
    for changed, error in errors.items():
        for by in ("x", "\0", "\ud800"):
            other = api.StoredLink(**{**vars_of(name), changed: getattr(name, changed) + by})
            with pytest.raises(LtiError) as refused:
                api.message_launch(other)
            assert type(refused.value) is error, (changed, by)
    assert api.message_launch(name)


def vars_of(name: api.StoredLink) -> dict[str, str]:
    return {one: getattr(name, one) for one in ("issuer", "client_id", "deployment_id", "link_id")}


@pytest.mark.parametrize(
    ("status", "error"),
    [(Deployment.Status.DISABLED, DeploymentDisabled), (Deployment.Status.PENDING, DeploymentUnknown)],
)
def test_what_was_switched_off_meanwhile_is_not_called(connection: Connection, status: str, error: type) -> None:
    name = stored(connection, launched(connection))
    service = api.message_launch(name).get_ags()
    Deployment.objects.update(status=status)
    with pytest.raises(error):
        service.put_grade(graded(1))
    with pytest.raises(error):
        api.message_launch(name)
    Deployment.objects.update(status=Deployment.Status.APPROVED)
    connection.registration.enabled = False
    connection.registration.save()
    with pytest.raises(RegistrationDisabled):
        service.put_grade(graded(1))


def test_no_token_goes_to_another_host(connection: Connection, web_server: WebServer) -> None:
    service = api.message_launch(stored(connection, launched(connection))).get_ags()
    url = web_server.says(Said(body=b"[]"))
    with pytest.raises(AddressForbidden):
        service.put_grade(graded(1), LineItem({"id": url}))
    with pytest.raises(AddressForbidden):
        service.get_lineitems_page(url)
    assert web_server.asked == []


def test_a_refusal_is_pylti1p3s_own(connection: Connection) -> None:
    service = api.message_launch(stored(connection, launched(connection))).get_ags()
    gone = LineItem({"id": f"{service.get_lineitem().get_id()}-gone"})
    with pytest.raises(LtiServiceException) as refused:
        service.put_grade(graded(1), gone)
    with refused.value.response as answer:
        assert answer.status_code == 404
        assert b"".join(answer.iter_content(2)) == answer.content != b""


def test_a_list_that_goes_in_a_circle_ends(connection: Connection, web_server: WebServer) -> None:
    launch = api.message_launch(stored(connection, launched(connection)))
    web_server.says(Said(body=b"[]", headers={"Link": '</Other>; rel="next"'}))
    url = also_its_host(connection, web_server)
    connector = launch.get_service_connector()
    for _ in range(99):
        url = connector.make_service_request([ags.LINE_ITEM_READ_SCOPE], url)["next_page_url"]
        assert url.endswith("/Other"), "its case is kept"
    with pytest.raises(AnswerUnreadable):
        connector.make_service_request([ags.LINE_ITEM_READ_SCOPE], url)


@pytest.mark.parametrize(("scope", "pages"), [(nrps.SCOPE, 1000), ("https://purl.imsglobal.org/spec/x/scope/y", 100)])
def test_a_list_has_as_many_pages_as_when_we_read_it(
    connection: Connection, web_server: WebServer, scope: str, pages: int
) -> None:
    launch = api.message_launch(stored(connection, launched(connection)))
    (deployment,) = connection.registration.deployments.all()
    store.put(access_tokens._name(deployment, frozenset([scope])), "t", 600)
    web_server.says(Said(body=b'{"members": []}', headers={"Link": '</next>; rel="next"'}))
    url = also_its_host(connection, web_server)
    connector = launch.get_service_connector()
    connector._depths[url] = pages - 2  # of a list that was read up to there
    last = connector.make_service_request([scope], url)["next_page_url"]
    assert last.endswith("/next")
    with pytest.raises(AnswerUnreadable, match=f"more than {pages} pages"):
        connector.make_service_request([scope], last)


def test_an_answer_can_be_read_in_every_way_that_requests_has(web_server: WebServer, settings: Any) -> None:
    url = web_server.says(Said(body=b"one\ntwo", status=404))
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = [url.split("/")[2]]
    for read in (
        lambda answer: answer.content,
        lambda answer: b"".join(answer.iter_content(2)),
        lambda answer: b"\n".join(answer.iter_lines()),
        lambda answer: answer.text.encode(),
    ):
        with GuardedSession().get(url, stream=True) as answer:
            assert (read(answer), answer.status_code) == (b"one\ntwo", 404)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/", "http://10.0.0.1/", "ftp://example.org/"])
def test_requests_of_pylti1p3s_own_are_guarded(url: str) -> None:
    with pytest.raises((AddressForbidden, ValueError)):
        GuardedSession().get(url)


def test_pylti1p3s_own_connector_works_with_what_is_ours(connection: Connection) -> None:
    link = launched(connection)
    found = api.tool_conf().find_registration_by_params(*names(connection))
    item = connection.platform.line_item_url(connection.platform.line_item(link.id))
    body = ServiceConnector(found, GuardedSession()).make_service_request(
        [ags.LINE_ITEM_READ_SCOPE], item, accept=ITEM_TYPE
    )["body"]
    assert body["id"] == item


# --- names and roles --------------------------------------------------------------------------------------------------


def test_members_are_read_where_the_launch_names_them(
    connection: Connection, heard: list[Any], web_server: WebServer
) -> None:
    members = [{"user_id": LEARNER, "roles": ["Learner"]}]
    listed = Said(body=json.dumps({"members": members}).encode())
    token = Said(body=json.dumps({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}).encode())
    url = also_its_host(connection, web_server)
    connection.launch_with({NRPS: {"context_memberships_url": url, "service_versions": ["2.0"]}})
    connection.registration.auth_token_url = web_server.says_in_turn(token, listed)
    connection.registration.save()
    launch = api.message_launch(heard[-1])
    assert launch.has_nrps()
    assert launch.get_nrps().get_members() == members
    asked_token, asked_list = web_server.asked
    assert b"contextmembership.readonly" in asked_token.body
    assert (asked_list.headers["Authorization"], asked_list.headers["Accept"]) == (
        "Bearer t",
        "application/vnd.ims.lti-nrps.v2.membershipcontainer+json",
    )


ODD = [None, [], "x", {}, {"context_memberships_url": 1}, {"context_memberships_url": "\0"}]


@pytest.mark.parametrize("claim", ODD)
def test_an_odd_claim_of_members_refuses_no_launch(connection: Connection, heard: list[Any], claim: object) -> None:
    assert connection.launch_with({NRPS: claim}).status_code == 200
    launch = api.message_launch(heard[-1])
    assert not launch.has_nrps()
    with pytest.raises(LtiException):
        launch.get_nrps()


# --- deep linking -----------------------------------------------------------------------------------------------------


def test_dl_resources_of_pylti1p3s_are_answered_with(connection: Connection, heard: list[Any]) -> None:
    begin(connection)
    launch = api.message_launch(heard[-1])
    assert launch.is_deep_link_launch()
    column = LineItem().set_score_maximum(5).set_label("Colours").set_resource_id(PROBLEM)
    chosen = DeepLinkResource().set_url(connection.content_url(PROBLEM)).set_title("Colours").set_lineitem(column)
    answer = launch.get_deep_link()
    signed = answer.get_response_jwt([chosen])
    key = keys.signing_key(connection.registration.pk)
    claims = jwt.decode(signed, jwt.PyJWK(key.public_jwk).key, ["RS256"], audience=connection.registration.issuer)
    assert jwt.get_unverified_header(signed)["kid"] == key.kid
    (item,) = claims[f"{DL}content_items"]
    assert (item["url"], item["title"]) == (connection.content_url(PROBLEM), "Colours")
    assert item["lineItem"] == {"scoreMaximum": 5, "label": "Colours", "resourceId": PROBLEM}
    assert "custom" not in item, "some platforms fail at an empty one"
    form = answer.get_response_form_html(signed)
    assert signed in form


def test_dl_the_answer_goes_to_the_platform_only(connection: Connection, heard: list[Any]) -> None:
    begin(connection)
    answer = api.message_launch(heard[-1]).get_deep_link()
    connection.registration.enabled = False
    connection.registration.save()
    with pytest.raises(RegistrationDisabled):
        answer.get_response_jwt([])
    hostile = '"><script>alert(1)'
    object.__setattr__(answer._settings, "return_url", f"https://evil.example/{hostile}")
    form = answer.get_response_form_html(hostile)
    assert hostile not in form
    assert form.count("&quot;&gt;&lt;script&gt;alert(1)") == 2
    connection.registration.enabled = True
    connection.registration.save()
    with pytest.raises(ReturnAddressForbidden):
        answer.get_response_jwt([])


def test_a_launch_of_content_asks_for_none(connection: Connection, heard: list[Any]) -> None:
    connection.enter(connection.link(PROBLEM))
    with pytest.raises(LtiException):
        api.message_launch(heard[-1]).get_deep_link()


# --- without the extra ------------------------------------------------------------------------------------------------

WITHOUT = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pylti1p3":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import django
django.setup()
from lti_1p3_provider import api, errors
for call in (api.tool_conf, lambda: api.message_launch(None)):
    try:
        call()
    except errors.PyLti1p3Missing as error:
        print(error.detail)
"""


def test_without_it_everything_else_works_and_the_call_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["pip install 'lti-1p3-provider[pylti1p3]'"] * 2

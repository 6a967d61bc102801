"""Registration servers as strict as the real ones: what they refuse, and how; what comes of what they take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import requests

from demo.platform import ConfigError, Platform
from demo.platform.registration.offers import Offer, Offers
from demo.platform.registration.products import PRODUCTS, activate, begin, page_of, remove
from demo.platform.vocabulary import LTI, PLATFORM_CONFIGURATION, SCOPE_SCORE, SCOPES, TOOL_CONFIGURATION

from .registering_tool import Registering, account_of, metadata
from .scratch_tool import ScratchTool

CAPTURES = Path(__file__).parents[2] / "fixtures" / "moodle-4.5"
NAMES = tuple(PRODUCTS)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_registered(platform: Platform) -> Iterator[None]:
    yield
    for offer in platform.offers.all():
        remove(platform, offer.client_id)
        platform.offers.forget(offer.id)
    platform.offers.attempts.clear()


def registered(platform: Platform, tool: ScratchTool, product: str, **changes: object) -> Registering:
    going = Registering.begun(platform, tool, product)
    assert going.send(metadata(tool, **changes)).ok
    return going


@pytest.mark.parametrize("product", NAMES)
def test_a_tool_registers_and_becomes_a_client(platform: Platform, tool: ScratchTool, product: str) -> None:
    going = Registering.begun(platform, tool, product)
    facts = going.read().json()
    assert facts["issuer"] == platform.issuer
    assert facts["registration_endpoint"] == going.endpoint()
    answer = going.send()
    assert answer.status_code == {"brightspace": 201}.get(product, 200)
    said = answer.json()
    client_id = said["client_id"]
    assert not platform.store.tool(client_id).active
    activate(platform, client_id)
    link = platform.add_link(tool.link(client_id=client_id, graded=True))
    client = tool.known_as(client_id)
    claims = client.launch(platform, platform.launch_url(link.id, "u-1001"))
    audience = facts["authorization_server" if product == "brightspace" else "token_endpoint"]
    assertion = client.sign(client.assertion_claims(platform, aud=audience))
    token = client.ask_token(platform, assertion).json()["access_token"]
    assert client.post_score(link.line_item_url, token).status_code == 200
    told = said[TOOL_CONFIGURATION].get("deployment_id")
    assert told == (claims[f"{LTI}deployment_id"] if product in ("moodle", "sakai") else None)
    assert claims["aud"] == client_id
    assert claims[f"{LTI}custom"] == {"context_history": "", "flavour": "$Canvas.nothing"}


def test_each_product_names_itself(platform: Platform, tool: ScratchTool) -> None:
    for product in NAMES:
        facts = Registering.begun(platform, tool, product).read().json()
        family = {"brightspace": "desire2learn"}.get(product, product)
        assert facts[PLATFORM_CONFIGURATION]["product_family_code"] == family


def test_the_tools_own_query_stays(platform: Platform) -> None:
    offer = begin(platform, "brightspace", "http://127.0.0.1:1/x/?a=b&a=c#d")
    assert page_of(platform, offer).startswith("http://127.0.0.1:1/x/?a=b&a=c&openid_configuration=http%3A%2F%2F")
    assert "registration_token" not in page_of(platform, offer)


@pytest.mark.parametrize(
    ("product", "address"), [("moodle", "javascript:alert(1)"), ("moodle", "/x"), ("none", "http://a/")]
)
def test_what_cannot_begin(platform: Platform, product: str, address: str) -> None:
    with pytest.raises(ConfigError):
        begin(platform, product, address)


@pytest.mark.parametrize("product", NAMES)
def test_a_tool_that_waits_can_do_nothing(platform: Platform, tool: ScratchTool, product: str) -> None:
    going = registered(platform, tool, product)
    link = platform.add_link(tool.link(client_id=going.offer.client_id))
    assert requests.get(platform.launch_url(link.id, "u-1001")).status_code == 403
    deep = platform.deep_link_url("u-2001", going.offer.client_id)
    assert requests.get(deep).status_code == 403
    asked = {"client_id": going.offer.client_id, "redirect_uri": "http://127.0.0.1:1/launch"}
    assert requests.post(platform.auth_login_url, data=asked).status_code == 403
    client = tool.known_as(going.offer.client_id)
    answer = client.ask_token(platform, client.sign(client.assertion_claims(platform)))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("product", NAMES)
def test_a_beginning_is_good_for_one_tool(platform: Platform, tool: ScratchTool, product: str) -> None:
    going = registered(platform, tool, product)
    refusals = {"moodle": (401, "token_already_used"), "sakai": (403, "")}
    again = going.send()
    assert again.status_code == {"brightspace": 404, "canvas": 401, "moodle": 401, "sakai": 403}[product]
    if product in refusals:
        assert (again.status_code, again.text) == refusals[product]
    assert len([one for one in platform.store.tools() if one.client_id == going.offer.client_id]) == 1


@pytest.mark.parametrize("product", NAMES)
def test_of_two_at_the_same_moment_one_registers(platform: Platform, tool: ScratchTool, product: str) -> None:
    going = Registering.begun(platform, tool, product)
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda _: going.send().status_code, range(8)))
    assert sorted(answers)[0] in (200, 201)
    assert all(status >= 400 for status in sorted(answers)[1:])


@pytest.mark.parametrize("product", NAMES)
def test_a_beginning_lasts_an_hour(platform: Platform, tool: ScratchTool, product: str) -> None:
    going, began = Registering.begun(platform, tool, product), platform.now
    going.read()
    platform.clock = lambda: began + timedelta(minutes=61)
    assert going.send().status_code in (401, 403, 404)
    assert platform.store.tool(going.offer.client_id) is None


def test_moodle_answers_as_the_captured_one(platform: Platform, tool: ScratchTool) -> None:
    captured = json.loads((CAPTURES / "dynamic-registration.json").read_text(encoding="utf-8"))
    going = Registering.begun(platform, tool, "moodle")
    facts, theirs = going.read().json(), captured["openid_configuration"]["body"]
    assert facts.keys() == theirs.keys()
    assert facts[PLATFORM_CONFIGURATION].keys() == theirs[PLATFORM_CONFIGURATION].keys()
    assert facts[PLATFORM_CONFIGURATION]["messages_supported"] == theirs[PLATFORM_CONFIGURATION]["messages_supported"]
    token = going.told["registration_token"]
    assert jwt.get_unverified_header(token).keys() == {"typ", "alg", "kid"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.keys() == {"sub", "scope", "iat", "exp"}
    assert (claims["scope"], claims["exp"] - claims["iat"]) == ("reg", 3600)
    answer = going.send(captured["registration_request"])
    said, wanted = answer.json(), captured["registration_response"]["body"]
    assert answer.status_code == captured["registration_response"]["status"]
    assert answer.headers["Content-Type"] == captured["registration_response"]["headers"]["Content-Type"]
    assert said.keys() == wanted.keys()
    assert set(said["scope"].split()) == set(wanted["scope"].split())
    inside, expected = said[TOOL_CONFIGURATION], wanted[TOOL_CONFIGURATION]
    assert inside.keys() == expected.keys()
    assert set(inside["claims"]) == set(expected["claims"])
    same = ("target_link_uri", "domain", "description", "messages", "custom_parameters")
    assert [inside[name] for name in same] == [expected[name] for name in same]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"redirect_uris": "http://127.0.0.1:1/launch"}, "invalid_redirect_uris"),
        ({"tool__domain": "tool.example"}, "domain_targetlinkuri_mismatch"),
        ({"tool__domain": None}, "missing required attribute domain"),
        ({"tool__target_link_uri": None, "tool__domain": None}, "missing required attribute domain"),
        ({"response_types": ["code"]}, "invalid_response_types"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_token_endpoint_auth_method"),
        ({"application_type": "native"}, "invalid_application_type"),
        ({"jwks_uri": None}, "missing required attribute jwks_uri"),
        ({"client_name": ""}, "missing required attribute client_name"),
        ({TOOL_CONFIGURATION: {}}, f"missing required attribute {TOOL_CONFIGURATION}"),
    ],
)
def test_what_moodle_refuses_in_plain_text(platform: Platform, tool: ScratchTool, changes: dict, says: str) -> None:
    answer = Registering.begun(platform, tool, "moodle").send(metadata(tool, **changes))
    assert (answer.status_code, answer.text) == (400, says)
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_www_is_nothing_to_moodle(platform: Platform, tool: ScratchTool) -> None:
    values = {"tool__domain": "www.tool.example", "tool__target_link_uri": "https://tool.example/launch"}
    assert Registering.begun(platform, tool, "moodle").send(metadata(tool, **values)).status_code == 200


def test_tokens_that_moodle_refuses(platform: Platform, tool: ScratchTool) -> None:
    going, other = Registering.begun(platform, tool, "moodle"), Registering.begun(platform, tool, "canvas")
    claims = jwt.decode(going.told["registration_token"], options={"verify_signature": False})
    forged = jwt.encode(claims, tool.key.private_key, "RS256", headers={"kid": platform.keys.current.kid})
    key = platform.keys.current
    update = jwt.encode(claims | {"scope": "reg-update"}, key.private_key, "RS256", headers={"kid": key.kid})
    stranger = jwt.encode(claims | {"sub": other.offer.client_id}, key.private_key, "RS256", headers={"kid": key.kid})
    assert [going.send(headers={}).status_code, going.send(headers={}).text] == [401, "missing_registration_token"]
    for token in (forged, update, stranger, "nonsense"):
        answer = going.send(headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.text) == (401, "invalid_token")


def test_in_moodle_claims_decide_what_is_told_and_scopes_which_services_there_are(
    platform: Platform, tool: ScratchTool
) -> None:
    said = Registering.begun(platform, tool, "moodle")
    answer = said.send(metadata(tool, tool__claims=["sub", "name"], scope=f"{SCOPE_SCORE} https://x.example/unknown"))
    assert SCOPE_SCORE in answer.json()["scope"].split()
    assert "unknown" not in answer.json()["scope"]
    registration = activate(platform, said.offer.client_id)
    assert registration.personal_claims == ("name",)
    assert {scope.rpartition("/")[2] for scope in registration.granted_scopes()} == {
        "score",
        "result.readonly",
        "lineitem.readonly",
    }
    link = platform.add_link(tool.link(client_id=said.offer.client_id))
    claims = tool.known_as(said.offer.client_id).launch(platform, platform.launch_url(link.id, "u-1001"))
    assert ("email" in claims, claims["name"]) == (False, "Ada Park")


@pytest.mark.parametrize("product", NAMES)
def test_without_the_message_nothing_is_chosen(platform: Platform, tool: ScratchTool, product: str) -> None:
    going = registered(platform, tool, product, tool__messages=[{"type": "LtiResourceLinkRequest"}])
    assert not platform.store.tool(going.offer.client_id).services["deep_linking"]


def test_canvas_says_which_school_it_is(platform: Platform, tool: ScratchTool) -> None:
    facts = Registering.begun(platform, tool, "canvas").read().json()
    assert account_of(facts) == platform.config.name
    assert facts["authorization_server"] == f"127.0.0.1:{platform.base_url.rpartition(':')[2]}"


def test_canvas_may_be_on_another_host_than_its_issuer(
    platform: Platform, tool: ScratchTool, configure: Callable[..., None]
) -> None:
    school = platform.base_url.replace("127.0.0.1", "localhost")
    configure(school_url=school)
    going = Registering.begun(platform, tool, "canvas")
    facts = going.read().json()
    assert going.told["openid_configuration"].startswith(f"{school}/")
    assert facts["registration_endpoint"].startswith(f"{school}/")
    assert facts["token_endpoint"] == platform.auth_token_url
    assert facts["issuer"] == platform.issuer
    assert going.send().status_code == 200


def test_canvas_takes_its_token_from_the_address_too(platform: Platform, tool: ScratchTool) -> None:
    going = Registering.begun(platform, tool, "canvas")
    assert requests.get(going.told["openid_configuration"]).status_code == 200
    assert requests.get(going.told["openid_configuration"].partition("?")[0]).status_code == 401
    token = going.told["registration_token"]
    answer = going.send(headers={}, endpoint=f"{going.endpoint()}?registration_token={token}")
    assert answer.status_code == 200
    assert "errorMessage" in going.send(headers={}).json()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"scope": "https://x.example/unknown"}, ["scopes"]),
        ({"grant_types": ["implicit"], "application_type": "native"}, ["grant_types", "application_type"]),
        ({"redirect_uris": []}, ["redirect_uris"]),
        ({"tool__messages": None, "tool__claims": None}, ["messages", "claims"]),
    ],
)
def test_what_canvas_refuses_all_at_once(platform: Platform, tool: ScratchTool, changes: dict, fields: list) -> None:
    going = Registering.begun(platform, tool, "canvas")
    answer = going.send(metadata(tool, **changes))
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, fields)
    assert going.send().status_code == 200  # a refused request does not use up the token


def test_canvas_tells_the_deployment_only_behind_its_flag(platform: Platform, tool: ScratchTool) -> None:
    for tells in (False, True):
        going = Registering.begun(platform, tool, "canvas", tells_deployment=tells)
        said = going.send().json()
        assert said.get("deployment_id") == (going.offer.deployment_id if tells else None)
        assert "deployment_id" not in said[TOOL_CONFIGURATION]


@pytest.mark.parametrize(
    ("placements", "offers"),
    [
        (["editor_button"], True),
        (["ContentArea"], True),
        (["https://canvas.instructure.com/lti/assignment_selection", "homework"], True),
        (["homework"], False),
        (["course_navigation"], False),
    ],
)
def test_canvas_opens_content_only_from_places_that_it_knows(
    platform: Platform, tool: ScratchTool, placements: list, offers: bool
) -> None:
    one = {"type": "LtiDeepLinkingRequest", "placements": placements}
    going = registered(platform, tool, "canvas", tool__messages=[one])
    assert platform.store.tool(going.offer.client_id).services["deep_linking"] is offers


def test_brightspaces_configuration_can_be_read_once(platform: Platform, tool: ScratchTool) -> None:
    going = Registering.begun(platform, tool, "brightspace")
    assert list(going.told) == ["a", "openid_configuration"]
    assert [going.read().status_code for _ in range(2)] == [200, 404]
    assert going.send().status_code == 201


def test_brightspace_wants_no_authorization(platform: Platform, tool: ScratchTool) -> None:
    going = Registering.begun(platform, tool, "brightspace")
    assert going.send(headers={"Authorization": "Bearer x"}).status_code == 401
    assert platform.offers.attempts[-1].authorized
    assert going.send().status_code == 201


def test_brightspace_has_one_tool_for_a_domain_and_a_name(platform: Platform, tool: ScratchTool) -> None:
    registered(platform, tool, "brightspace")
    for changes in ({}, {"client_name": "Another"}, {"tool__domain": "other.example"}):
        answer = Registering.begun(platform, tool, "brightspace").send(metadata(tool, **changes))
        assert answer.status_code == 409, changes
    others = {"client_name": "Another", "tool__domain": "other.example"}
    assert Registering.begun(platform, tool, "brightspace").send(metadata(tool, **others)).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"initiate_login_uri": "http://tool.example/login"},
        {"client_name": None},
    ],
)
def test_what_brightspace_refuses(platform: Platform, tool: ScratchTool, changes: dict) -> None:
    answer = Registering.begun(platform, tool, "brightspace").send(metadata(tool, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_sakai_has_the_tools_number_in_its_addresses_and_says_little(platform: Platform, tool: ScratchTool) -> None:
    going, other = (Registering.begun(platform, tool, "sakai") for _ in range(2))
    assert going.endpoint().endswith(f"/{going.offer.number}")
    assert going.told["openid_configuration"].endswith(f"?key={going.offer.number}")
    refusals = [
        going.send(headers={}),
        going.send(headers=other.authorization()),
        going.send([1]),
        going.send({"jwks_uri": "x"}),
    ]
    said = [(answer.status_code, answer.text) for answer in refusals]
    missing = "Missing initiate_login_uri, jwks_uri, redirect_uris"
    assert said == [(400, "invalid_authorization"), (403, ""), (400, "Badly formatted JSON"), (400, missing)]


def test_sakai_repeats_what_it_was_told(platform: Platform, tool: ScratchTool) -> None:
    asked = metadata(tool, scope=f"{SCOPE_SCORE} https://x.example/unknown")
    going = Registering.begun(platform, tool, "sakai")
    said = going.send(asked).json()
    assert said == {
        **asked,
        "client_id": going.offer.client_id,
        TOOL_CONFIGURATION: {**asked[TOOL_CONFIGURATION], "deployment_id": "1"},
    }
    assert platform.store.tool(going.offer.client_id).granted_scopes() == (SCOPE_SCORE,)


@pytest.mark.parametrize("where", ["configuration", "registration"])
def test_faults_before_anything_is_stored(platform: Platform, tool: ScratchTool, where: str) -> None:
    going = Registering.begun(platform, tool, "moodle")
    ask = going.read if where == "configuration" else going.send
    for kind, options in (("html", {}), ("redirect", {}), ("status", {"status": 422})):
        platform.faults.set(kind, endpoint=where, times=1, **options)
    first, second, third = (ask() for _ in range(3))
    assert first.status_code == 422
    assert (second.status_code, second.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert (third.status_code, third.headers["Location"][:23]) == (302, "http://169.254.169.254/")
    assert platform.store.tool(going.offer.client_id) is None
    assert ask().status_code == 200


def test_a_lost_answer_leaves_a_tool_that_waits(platform: Platform, tool: ScratchTool) -> None:
    going = Registering.begun(platform, tool, "canvas")
    platform.faults.set("lost_answer", endpoint="registration", times=1)
    with pytest.raises(requests.ConnectionError):
        going.send()
    assert not platform.store.tool(going.offer.client_id).active
    assert going.send().status_code == 401


@pytest.mark.parametrize("product", NAMES)
def test_answers_that_say_too_little(platform: Platform, tool: ScratchTool, product: str) -> None:
    platform.faults.set("no_client_id", endpoint="registration", times=1)
    platform.faults.set("fewer_scopes", endpoint="registration", times=1)
    going = Registering.begun(platform, tool, product)
    said = going.send().json()
    assert "client_id" not in said
    readable = {scope for scope in SCOPES if scope.endswith(".readonly")}
    assert set(said["scope"].split()) == readable
    assert set(platform.store.tool(going.offer.client_id).granted_scopes()) == readable


def test_configurations_that_lead_elsewhere(platform: Platform, tool: ScratchTool) -> None:
    going = Registering.begun(platform, tool, "moodle")
    platform.faults.set("foreign_issuer", endpoint="configuration", times=1)
    assert going.read().json()["issuer"] == "https://elsewhere.example"
    platform.faults.set("foreign_endpoints", endpoint="configuration", times=1)
    facts = going.read().json()
    assert facts["issuer"] == platform.issuer
    assert facts["registration_endpoint"].startswith("https://elsewhere.example/")


@pytest.mark.parametrize(("kind", "endpoint"), [("foreign_issuer", "registration"), ("fewer_scopes", "token")])
def test_faults_have_their_places(platform: Platform, kind: str, endpoint: str) -> None:
    with pytest.raises(ValueError, match="applies to"):
        platform.faults.set(kind, endpoint=endpoint)


def test_secrets_are_in_no_log(platform: Platform, tool: ScratchTool) -> None:
    for product in NAMES:
        going = Registering.begun(platform, tool, product)
        going.read()
        going.send()
        secret = going.told.get("registration_token") or going.offer.token
        assert not any(secret in entry.path + entry.query for entry in platform.requests)


def test_an_offer_is_used_once() -> None:
    offers = Offers()
    one = Offer(id="1", number=1, product="moodle", address="", origin="", began=NOW, client_id="c", deployment_id="1")
    offers.begin(one)
    assert [offers.use("1", {"a": 1}), offers.use("1", {"a": 2})] == [True, False]
    assert offers.get("1").request == {"a": 1}


def test_a_removed_tool_is_gone_with_its_links(platform: Platform, tool: ScratchTool) -> None:
    going = registered(platform, tool, "brightspace")
    link = platform.add_link(tool.link(client_id=going.offer.client_id))
    remove(platform, going.offer.client_id)
    assert platform.store.tool(going.offer.client_id) is None
    assert platform.store.link(link.id) is None
    registered(platform, tool, "brightspace")


def test_the_pages_lead_through(platform: Platform, tool: ScratchTool) -> None:
    address = "http://127.0.0.1:1/register/secret/"
    form = {"address": address, "product": "moodle"}
    begun = requests.post(f"{platform.base_url}/tools/connect", data=form)
    assert (begun.status_code, "<iframe" in begun.text) == (200, True)
    going = Registering(platform, tool, platform.offers.all()[-1])
    closed = f"{platform.base_url}/tools/?closed={going.offer.id}"
    assert "nothing has registered" in requests.get(closed).text
    going.send()
    assert "It waits until you activate it" in requests.get(closed).text
    course = f"{platform.base_url}/?person=u-2001"
    assert "Add content from Scratch" in requests.get(course).text
    assert going.offer.client_id not in requests.get(course).text
    requests.post(f"{platform.base_url}/tools/{going.offer.client_id}/activate")
    assert going.offer.client_id in requests.get(course).text
    requests.post(f"{platform.base_url}/tools/{going.offer.client_id}/remove")
    assert going.offer.client_id not in requests.get(closed).text


def test_an_address_is_suggested_until_it_is_used(
    platform: Platform, tool: ScratchTool, configure: Callable[..., None]
) -> None:
    address = "http://127.0.0.1:1/register/suggested/"
    configure(registration_url=address)
    page = f"{platform.base_url}/tools/"
    going = Registering(platform, tool, begin(platform, "moodle", address))
    assert f'value="{address}"' in requests.get(page).text
    going.send()
    assert address not in requests.get(page).text


def test_a_tab_instead_of_a_frame(platform: Platform) -> None:
    form = {"address": "http://127.0.0.1:1/register/secret/", "product": "brightspace"}
    begun = requests.post(f"{platform.base_url}/tools/connect", data=form)
    assert ('rel="opener"' in begun.text, "<iframe" in begun.text) == (True, False)


@pytest.mark.parametrize(
    "form", [{}, {"address": "javascript:alert(1)", "product": "moodle"}, {"address": "http://a/"}]
)
def test_a_page_says_what_cannot_begin(platform: Platform, form: dict) -> None:
    answer = requests.post(f"{platform.base_url}/tools/connect", data=form)
    assert (answer.status_code, "This does not work" in answer.text) == (400, True)

"""Access tokens (TOK-01, TOK-02): what our assertion says, and when a token is asked for."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import AccessTokenRefused, AnswerUnreadable, PlatformUnreachable
from lti_1p3_provider.lti import access_tokens, ags, line_items, results, store
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.claims import LTI
from lti_1p3_provider.lti.exchange import Pause
from lti_1p3_provider.lti.transport import perform, run
from lti_1p3_provider.registrations import keys, own_keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.scores.models import LineItem
from tests.broken_cache import BusyCache
from tests.cases import every
from tests.connection import LEARNER
from tests.remembered import seconds_left
from tests.web_server import Said

SCORES = frozenset([ags.SCORE_SCOPE])


def parts(token: str) -> tuple[dict, dict]:
    header, claims = (json.loads(urlsafe_b64decode(part + "===")) for part in token.split(".")[:2])
    return header, claims


def score_posts(connection) -> list:
    return [request for request in connection.platform.requests if request.path.endswith("/scores")]


def tokens_asked(connection) -> int:
    return sum(request.path == "/token" for request in connection.platform.requests)


@pytest.fixture
def deployment(connection) -> Deployment:
    return connection.registration.deployments.get()


def test_tok_01_the_assertion(connection, deployment):
    header, claims = parts(access_tokens.assertion(deployment))
    now = time.time()
    assert header == {"alg": "RS256", "typ": "JWT", "kid": keys.published()[0]["kid"]}
    assert claims["iss"] == claims["sub"] == connection.client_id
    assert claims["aud"] == connection.platform.auth_token_url
    assert now - 7 <= claims["iat"] <= now - 4
    assert claims["exp"] - claims["iat"] == 300
    assert claims[f"{LTI}deployment_id"] == "1"


def test_tok_01_the_audience_and_the_deployment_are_the_registrations_choice(connect):
    deployment = connect(auth_audience="https://api.platform.example/auth").registration.deployments.get()
    deployment.registration.deployment_id_in_assertion = False
    _, claims = parts(access_tokens.assertion(deployment))
    assert claims["aud"] == "https://api.platform.example/auth"
    assert f"{LTI}deployment_id" not in claims


def test_tok_01_each_attempt_has_a_jti_of_its_own(deployment):
    assert len({parts(access_tokens.assertion(deployment))[1]["jti"] for _ in range(5)}) == 5


def test_tok_02_the_platform_verifies_and_the_token_is_shared(connection, deployment):
    before = tokens_asked(connection)
    first = access_tokens.access_token(deployment, [ags.SCORE_SCOPE])
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE]) == first
    assert tokens_asked(connection) - before == 1
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE], fresh=True) != first


def test_tok_02_tokens_of_registrations_deployments_and_scopes_are_apart(connect):
    first, second = connect(), connect()
    other = Deployment.objects.create(registration=first.registration, deployment_id="2")
    result = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
    given = {
        access_tokens.access_token(first.registration.deployments.get(deployment_id="1"), [ags.SCORE_SCOPE]),
        access_tokens.access_token(first.registration.deployments.get(deployment_id="1"), [result]),
        access_tokens.access_token(other, [ags.SCORE_SCOPE]),
        access_tokens.access_token(second.registration.deployments.get(), [ags.SCORE_SCOPE]),
    }
    assert len(given) == 4


def test_a_refusal_says_status_and_error_and_no_secret(connection, deployment):
    deployment.registration.client_id = "somebody else"
    with pytest.raises(AccessTokenRefused) as caught:
        access_tokens.access_token(deployment, [ags.SCORE_SCOPE])
    assert caught.value.detail == "status 401, error 'invalid_client'"


def test_ags_02_ags_08_the_score_message(connection, deployment):
    score = ags.Score("u-1", 7.5, 10, datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    assert score.as_json() == {
        "userId": "u-1",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 7.5,
        "scoreMaximum": 10,
    }
    assert isinstance(score.as_json()["scoreMaximum"], int)


def test_ags_08_ags_10_whole_points_are_integers_and_a_zone_stays(connection):
    zone = timezone(timedelta(hours=-3))
    sent = ags.Score("u", 7.0, 10.5, datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone)).as_json()
    assert (sent["timestamp"], sent["scoreGiven"], sent["scoreMaximum"]) == ("2026-01-02T03:04:05.000-03:00", 7, 10.5)
    assert isinstance(sent["scoreGiven"], int)


@every(
    "item, scores",
    [
        ("https://p.example/items/1", "https://p.example/items/1/scores"),
        ("https://p.example/items/1/?a=b&c=%2F", "https://p.example/items/1/scores?a=b&c=%2F"),
        ("https://p.example/items/X#part", "https://p.example/items/X/scores"),
    ],
)
def test_ags_05_scores_end_the_path(item, scores):
    assert ags.scores_url(item) == scores


def test_tok_02_ags_15_one_new_token_and_one_more_try_when_it_is_refused(connection, deployment):
    connection.enter(connection.link(graded=True))
    column, score = LineItemAddress(LineItem.objects.get().url, SCORES), ags.Score(LEARNER, 1, 2, datetime.now(UTC))
    for status, tries in ((401, 2), (403, 1), (400, 1), (404, 1), (503, 1)):
        access_tokens.access_token(deployment, [ags.SCORE_SCOPE])
        connection.platform.faults.clear()
        connection.platform.faults.set("status", endpoint="scores", status=status)
        posts, tokens = len(score_posts(connection)), tokens_asked(connection)
        assert run(ags.post_score(deployment, column, score)).status == status
        asked = (len(score_posts(connection)) - posts, tokens_asked(connection) - tokens)
        assert asked == (tries, tries - 1), status


def test_ags_15_open_edx_means_an_access_token_that_is_over_with_403_too(connection, deployment):
    connection.enter(connection.link(graded=True))
    Registration.objects.update(platform="openedx")
    deployment.refresh_from_db()
    connection.platform.faults.set("status", endpoint="scores", status=403, times=1)
    score = ags.Score(LEARNER, 1, 2, datetime.now(UTC))
    assert run(ags.post_score(deployment, LineItemAddress(LineItem.objects.get().url, SCORES), score)).ok


def test_tok_02_many_that_find_a_token_refused_ask_for_one_new_token(deployment, says):
    endpoint = says({"access_token": "first", "expires_in": 3600})
    refused = access_tokens.access_token(deployment, SCORES)
    says({"access_token": "second", "expires_in": 3600})
    asked = [run(access_tokens.obtain(deployment, SCORES, refused=refused)) for _ in range(3)]
    assert asked == ["second"] * 3
    assert len(endpoint.asked) == 2


def test_tok_02_a_refused_token_never_comes_back(deployment, says):
    """Not if the next one is good for a moment only, and not if there is none."""
    says({"access_token": "first", "expires_in": 3600})
    refused = access_tokens.access_token(deployment, SCORES)
    says({"access_token": "second", "expires_in": 30})
    assert run(access_tokens.obtain(deployment, SCORES, refused=refused)) == "second"
    says({"access_token": "third", "expires_in": 3600})
    assert run(access_tokens.obtain(deployment, SCORES)) == "third"
    says({"error": "busy"}, status=503)
    with pytest.raises(AccessTokenRefused):
        run(access_tokens.obtain(deployment, SCORES, refused="third"))
    says({"access_token": "fourth", "expires_in": 3600})
    assert run(access_tokens.obtain(deployment, SCORES)) == "fourth"


def test_tok_02_one_asks_and_the_others_wait_for_what_it_learns(deployment, says):
    endpoint = says({"access_token": "t", "expires_in": 3600})
    first, second = access_tokens.obtain(deployment, SCORES), access_tokens.obtain(deployment, SCORES)
    request = next(first)
    assert isinstance(next(second), Pause)
    with pytest.raises(StopIteration) as one:
        first.send(perform(request))
    with pytest.raises(StopIteration) as other:
        second.send(None)
    assert (one.value.value, other.value.value) == ("t", "t")
    assert len(endpoint.asked) == 1


def test_tok_02_a_batch_asks_the_cache_once_and_takes_no_turn_for_that(deployment, asked_of_cache):
    def asked(deployment: Deployment) -> list[str]:
        asked_of_cache.clear()
        assert access_tokens.access_token(deployment, SCORES)
        return list(asked_of_cache)

    access_tokens.access_token(deployment, SCORES)
    another = Deployment.objects.get(pk=deployment.pk)
    assert [asked(another), asked(another), asked(deployment)] == [["get"], [], []]


def test_tok_02_who_waits_in_vain_for_what_another_process_learns_gives_up(deployment, monkeypatch):
    """Not before a request may take as long, and not much later."""
    assert store.add(f"{access_tokens._name(deployment, SCORES)}:asked", 60)
    waiting, real = access_tokens.obtain(deployment, SCORES), time.monotonic
    assert [next(waiting), next(waiting)] == [Pause(0.05)] * 2
    monkeypatch.setattr(time, "monotonic", lambda: real() + conf.http_timeout - 1)
    assert next(waiting) == Pause(0.05)
    monkeypatch.setattr(time, "monotonic", lambda: real() + conf.http_timeout)
    with pytest.raises(PlatformUnreachable, match="another process is asking for an access token"):
        next(waiting)


@pytest.mark.parametrize(("another", "asked"), [("t", 0), ("refused", 1)])
def test_tok_02_what_somebody_learns_between_our_look_and_our_turn_is_taken(
    deployment, says, settings, request, another, asked
):
    endpoint, name = says({"access_token": "t", "expires_in": 3600}), access_tokens._name(deployment, SCORES)

    def learn(wanted: str, found: object) -> None:
        if wanted == name and found is None:
            store.put(name, another, 60)

    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.BusyCache", "LOCATION": request.node.name}}
    request.addfinalizer(BusyCache.others.clear)
    BusyCache.others.append(learn)
    assert run(access_tokens.obtain(deployment, SCORES, refused="refused")) == "t"
    assert len(endpoint.asked) == asked


# --- what a platform may answer, by a token endpoint of a few lines ---------------------------------------------------


class Answering(BaseHTTPRequestHandler):
    """Answers each POST with what the test wants, and keeps what was asked."""

    status, body = 200, b""
    asked: list[tuple[dict[str, str], dict[str, str]]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((dict(self.headers), dict(parse_qsl(form))))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def says(deployment) -> Iterator[Callable[..., None]]:
    """Return a function that chooses what the deployment's token endpoint answers."""

    class Handler(Answering):
        asked: list[tuple[dict[str, str], dict[str, str]]] = []  # noqa: RUF012

    def chosen(body: object, status: int = 200) -> type[Answering]:
        Handler.status, Handler.body = status, body if isinstance(body, bytes) else json.dumps(body).encode()
        return Handler

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    deployment.registration.auth_token_url = f"http://127.0.0.1:{server.server_port}/token"
    yield chosen
    server.shutdown()
    server.server_close()


def test_tok_01_the_request(deployment, says):
    endpoint = says({"access_token": "t", "expires_in": 3600})
    assert access_tokens.access_token(deployment, ["scope:b", "scope:a"]) == "t"
    ((headers, form),) = endpoint.asked
    assert headers["Accept"] == "application/json"
    assert set(form) == {"grant_type", "client_assertion_type", "client_assertion", "scope"}
    assert form["scope"] == "scope:a scope:b"


@pytest.mark.parametrize(
    ("said", "kept"),
    [(3600, 3540), ("120", 60), (None, 540), (10**9, 86340), (61, 1), (60, None), (30, None), (-5, None)],
)
def test_tok_02_a_token_is_kept_until_a_minute_before_its_end(deployment, says, said, kept):
    endpoint = says({"access_token": "t"} | ({} if said is None else {"expires_in": said}))
    access_tokens.access_token(deployment, ["scope"])
    left = seconds_left("lti1p3:token:")
    assert len(left) == (kept is not None)
    assert all(kept - 5 < seconds <= kept for seconds in left)
    if kept is None:
        access_tokens.access_token(deployment, ["scope"])
        assert len(endpoint.asked) == 2


def test_tok_02_a_fresh_token_replaces_the_one_that_was_kept(deployment, says):
    endpoint = says({"access_token": "first", "expires_in": 3600})
    access_tokens.access_token(deployment, ["scope"])
    says({"access_token": "second", "expires_in": 3600})
    assert access_tokens.access_token(deployment, ["scope"]) == "first"
    assert access_tokens.access_token(deployment, ["scope"], fresh=True) == "second"
    assert access_tokens.access_token(deployment, ["scope"]) == "second"
    assert len(endpoint.asked) == 2


@every(
    "status, body, detail",
    [
        (200, {}, "status 200, error 'None'"),
        (200, [], "status 200, error 'None'"),
        (200, "t", "status 200, error 'None'"),
        (200, b"", "status 200, error 'None'"),
        (200, {"access_token": ""}, "status 200, error 'None'"),
        (200, {"access_token": ["t"]}, "status 200, error 'None'"),
        (200, {"error": "odd"}, "status 200, error 'odd'"),
        (302, {"access_token": "t"}, "status 302, error 'None'"),
        (500, {"access_token": "t"}, "status 500, error 'None'"),
        (400, {"error": "x" * 100}, f"status 400, error '{'x' * 64}'"),
        (401, b"", "status 401, error 'None'"),
    ],
)
def test_tok_01_answers_without_a_token(deployment, says, status, body, detail):
    says(body, status)
    with pytest.raises(AccessTokenRefused) as caught:
        access_tokens.access_token(deployment, ["scope"])
    assert caught.value.detail == detail


def test_tok_01_an_answer_that_is_no_json(deployment, says):
    says(b"<html>", 502)
    with pytest.raises(AnswerUnreadable):
        access_tokens.access_token(deployment, ["scope"])


def test_ags_02_the_headers_of_a_score(deployment, says):
    endpoint = says({"access_token": "t", "expires_in": 3600})
    column = LineItemAddress(deployment.registration.auth_token_url, SCORES)
    assert run(ags.post_score(deployment, column, ags.Score(LEARNER, 1, 2, datetime.now(UTC)))).ok
    _, (headers, _) = endpoint.asked
    assert headers["Authorization"] == "Bearer t"
    assert headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert headers["Accept"] == "application/vnd.ims.lis.v1.score+json"


# --- fewer scopes than the launch listed ------------------------------------------------------------------------------

ALL = " ".join(sorted(ags.SCOPES))
GRANTED = Said(json.dumps({"access_token": "t", "expires_in": 3600}).encode())


def scopes_asked(web_server) -> list[str]:
    return [dict(parse_qsl(asked.body.decode()))["scope"] for asked in web_server.asked if "/token" in asked.path]


def a_token(deployment, needed: str) -> str:
    return access_tokens.access_token(deployment, ags.SCOPES, needed=needed)


def refused_as(error: str, status: int = 400) -> Said:
    return Said(json.dumps({"error": error}).encode(), status)


@pytest.mark.parametrize(
    "refused",
    [
        refused_as("invalid_scope"),
        refused_as(" INVALID_SCOPE ", 401),
        refused_as("insufficient_scope", 403),
        refused_as("access_denied", 500),
        refused_as("invalid_scope", 200),
        refused_as(" Invalid scope"),
        Said(json.dumps({"access_token": "t", "scope": [ags.SCORE_SCOPE]}).encode()),
        Said(json.dumps({"access_token": "t", "scope": f"{ags.RESULT_SCOPE}, {ags.SCORE_SCOPE}"}).encode()),
        Said(json.dumps({"access_token": "t", "scope": ags.SCORE_SCOPE}).encode()),
        Said(json.dumps({"access_token": "t", "scope": f"{ags.RESULT_SCOPE} {ags.SCORE_SCOPE}"}).encode()),
    ],
)
def test_tok_02_a_platform_that_grants_fewer_scopes_is_asked_for_one_alone_and_that_is_remembered(
    deployment, web_server, refused
):
    deployment.registration.auth_token_url = web_server.says_in_turn(refused, GRANTED) + "/token"
    assert a_token(deployment, ags.SCORE_SCOPE) == a_token(deployment, ags.SCORE_SCOPE) == "t"
    assert scopes_asked(web_server) == [ALL, ags.SCORE_SCOPE]
    elsewhere = Deployment.objects.get(pk=deployment.pk)  # another process
    elsewhere.registration.auth_token_url = deployment.registration.auth_token_url
    assert a_token(elsewhere, ags.SCORE_SCOPE) == "t"
    assert a_token(elsewhere, ags.RESULT_SCOPE) == "t"
    assert scopes_asked(web_server) == [ALL, ags.SCORE_SCOPE, ags.RESULT_SCOPE]


@pytest.mark.parametrize(
    "scope", [None, "", ALL, "openid", f"{ALL} openid", ["x"], 7, ",".join(sorted(ags.SCOPES))], ids=str
)
def test_tok_02_what_says_nothing_of_fewer_scopes_is_one_token_for_all(deployment, web_server, scope):
    said = Said(json.dumps({"access_token": "t", "expires_in": 3600, "scope": scope}).encode())
    deployment.registration.auth_token_url = web_server.says(said) + "/token"
    assert a_token(deployment, ags.SCORE_SCOPE) == a_token(deployment, ags.RESULT_SCOPE) == "t"
    assert scopes_asked(web_server) == [ALL]


@pytest.mark.parametrize(("error", "asked"), [("invalid_scope", 2), ("invalid_client", 1), ("", 1)])
def test_tok_02_what_is_refused_alone_too_is_refused(deployment, web_server, error, asked):
    deployment.registration.auth_token_url = web_server.says(refused_as(error)) + "/token"
    for number in (1, 2):
        with pytest.raises(AccessTokenRefused) as caught:
            a_token(deployment, ags.SCORE_SCOPE)
        assert caught.value.detail == f"status 400, error {error!r}"
        assert len(scopes_asked(web_server)) == (asked + 1 if number == 2 else asked)


@pytest.mark.parametrize(
    ("refused", "tried"),
    [
        (refused_as("invalid_scope"), False),
        (refused_as(" Insufficient_Scope", 403), False),
        (refused_as("invalid_client", 401), True),
        (refused_as("access_denied"), True),  # of what, it does not say
        (Said(b"<html>", 401), True),
        (Said(b"", 400), True),
    ],
    ids=str,
)
def test_tok_02_scopes_that_are_refused_say_nothing_of_a_key(deployment, web_server, refused, tried):
    """A key whose fate is not known is not tried, and does not begin to sign, because of the scopes of a launch."""
    offered, _ = own_keys.offer(deployment.registration)
    deployment.registration.auth_token_url = web_server.says_in_turn(refused, GRANTED) + "/token"
    a_token(deployment, ags.SCORE_SCOPE)
    assert scopes_asked(web_server) == ([ALL, ALL] if tried else [ALL, ags.SCORE_SCOPE])
    offered.refresh_from_db()
    assert offered.status == (ToolKey.Status.ACTIVE if tried else ToolKey.Status.OFFERED)


@pytest.mark.parametrize("said", [refused_as("invalid_scope"), refused_as("insufficient_scope", 403)], ids=str)
def test_tok_02_whether_a_key_is_accepted_is_not_known_if_scopes_are_refused(deployment, web_server, said):
    deployment.registration.auth_token_url = web_server.says(said) + "/token"
    key = keys.signing_key(deployment.registration_id)
    with pytest.raises(AccessTokenRefused):
        run(access_tokens.accepts(deployment, key, SCORES))
    web_server.says(refused_as("invalid_client", 401))
    assert run(access_tokens.accepts(deployment, key, SCORES)) is False


@pytest.mark.parametrize("needed", ["", "https://scope.example/not-listed"])
def test_tok_02_a_scope_that_the_launch_did_not_list_is_not_asked_for(deployment, web_server, needed):
    deployment.registration.auth_token_url = web_server.says(refused_as("invalid_scope")) + "/token"
    with pytest.raises(AccessTokenRefused):
        a_token(deployment, needed)
    assert scopes_asked(web_server) == [ALL]


def test_tok_02_a_token_for_one_scope_that_ended_early_is_replaced_by_such(deployment, web_server):
    again = Said(json.dumps({"access_token": "u", "expires_in": 3600}).encode())
    home = web_server.says_in_turn(refused_as("invalid_scope"), GRANTED, Said(status=401), again, Said())
    deployment.registration.auth_token_url = f"{home}/token"
    answer = run(
        ags.post_score(deployment, LineItemAddress(f"{home}/item", ags.SCOPES), ags.Score("u", 1, 2, datetime.now(UTC)))
    )
    assert answer.ok
    assert scopes_asked(web_server) == [ALL, ags.SCORE_SCOPE, ags.SCORE_SCOPE]


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (lambda one, column: ags.post_score(one, column, ags.Score("u", 1, 2, datetime.now(UTC))), ags.SCORE_SCOPE),
        (lambda one, column: line_items.read(one, column), ags.LINE_ITEM_READ_SCOPE),
        (lambda one, column: line_items.search(one, column), ags.LINE_ITEM_READ_SCOPE),
        (
            lambda one, column: line_items.create(one, column, line_items.NewLineItem("l", 1, "r", "t")),
            ags.LINE_ITEM_SCOPE,
        ),
        (lambda one, column: line_items.delete(one, column), ags.LINE_ITEM_SCOPE),
        (lambda one, column: results.read(one, column), ags.RESULT_SCOPE),
    ],
)
def test_tok_02_each_call_needs_one_scope(deployment, web_server, call, needed):
    done = Said(status=204, headers={"Location": "/items/1"})
    home = web_server.says_in_turn(refused_as("invalid_scope"), GRANTED, done)
    deployment.registration.auth_token_url = f"{home}/token"
    run(call(deployment, LineItemAddress(f"{home}/item", ags.SCOPES)))
    assert scopes_asked(web_server) == [ALL, needed]


@every("token", ["a b", "a\r\nX: y", "€", "\ud800", "x" * 70_000, "a\x00"])
def test_tok_02_what_no_header_takes_is_no_token(deployment, says, token):
    says({"access_token": token})
    with pytest.raises(AccessTokenRefused, match="characters that no header takes"):
        access_tokens.access_token(deployment, SCORES)


def test_tok_02_spaces_around_a_token_are_none_of_it(deployment, says):
    says({"access_token": " t\n", "expires_in": 3600})
    assert access_tokens.access_token(deployment, SCORES) == "t"


@every("said", [10**4000, -(10**400), 1e308, -1e308, "nan", "inf", "-inf", "9" * 5000, [], {}, True, "²"])
def test_tok_02_no_lifetime_breaks_anything(said):
    assert access_tokens._lifetime(said) <= access_tokens.MAX_LIFETIME

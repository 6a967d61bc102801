"""Access tokens (TOK-01, TOK-02): what our assertion says, and when a token is asked for."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode

import pytest

from lti_1p3_provider.errors import AccessTokenRefused
from lti_1p3_provider.lti import access_tokens, ags
from lti_1p3_provider.lti.claims import LTI
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment


def parts(token: str) -> tuple[dict, dict]:
    header, claims = (json.loads(urlsafe_b64decode(part + "===")) for part in token.split(".")[:2])
    return header, claims


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
    assert claims["iat"] <= now - 4
    assert claims["exp"] - claims["iat"] <= 300
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
    from datetime import UTC, datetime

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

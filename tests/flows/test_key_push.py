"""A Canvas that has one key of us: it is sent a new one, and whatever is lost on the way, scores are signed with the
key that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import jwt
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connections

from demo.platform.key_push import PATH
from demo.platform.vocabulary import SCOPE_PUBLIC_JWK, SCOPES
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    KeyPushImpossible,
    KeyPushRefused,
    KeyPushUnsettled,
    PlatformUnreachable,
)
from lti_1p3_provider.lti import access_tokens, ags, content_items, public_jwk, transport
from lti_1p3_provider.lti.content_items import Answer
from lti_1p3_provider.onboarding import key_push
from lti_1p3_provider.registrations import keys, own_keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem
from tests.cases import every
from tests.connection import Connection
from tests.scoring import earn, given, launched, make_due
from tests.web_server import Said

Status = ToolKey.Status


@pytest.fixture
def canvas(connect: Callable[..., Connection]) -> Connection:
    """A Canvas that was given the site's key by hand and reads no address."""
    connection = connect(platform="canvas")
    tool = connection.platform.store.tool(connection.client_id)
    assert tool is not None
    connection.platform.add_tool(replace(tool, jwks_url="", scopes=(*SCOPES, SCOPE_PUBLIC_JWK)))
    connection.platform.tool_keys.paste(connection.client_id, keys.published()[0])
    return connection


def deployment_of(connection: Connection) -> Deployment:
    return connection.registration.deployments.get()


def known_there(connection: Connection) -> str:
    """Return the kid of the key that the platform has."""
    return str((connection.platform.tool_keys.pasted(connection.client_id) or {})["kid"])


def signs(connection: Connection) -> str:
    return str(jwt.get_unverified_header(access_tokens.assertion(deployment_of(connection)))["kid"])


def own(connection: Connection) -> list[str]:
    return list(connection.registration.own_keys.order_by("pk").values_list("status", flat=True))


def gets_a_token(connection: Connection) -> bool:
    return bool(access_tokens.access_token(deployment_of(connection), [ags.SCORE_SCOPE], fresh=True))


def pushed(connection: Connection, host: str = "") -> key_push.Pushed:
    return key_push.push(connection.registration, host or connection.platform.base_url)


@pytest.fixture
def puts(canvas: Connection) -> Callable[[], int]:
    """Return a function that counts the keys that were sent. The platform serves all tests."""

    def counted() -> int:
        return sum(request.path == PATH for request in canvas.platform.requests)

    before = counted()
    return lambda: counted() - before


def test_the_new_key_signs_from_the_answer_on(canvas, lms):
    before = signs(canvas)
    done = pushed(canvas)
    assert (done.signs, done.answered) == (True, True)
    assert known_there(canvas) == signs(canvas) == done.kid != before
    assert gets_a_token(canvas)
    assert keys.signing_key().kid == before  # the site's own, for everybody else
    assert done.kid in {jwk["kid"] for jwk in keys.published()}


def test_an_answer_to_deep_linking_is_signed_with_it_too(canvas):
    pushed(canvas)
    token = content_items.sign(deployment_of(canvas), Answer())
    tool = canvas.platform.store.tool(canvas.client_id)
    assert canvas.platform.tool_keys.claims(tool, token)["iss"] == canvas.client_id


def test_scores_arrive_before_and_after(canvas):
    link = launched(canvas)
    earn(1)
    deliver_due()
    assert given(canvas, link) == (1, 4)
    pushed(canvas, canvas.platform.base_url)
    cache.clear()  # no token of before
    earn(3)
    make_due()
    deliver_due()
    assert given(canvas, link) == (3, 4)


def test_one_push_after_another_leaves_one_key_that_signs(canvas):
    kids = [pushed(canvas).kid for _ in range(3)]
    assert len(set(kids)) == 3
    assert own(canvas) == [Status.ROTATED, Status.ROTATED, Status.ACTIVE]
    assert known_there(canvas) == signs(canvas) == kids[-1]


def test_the_admin_notes_which_key_was_sent(canvas, admin_client, admin_user):
    pushed(canvas)
    (old,) = canvas.registration.own_keys.all()
    page = f"/admin/lti_1p3_provider/registration/{canvas.registration.pk}/push-key/"
    assert admin_client.post(page, {"host": canvas.platform.base_url}).status_code == 302
    assert set(Change.objects.values_list("actor", "name", "action", "after__status")) == {
        (admin_user.pk, old.kid, "changed", "rotated"),
        (admin_user.pk, signs(canvas), "created", "active"),
    }


def test_a_key_whose_fate_is_not_known_is_noted(canvas):
    access_tokens.access_token(deployment_of(canvas), public_jwk.SCOPES)
    canvas.platform.faults.set("lost_answer", endpoint="key_push", times=1)
    canvas.platform.faults.set("status", endpoint="token", status=503)
    where = (f"--registration={canvas.registration.pk}", f"--host={canvas.platform.base_url}")
    with pytest.raises(CommandError):
        call_command("lti_1p3_keys", "push", *where)
    (key,) = canvas.registration.own_keys.all()
    assert list(Change.objects.values_list("name", "action", "way", "after__status")) == [
        (key.kid, "created", "command", "offered")
    ]


# --- what gets lost ---------------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_after_it_took_effect(canvas, puts):
    canvas.platform.faults.set("lost_answer", endpoint="key_push", times=1)
    done = pushed(canvas)
    assert (done.signs, done.answered) == (True, False)
    assert known_there(canvas) == signs(canvas) == done.kid
    assert puts() == len(own(canvas)) == 1
    assert gets_a_token(canvas)


@pytest.mark.parametrize("fault", [{"kind": "lost_request"}, {"kind": "status", "status": 502}])
def test_a_request_that_is_lost_before_it_took_effect(canvas, fault):
    before = signs(canvas)
    canvas.platform.faults.set(**fault, endpoint="key_push", times=1)
    done = pushed(canvas)
    assert (done.signs, done.answered) == (False, False)
    assert known_there(canvas) == signs(canvas) == before
    assert gets_a_token(canvas)
    again = pushed(canvas)  # the same key: the platform might have it after all
    assert (again.kid, again.signs) == (done.kid, True)
    assert known_there(canvas) == signs(canvas) == done.kid
    assert own(canvas) == [Status.ACTIVE]


@pytest.mark.parametrize("took_effect", [True, False])
def test_while_nobody_knows_scores_find_the_key_that_the_platform_has(canvas, took_effect):
    """The answer is lost, and token requests fail as well; later they work."""
    link = launched(canvas)
    access_tokens.access_token(deployment_of(canvas), public_jwk.SCOPES)
    canvas.platform.faults.set("lost_answer" if took_effect else "lost_request", endpoint="key_push", times=1)
    canvas.platform.faults.set("status", endpoint="token", status=503)
    with pytest.raises(KeyPushUnsettled):
        pushed(canvas)
    canvas.platform.faults.clear()
    assert own(canvas) == [Status.OFFERED]
    earn(2)
    deliver_due()
    assert given(canvas, link) == (2, 4)
    assert own(canvas) == [Status.ACTIVE if took_effect else Status.OFFERED]
    assert signs(canvas) == known_there(canvas)


def test_an_answer_that_comes_true_later_is_noticed_then(canvas):
    """The push seems to have failed and the old key works; then the platform gets round to it."""
    canvas.platform.faults.set("lost_request", endpoint="key_push", times=1)
    assert not pushed(canvas).signs
    (offered,) = canvas.registration.own_keys.all()
    canvas.platform.tool_keys.paste(canvas.client_id, offered.public_jwk)
    assert gets_a_token(canvas)
    assert signs(canvas) == offered.kid


def test_neither_key_gets_a_token(canvas):
    access_tokens.access_token(deployment_of(canvas), public_jwk.SCOPES)
    canvas.platform.faults.set("lost_request", endpoint="key_push", times=1)
    canvas.platform.tool_keys.paste(canvas.client_id, {**keys.published()[0], "kid": "another"})
    with pytest.raises(KeyPushUnsettled, match="neither"):
        pushed(canvas)
    assert own(canvas) == [Status.OFFERED]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_says_why_and_leaves_everything_as_it_was(canvas, status):
    before = signs(canvas)
    canvas.platform.faults.set("status", endpoint="key_push", status=status)
    with pytest.raises(KeyPushRefused) as caught:
        pushed(canvas)
    assert f"answers {status}: {key_push.MEANINGS[status]}" in caught.value.detail
    assert signs(canvas) == known_there(canvas) == before
    assert own(canvas) == [Status.RETIRED]
    assert gets_a_token(canvas)


def test_a_key_that_may_be_there_is_not_taken_back_for_a_refusal_of_later(canvas):
    canvas.platform.faults.set("lost_request", endpoint="key_push", times=1)
    pushed(canvas)
    canvas.platform.faults.set("status", endpoint="key_push", status=404)
    with pytest.raises(KeyPushRefused):
        pushed(canvas)
    assert own(canvas) == [Status.OFFERED]


def test_without_the_scope_nothing_is_sent_and_no_key_is_made(canvas, puts):
    tool = canvas.platform.store.tool(canvas.client_id)
    canvas.platform.add_tool(replace(tool, scopes=SCOPES))
    with pytest.raises(AccessTokenRefused):
        pushed(canvas)
    assert (puts(), own(canvas)) == (0, [])


def test_a_host_that_is_not_the_platforms_gets_nothing(canvas, puts, web_server):
    with pytest.raises(AddressForbidden):
        pushed(canvas, web_server.says(Said()))
    assert (web_server.asked, own(canvas)) == ([], [])


@every("host", ["not a host", "https://", "user@school.example", "javascript:alert(1)"])
def test_what_is_no_host(canvas, puts, host):
    with pytest.raises((KeyPushImpossible, AddressForbidden)):
        pushed(canvas, host)
    assert puts() == 0


def test_platforms_that_take_no_keys_and_registrations_without_a_deployment(connection, canvas):
    with pytest.raises(KeyPushImpossible, match="takes no keys"):
        pushed(connection)
    canvas.registration.deployments.update(status=Deployment.Status.PENDING)
    with pytest.raises(KeyPushImpossible, match="no approved deployment"):
        pushed(canvas)


# --- at the same moment -----------------------------------------------------------------------------------------------


def test_a_delivery_that_signed_with_the_old_key_asks_again_with_the_new_one(canvas):
    """Its request is made before the push, and reaches the platform after it."""
    asking = access_tokens.obtain(deployment_of(canvas), [ags.SCORE_SCOPE])
    with_old_key = next(asking)
    done = pushed(canvas)
    with_new_key = asking.send(transport.perform(with_old_key))
    assert jwt.get_unverified_header(with_new_key.form["client_assertion"])["kid"] == done.kid
    with pytest.raises(StopIteration) as end:
        asking.send(transport.perform(with_new_key))
    assert end.value.value


def test_a_delivery_while_the_answer_is_on_its_way_settles_the_key(canvas):
    """The platform has the new key already, and we do not know yet."""
    offered, _ = own_keys.offer(canvas.registration)
    canvas.platform.tool_keys.paste(canvas.client_id, offered.public_jwk)
    assert gets_a_token(canvas)
    assert signs(canvas) == offered.kid
    own_keys.settle(offered)  # what the push does a moment later
    assert own(canvas) == [Status.ACTIVE]


def test_of_two_pushes_at_once_one_goes_on(canvas, puts):
    canvas.platform.faults.set("slow", endpoint="key_push", seconds=0.5)
    came: list[object] = []

    def push() -> None:
        try:
            came.append(pushed(canvas).kid)
        except KeyPushImpossible as error:
            came.append(error.code)
        finally:
            connections.close_all()

    both = [Thread(target=push) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(str(one) for one in came)[-1] == "key_push_impossible"
    assert known_there(canvas) == signs(canvas)
    assert own(canvas) == [Status.ACTIVE]
    assert puts() == 1


def test_a_push_of_one_registration_changes_no_other(canvas, connect):
    other = connect(platform="canvas")
    before = signs(other)
    pushed(canvas)
    assert (signs(other), own(other)) == (before, [])


# --- whose host -------------------------------------------------------------------------------------------------------


def test_the_schools_host_is_the_one_of_its_columns(canvas):
    launched(canvas)
    assert key_push.school(canvas.registration) == canvas.platform.base_url
    assert key_push.push(canvas.registration).signs
    LineItem.objects.update(url="https://school.instructure.com/api/lti/courses/1/line_items/2")
    assert key_push.school(canvas.registration) == "https://school.instructure.com"


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({}, ""),
        ({"other_origins": "https://*.school.edu https://canvas.school.edu"}, "https://canvas.school.edu"),
        ({"auth_token_url": "https://school.instructure.com/login/oauth2/token"}, "https://school.instructure.com"),
        ({"auth_token_url": "https://canvas.instructure.com/login/oauth2/token"}, ""),
        (
            {"issuer": "https://own.example", "auth_token_url": "https://own.example/login/oauth2/token"},
            "https://own.example",
        ),
    ],
)
def test_the_schools_host_before_any_launch(db, values, host):
    usual = {
        "issuer": "https://canvas.instructure.com",
        "auth_token_url": "https://sso.canvaslms.com/login/oauth2/token",
    }
    registration = Registration(title="T", platform="canvas", client_id="c", **{**usual, **values})
    registration.save()
    assert key_push.school(registration) == host
    if not host:
        Deployment.objects.create(registration=registration, deployment_id="1")
        with pytest.raises(KeyPushImpossible, match="name it"):
            key_push.push(registration)


def test_the_emulated_canvas_is_strict(canvas):
    """What it refuses is what the real one refuses."""
    deployment = deployment_of(canvas)
    url = f"{canvas.platform.base_url}{PATH}"
    good = keys.published()[0]
    for jwk in ({}, {**good, "kid": ""}, {**good, "alg": "HS256"}, {**good, "n": "AA"}, {**good, "d": "secret"}):
        status = transport.run(public_jwk.put(deployment, url, jwk)).status
        assert status == (422 if jwk else 400), jwk


def test_no_answer_at_all_to_the_first_token_request(canvas):
    canvas.platform.faults.set("lost_request", endpoint="token")
    with pytest.raises(PlatformUnreachable):
        pushed(canvas)
    assert own(canvas) == []

"""MIG-02: a platform that came through LTI 1.1 proves its key before it registers; over real HTTP."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from demo.browser import Browser
from demo.lms.models import LtiConsumer, LtiUser, Profile
from demo.platform import Platform
from demo.platform.registration.products import remove
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import LegacyKeyUnproved
from lti_1p3_provider.onboarding import invitations, reading
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.onboarding.models import Invitation, OpenedConfiguration
from lti_1p3_provider.registrations.legacy_way import SAME_IDS
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, Registration
from lti_1p3_provider.users.models import LegacyMatch, PlatformUser
from lti_1p3_provider.web.sealed import seal, unseal
from tests.cases import every
from tests.connection import COURSE, WELCOME
from tests.inviting import CAPTURE, TOKEN, TOOL, Registering, said
from tests.registering import Invited
from tests.tenants import tenant
from tests.traces import SUPPORT_CODE
from tests.web_server import Said

KEY, SECRET = "riverside", "s3cret-of-riverside"
UNTIL = timezone.now().date() + timedelta(days=60)
NONCE = "aB3dE6gH9jK2"


@pytest.fixture(autouse=True)
def riverside(transactional_db):
    for key in (KEY, "lakeside"):
        LtiConsumer.objects.create(consumer_key=key, consumer_name=key, consumer_secret=f"s3cret-of-{key}")


@pytest.fixture
def there(lms, web_server) -> Registering:
    return Registering(web_server)


@pytest.fixture
def invited(lms: str, platform: Platform) -> Iterator[Invited]:
    """Somebody whose platform shall prove its key. Afterwards the platform has forgotten what registered."""
    row, url = invite(Offer(name="Riverside Moodle", allowed_courses=(COURSE,), legacy_until=UNTIL))
    yield Invited(platform, lms, row, url, options={"replaces": (KEY, SECRET)})
    for offer in platform.offers.all():
        remove(platform, offer.client_id)
        platform.offers.forget(offer.id)
    platform.offers.attempts.clear()


def proof(key: str = KEY, secret: str = SECRET, nonce: str = NONCE) -> dict[str, str]:
    sign = hashlib.sha256(f"{key}{secret}{nonce}".encode()).hexdigest()
    return {"key": key, "nonce": nonce, "sign": sign}


def known(**consumer: str) -> Said:
    """What Moodle says of a tool of LTI 1.1 before it updates it; nothing of the proof if there is none."""
    tool = {**CAPTURE["registration_response"]["body"][TOOL], "version": "LTI-1p0"}
    return said(
        {"client_name": "Old", "scope": "", TOOL: {**tool, **({"oauth_consumer": consumer} if consumer else {})}}
    )


def register(there: Registering, url: str, answer: Said) -> Any:
    """Go the whole way with a platform that gives this answer when it is asked for its key."""
    page = there.look(url, answer)
    there.server.says_in_turn(answer, said(there.response))
    return there.go_on(page)


def open_and_unused() -> bool:
    row = Invitation.objects.latest("pk")
    return (row.status, row.sent_at, row.proof_digest) == ("open", None, None)


def test_moodle_updates_its_old_tool_and_learners_keep_their_accounts(invited: Invited):
    page = invited.reads().text
    assert "A proof of the key that it has used on LTI 1.1" in page
    done = invited.registers()
    assert done.status_code == 200
    assert "Learners who came from there on LTI 1.1 keep their accounts" in done.text
    connection = invited.connection()
    row = connection.registration
    assert (row.legacy_way, row.legacy_consumer_key, row.legacy_until) == (SAME_IDS, KEY, UNTIL)
    noted = Change.objects.get(kind="registration", way="invitation").after
    assert (noted["legacy_way"], noted["legacy_consumer_key"]) == (SAME_IDS, KEY)
    invited.activates()
    old, other = (get_user_model().objects.create_user(name, password="x") for name in ("old", "other"))
    for user, of in ((old, KEY), (other, "lakeside")):
        Profile.objects.create(user=user)
        LtiUser.objects.create(
            lti_consumer=LtiConsumer.objects.get(consumer_key=of), lti_user_id="proved-7", edx_user=user
        )
    connection.person("proved-7")
    assert connection.launch(connection.link(WELCOME), "proved-7").status_code == 200
    assert PlatformUser.objects.get(sub="proved-7").user == old
    assert LegacyMatch.objects.get().outcome == "adopted"


def test_the_request_is_the_same_and_the_key_is_asked_for_once_with_the_token(there):
    page = register(there, there.invite(legacy_until=UNTIL), known(**proof()))
    assert page.status_code == 200
    configuration, asked, sent = there.server.asked[-3:]
    assert (asked.method, asked.path) == ("GET", sent.path)
    assert asked.headers["Authorization"] == sent.headers["Authorization"] == f"Bearer {TOKEN}"
    assert configuration.method == "GET"
    assert "oauth_consumer" not in sent.body.decode()
    assert Registration.objects.get().legacy_consumer_key == KEY


def test_an_invitation_whose_last_day_is_over_registers_nobody(there):
    url = there.invite(legacy_until=UNTIL)
    Invitation.objects.update(legacy_until=timezone.now().date() - timedelta(days=1))
    page = register(there, url, known(**proof()))
    assert page.status_code == 403
    assert "did not prove" in page.text
    assert not Registration.objects.exists()
    assert open_and_unused()


@pytest.mark.parametrize("values", [{}, {"host": "{host}"}])
def test_nobody_is_asked_for_a_key_where_the_invitation_asks_for_none(there, values):
    """A platform that offers one all the same is not listened to."""
    url = there.invite(**{name: value.format(host=there.host) for name, value in values.items()})
    before = len(there.server.asked)
    answer = {**there.response, TOOL: {**there.response[TOOL], "oauth_consumer": proof()}}
    assert there.register(url, said(answer)).status_code == 200
    assert [one.method for one in there.server.asked[before:]] == ["GET", "POST"]
    assert Registration.objects.get().legacy_way == ""


HOSTILE = {
    "the secret of another key": known(**proof(secret="s3cret-of-lakeside")),
    "a secret that was replaced": known(**proof(secret="older")),
    "no such key": known(**proof("nobody", SECRET)),
    "another case of the key": known(**proof("Riverside", SECRET)),
    "a blank after the key": known(**proof("riverside ", SECRET)),
    "a hash of nothing": known(**{**proof(), "sign": "0" * 64}),
    "no hash": known(key=KEY, nonce=NONCE),
    "a tool that is added": Said(b"No registration found.", 404),
    "a tool of LTI 1.3": known(),
    "a page": Said(b"<!doctype html><p>Sign in", 200, {"Content-Type": "text/html"}),
    "no object": said([proof()]),
    "no JSON": Said(b"{", 200, {"Content-Type": "application/json"}),
    "a redirect": Said(b"", 302, {"Location": "/elsewhere"}),
    "a fault": Said(b"", 500),
}


def test_without_a_proof_nothing_is_sent_and_the_invitation_stays_good(there):
    url = there.invite(legacy_until=UNTIL)
    for name, answer in HOSTILE.items():
        page = register(there, url, answer)
        assert page.status_code == 403, name
        assert "did not prove that it used this site before" in page.text, name
        assert "update that tool instead of adding another one" in page.text, name
        assert there.posted == [], name
        assert not Registration.objects.exists(), name
        assert open_and_unused(), name
        attempt = LaunchAttempt.objects.first()
        assert SUPPORT_CODE.search(page.text)[1] == attempt.support_code, name
        assert (attempt.outcome, attempt.door) == ("legacy_key_unproved", "register"), name
        assert SECRET not in f"{attempt.__dict__}{page.text}", name
    assert register(there, url, known(**proof())).status_code == 200


def test_a_key_that_the_invitation_does_not_name_is_refused(there):
    url = there.invite(legacy_until=UNTIL, legacy_consumer_key="lakeside")
    assert register(there, url, known(**proof())).status_code == 403
    assert open_and_unused()
    assert register(there, url, known(**proof("lakeside", "s3cret-of-lakeside"))).status_code == 200
    assert Registration.objects.get().legacy_consumer_key == "lakeside"


def test_a_proof_that_was_shown_before_is_refused(there):
    assert register(there, there.invite(legacy_until=UNTIL), known(**proof())).status_code == 200
    Registration.objects.all().delete()
    assert register(there, there.invite(legacy_until=UNTIL), known(**proof())).status_code == 403
    assert len(there.posted) == 1
    fresh = known(**proof(nonce="another1Nonce"))
    assert register(there, there.invite(legacy_until=UNTIL), fresh).status_code == 200


def test_of_invitations_used_at_once_with_one_proof_one_gets_through():
    rows = [invite(Offer(name=str(number), legacy_until=UNTIL))[0] for number in range(4)]
    barrier = Barrier(4)

    def one(row: Invitation) -> bool:
        barrier.wait(10)
        try:
            invitations.use(row, "https://m.example", proof="d" * 64)
        except LegacyKeyUnproved:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(one, rows)) == [False, False, False, True]
    assert Invitation.objects.filter(status="open", proof_digest=None).count() == 3


@pytest.mark.parametrize("product", ["canvas", "brightspace", "sakai"])
def test_platforms_that_prove_nothing_are_refused_and_not_asked(invited: Invited, product: str):
    invited = invited.like(product)
    assert invited.registers().status_code == 403
    assert invited.sent == []
    assert invited.status() == "open"


def test_moodle_that_adds_a_tool_is_refused_and_registers_when_it_updates_one(invited: Invited):
    adding = invited.like("moodle")
    assert adding.registers().status_code == 403
    assert invited.sent == []
    assert invited.registers().status_code == 200


def test_two_submits_at_once_register_once(invited: Invited):
    page = invited.reads()
    with ThreadPoolExecutor(4) as several:
        statuses = sorted(several.map(lambda _: invited.presses(page, Browser()).status_code, range(4)))
    assert statuses[0] == 200
    assert len(invited.sent) == 1
    assert Registration.objects.get().legacy_consumer_key == KEY


def test_secrets_are_in_no_log(there, caplog):
    with caplog.at_level(logging.DEBUG):
        register(there, there.invite(legacy_until=UNTIL), known(**proof(secret="older")))
        register(there, there.invite(legacy_until=UNTIL), known(**proof()))
    own = ("urllib3", "django.server")
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith(own))
    for secret in (SECRET, proof()["sign"], NONCE, TOKEN):
        assert secret not in logged


def test_an_address_that_may_not_be_called_uses_nothing_up(there, settings):
    """Its name leads to a private address by now."""
    page = there.look(there.invite(legacy_until=UNTIL))
    kept, moved = unseal(reading.PURPOSE, OpenedConfiguration.objects.get().content, 60), "https://localhost"
    kept = {"address": f"{moved}/openid-configuration", "text": kept["text"].replace(there.base, moved)}
    OpenedConfiguration.objects.update(content=seal(reading.PURPOSE, kept))
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    assert "address_forbidden" in there.go_on(page).text
    assert open_and_unused()


@every(
    "values, field",
    [
        ({"legacy_consumer_key": KEY}, "legacy_until"),
        ({"legacy_until": timezone.now().date() - timedelta(days=1)}, "legacy_until"),
        ({"legacy_until": UNTIL, "legacy_consumer_key": "a\0b"}, "legacy_consumer_key"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(values, field):
    with pytest.raises(ValidationError) as error:
        invite(Offer(name="Riverside", **values))
    assert list(error.value.message_dict) == [field]


def test_the_command_and_the_admin_make_such_invitations(admin_client, capsys):
    call_command("lti_1p3_invite", "--name=R", f"--legacy-until={UNTIL}", f"--legacy-key={KEY}", "--json")
    assert json.loads(capsys.readouterr().out)["url"]
    row = Invitation.objects.get()
    assert (row.legacy_until, row.legacy_consumer_key) == (UNTIL, KEY)
    assert Change.objects.get(kind="invitation").after["legacy_until"] == str(UNTIL)
    accounts = dict.fromkeys(ACCOUNT_FIELDS, "new")
    form = {"name": "R", "host": "", "days": "7", "block_filter": "{}", "confine_sessions": "on", **accounts}
    page = "/admin/lti_1p3_provider/invitation/"
    assert admin_client.get(f"{page}add/?like={row.pk}").context["adminform"].form.initial["legacy_until"] == UNTIL
    made = admin_client.post(f"{page}add/", {**form, "legacy_until": str(UNTIL)})
    assert made.status_code == 200
    assert Invitation.objects.filter(legacy_until=UNTIL, legacy_consumer_key="").exists()


def test_only_superusers_invite_so_through_the_api():
    cache.clear()
    body = {"name": "R", "legacy_until": str(UNTIL)}
    assert list(tenant()("POST", "invitations/", body).json()["fields"]) == ["legacy_until"]
    made = tenant(role="", is_superuser=True)("POST", "invitations/", body)
    assert made.status_code == 201
    assert made.json()["legacy_until"] == str(UNTIL)
    assert tenant()("POST", "invitations/", {"name": "R", "legacy_until": None}).status_code == 201

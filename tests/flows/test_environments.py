"""Canvas's beta and test: copies of production with the same ids, under registrations of their own, never mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError

from demo.browser import Browser
from demo.lms import grades
from demo.platform import Platform, PlatformConfig, RunningPlatform, Tool
from demo.platform.vocabulary import SCOPE_PUBLIC_JWK, SCOPES
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import KeyPushUnsettled
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.lti import access_tokens, ags, public_jwk
from lti_1p3_provider.onboarding import key_push
from lti_1p3_provider.onboarding.environments import make_siblings
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations import find, keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import AGS_CLAIM, COURSE, LEARNER, OTHER_PROBLEM, PROBLEM, Connection
from tests.scoring import COURSE as KEY
from tests.scoring import block, given, launched
from tests.unit.registering import run

CANVAS = PRESETS["canvas"]
BETA, TEST = CANVAS.environments


@pytest.fixture
def production(db: None) -> Registration:
    row = Registration.objects.create(
        title="Riverside Canvas",
        platform="canvas",
        client_id="10000000000001",
        trust_emails=True,
        enrolment_mode="audit",
        ahead_way="enrol",
        other_origins="https://canvas.riverside.example",
        **{
            name: getattr(CANVAS.endpoints, name)
            for name in ("issuer", "auth_login_url", "auth_token_url", "key_set_url")
        },
    )
    for name, status in (("1:a", "approved"), ("2:b", "disabled"), ("3:c", "pending")):
        Deployment.objects.create(registration=row, deployment_id=name, status=status)
    LaunchGate.objects.create(registration=row, allowed_courses=[COURSE])
    return row


def ids(row: Registration) -> dict[str, str]:
    return dict(row.deployments.values_list("deployment_id", "status"))


def test_both_are_made_with_their_own_addresses_and_the_same_ids_and_gate(production):
    made = make_siblings(production)
    assert [(one.environment, one.created, one.ours) for one in made] == [("beta", True, True), ("test", True, True)]
    for one, environment in zip(made, (BETA, TEST), strict=True):
        row = Registration.objects.get(pk=one.registration.pk)
        assert row.title == f"Riverside Canvas ({environment.name})"
        assert row.issuer == f"https://canvas.{environment.name}.instructure.com"
        for address in (row.auth_login_url, row.auth_token_url, row.key_set_url):
            assert address.startswith(f"https://sso.{environment.name}.canvaslms.com/")
        assert (row.client_id, row.trust_emails, row.enrolment_mode, row.enabled) == (
            "10000000000001",
            True,
            "audit",
            True,
        )
        assert row.ahead_way == ""
        assert ids(row) == ids(production)
        assert row.gate.allowed_courses == [COURSE]
        assert row.production == production
        assert find.registration_for(environment.endpoints.issuer, "10000000000001") == row


def test_again_makes_nothing_and_brings_in_step_what_was_added(production):
    first = [one.registration for one in make_siblings(production)]
    Registration.objects.filter(pk=first[0].pk).update(enabled=False, title="Our beta")
    first[0].deployments.filter(deployment_id="1:a").update(status="disabled")
    Deployment.objects.create(registration=production, deployment_id="4:d")
    LaunchGate.objects.filter(registration=production).update(allowed_orgs=["DemoX"])
    again = make_siblings(production)
    assert [(one.registration, one.created) for one in again] == [(row, False) for row in first]
    beta = Registration.objects.get(pk=first[0].pk)
    assert (beta.enabled, beta.title) == (False, "Our beta")
    assert ids(beta) == {"1:a": "disabled", "2:b": "disabled", "3:c": "pending", "4:d": "approved"}
    assert beta.gate.allowed_orgs == ["DemoX"]
    assert Registration.objects.count() == 3


def test_a_production_without_a_gate_takes_none_away(production):
    beta = make_siblings(production)[0].registration
    LaunchGate.objects.filter(registration=production).delete()
    make_siblings(production)
    assert LaunchGate.objects.get(registration=beta).allowed_courses == [COURSE]


def test_one_that_was_made_by_hand_is_left_alone(production):
    by_hand = Registration.objects.create(
        title="By hand", platform="canvas", issuer=BETA.endpoints.issuer, client_id=production.client_id
    )
    beta, test = make_siblings(production)
    assert (beta.registration, beta.created, beta.ours) == (by_hand, False, False)
    assert (by_hand.deployments.count(), LaunchGate.objects.filter(registration=by_hand).exists()) == (0, False)
    assert test.created


@pytest.mark.parametrize(
    "values", [{"platform": "moodle"}, {"issuer": "https://canvas.school.example"}, {"issuer": BETA.endpoints.issuer}]
)
def test_what_has_no_siblings(production, values):
    Registration.objects.filter(pk=production.pk).update(**values)
    production.refresh_from_db()
    with pytest.raises(ValidationError):
        make_siblings(production)
    assert Registration.objects.count() == 1


def test_hosts_of_production_are_none_of_beta_and_the_other_way_round(production):
    beta, test = (one.registration for one in make_siblings(production))
    assert "https://*.beta.instructure.com" in beta.origins
    assert not {"https://*.instructure.com", "https://*.test.instructure.com"} & set(beta.origins)
    assert "https://canvas.riverside.example" not in beta.origins
    assert "https://*.test.instructure.com" in test.origins
    assert "https://*.instructure.com" in production.origins


def test_the_command_makes_them_too_and_says_their_numbers(db):
    arguments = ["--title=Hill", "--issuer=https://canvas.instructure.com", "--client-id=7", "--deployment-id=1:a"]
    arguments += ["--preset=canvas", "--environments"]
    told = run(*arguments)
    assert [(one["environment"], one["created"]) for one in told["environments"]] == [("beta", True), ("test", True)]
    assert {one["registration"] for one in told["environments"]} == set(
        Registration.objects.filter(production=told["registration"]).values_list("pk", flat=True)
    )
    assert [one["created"] for one in run(*arguments)["environments"]] == [False, False]
    with pytest.raises(CommandError, match="not production"):
        run(*(one.replace("canvas.ins", "canvas.own.ins") for one in arguments))
    assert Registration.objects.count() == 3


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_copy_has_the_key_that_production_was_given(production, tool_key_pem):
    own = keys.import_pem(tool_key_pem, production, kid="pasted")
    beta, test = (one.registration for one in make_siblings(production))
    assert {keys.signing_key(row.pk).kid for row in (production, beta, test)} == {own.kid}
    keys.generate()
    keys.retire("pasted", beta)
    assert keys.signing_key(test.pk).kid == "pasted"


# --- launches: production and beta are two platforms that run here ----------------------------------------------------


@pytest.fixture(scope="module")
def beta_platform() -> Iterator[Platform]:
    with RunningPlatform(PlatformConfig(issuer=BETA.endpoints.issuer)) as running:
        yield running


@pytest.fixture
def both(connect: Callable[..., Connection], beta_platform: Platform) -> Iterator[tuple[Connection, Connection]]:
    """Production, and the copy of it that the action made, on a platform with beta's issuer."""
    production = connect(platform="canvas")
    shown, real = production.registration, production.registration.issuer
    shown.issuer = CANVAS.endpoints.issuer  # as if it were hosted, while the siblings are made
    beta = make_siblings(shown)[0].registration
    shown.issuer = real
    addresses = ("auth_login_url", "auth_token_url", "key_set_url")
    Registration.objects.filter(pk=beta.pk).update(**{name: getattr(beta_platform, name) for name in addresses})
    beta.refresh_from_db()
    tool = production.platform.store.tool(production.client_id)
    assert isinstance(tool, Tool)
    beta_platform.add_tool(replace(tool))
    yield production, Connection(beta_platform, beta, production.lms)
    beta_platform.faults.clear()


def people(connection: Connection) -> list[PlatformUser]:
    return list(PlatformUser.objects.filter(registration=connection.registration))


def test_the_same_person_there_is_another_account_here(both):
    production, beta = both
    for one in both:
        launched(one)
    (there,), (here,) = people(production), people(beta)
    assert there.sub == here.sub == LEARNER
    assert there.user_id != here.user_id
    assert ResourceLink.objects.filter(deployment__registration=beta.registration).count() == 1


def test_an_answer_in_beta_reaches_betas_gradebook_only(both):
    """The link's and the column's ids may be the same in both: a copy has them."""
    production, beta = both
    links = [launched(one, id="the-same-link") for one in both]
    for one, points in zip(both, (1, 3), strict=True):
        grades.record(people(one)[0].user, KEY, block(PROBLEM), points, 4)
    deliver_due()
    assert (given(production, links[0]), given(beta, links[1])) == ((1, 4), (3, 4))


def test_a_column_of_production_that_beta_names_gets_nothing_from_beta(both):
    """A copy may still name the addresses of what it was copied from."""
    production, beta = both
    of_production = launched(production)
    column = LineItem.objects.get().url
    link = beta.link(OTHER_PROBLEM, graded=True)
    beta.tampered_launch(link, claims=lambda said: {**said, AGS_CLAIM: {**said[AGS_CLAIM], "lineitem": column}})
    before = len(production.platform.score_attempts)
    grades.record(people(beta)[0].user, KEY, block(OTHER_PROBLEM), 4, 4)
    deliver_due()
    assert len(production.platform.score_attempts) == before
    assert given(production, of_production) is None


@pytest.mark.parametrize("off", [0, 1], ids=["production", "beta"])
def test_each_is_switched_off_by_itself(both, off):
    Registration.objects.filter(pk=both[off].registration.pk).update(enabled=False)
    pages = [one.launch(one.link(PROBLEM)) for one in both]
    assert [page.status_code for page in pages] == [403 if number == off else 200 for number in (0, 1)]
    assert LaunchAttempt.objects.filter(outcome="registration_disabled").count() == 1


def test_a_token_of_beta_is_none_of_production(both):
    """Beta's platform signs with its own keys and says its own issuer."""
    production, beta = both
    form = production.launch_form(production.link(PROBLEM))
    token = beta.launch_form(beta.link(PROBLEM)).fields["id_token"]
    page = Browser().post(form.action, data={**form.fields, "id_token": token}, timeout=10)
    assert page.status_code in (400, 403)
    assert people(production) == []


def test_a_key_that_production_was_sent_is_waiting_for_the_day_beta_is_a_copy(both, beta_platform):
    """Until then beta has the key of before; then production's, from one moment to the next."""
    production, beta = both
    old = keys.published()[0]
    for one in both:
        tool: Any = one.platform.store.tool(one.client_id)
        one.platform.add_tool(replace(tool, jwks_url="", scopes=(*SCOPES, SCOPE_PUBLIC_JWK)))
        one.platform.tool_keys.paste(one.client_id, old)
    done = key_push.push(production.registration, production.platform.base_url)
    deployment = beta.registration.deployments.get()
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE], fresh=True)
    assert keys.signing_key(beta.registration.pk).kid == old["kid"]
    beta_platform.tool_keys.paste(beta.client_id, production.platform.tool_keys.pasted(production.client_id))
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE], fresh=True)
    assert keys.signing_key(beta.registration.pk).kid == done.kid
    assert ToolKey.objects.filter(registration=beta.registration).count() == 1


def test_a_copy_is_offered_a_key_whose_push_ended_without_knowing(both, beta_platform):
    """Nobody knew whether production has it; a later request for a token learns it."""
    production, beta = both
    tool: Any = production.platform.store.tool(production.client_id)
    production.platform.add_tool(replace(tool, jwks_url="", scopes=(*SCOPES, SCOPE_PUBLIC_JWK)))
    production.platform.tool_keys.paste(production.client_id, keys.published()[0])
    deployment = production.registration.deployments.get()
    access_tokens.access_token(deployment, public_jwk.SCOPES)
    production.platform.faults.set("lost_answer", endpoint="key_push", times=1)
    production.platform.faults.set("status", endpoint="token", status=503)
    with pytest.raises(KeyPushUnsettled):
        key_push.push(production.registration, production.platform.base_url)
    production.platform.faults.clear()
    assert not ToolKey.objects.filter(registration=beta.registration).exists()
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE], fresh=True)
    offered = ToolKey.objects.get(registration=beta.registration)
    assert (offered.kid, offered.status) == (keys.signing_key(production.registration.pk).kid, ToolKey.Status.OFFERED)

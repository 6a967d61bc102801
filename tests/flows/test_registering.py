"""Platforms that register themselves by invitation, each kind as strict and as faulty as the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.browser import Browser
from demo.platform import Platform
from demo.platform.registration.products import PRODUCTS, remove
from demo.platform.vocabulary import SCOPES, TOOL_CONFIGURATION
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.connection import COURSE, INSTRUCTOR, OTHER_COURSE, PROBLEM, RIGHT, WELCOME, answer, usage
from tests.registering import TIMEOUT, Invited
from tests.scoring import given
from tests.traces import SUPPORT_CODE, refusal

NAMES = tuple(PRODUCTS)
Status = Invitation.Status
SOON = usage("vertical", "today", OTHER_COURSE)


@pytest.fixture
def invited(lms: str, platform: Platform) -> Iterator[Invited]:
    """Somebody with an invitation for the demo course. Afterwards the platform has forgotten what registered."""
    row, url = invite(Offer(name="Riverside Moodle", allowed_courses=(COURSE,)))
    yield Invited(platform, lms, row, url)
    for offer in platform.offers.all():
        remove(platform, offer.client_id)
        platform.offers.forget(offer.id)
    platform.offers.attempts.clear()


def asked_of_the_registration_server(platform: Platform) -> list[str]:
    """What we asked it for, as paths; the platform serves all tests, so this counts from the last restart."""
    return [entry.path for entry in platform.requests if entry.path.startswith("/registration/")]


@pytest.mark.parametrize("product", NAMES)
def test_a_platform_registers_and_its_people_launch_and_get_scores(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    assert "Riverside Moodle" in invited.reads().text
    page = invited.registers()
    assert page.status_code == 200, page.text
    connection = invited.connection()
    assert (connection.registration.platform, invited.status()) == (product, Status.REGISTERED)
    assert connection.registration.gate.allowed_courses == [COURSE]
    tool = invited.activates()
    browser, link = Browser(), connection.link(PROBLEM, graded=True)
    content = connection.launch(link, browser=browser)
    assert answer(browser, content, RIGHT).json() == {"earned": 4.0, "possible": 4.0}
    assert given(connection, link) == (4, 4)
    assert "gate" in refusal(connection.launch(connection.link(SOON, course=OTHER_COURSE)))
    known = [(row.deployment_id, row.status) for row in connection.registration.deployments.all()]
    assert known == [(tool.deployment_id, Deployment.Status.APPROVED)]


@pytest.mark.parametrize("product", NAMES)
def test_instructors_choose_content_there(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    assert invited.registers().status_code == 200
    tool = invited.activates()
    assert tool.services["deep_linking"]
    page = Browser().open(invited.platform.deep_link_url(INSTRUCTOR, tool.client_id))
    assert page.status_code == 200
    assert "Primary colours" in page.text or "Working with light" in page.text


@pytest.mark.parametrize("product", NAMES)
def test_what_is_asked_for_is_supported_there(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    assert invited.registers().status_code == 200
    (attempt,) = invited.sent
    body = json.loads(attempt.body)
    assert set(body["scope"].split()) <= set(SCOPES)
    assert body[TOOL_CONFIGURATION]["domain"] == invited.lms.partition("://")[2]
    assert attempt.authorized is (product != "brightspace")
    histories = {"moodle": {"context_history"}, "sakai": set()}
    wanted = histories.get(product, {"context_history", "resource_link_history"})
    assert set(body[TOOL_CONFIGURATION].get("custom_parameters", ())) == wanted


@pytest.mark.parametrize("product", ["canvas", "brightspace"])
def test_dr_05_the_first_deployment_is_let_in_and_others_wait(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    assert invited.registers().status_code == 200
    connection = invited.connection()
    assert not connection.registration.deployments.exists()
    tool = invited.activates()
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    invited.platform.add_tool(replace(tool, deployment_id="a second one"))
    refusal(connection.launch(connection.link(WELCOME)))
    states = {row.deployment_id: row.status for row in connection.registration.deployments.all()}
    assert states == {tool.deployment_id: Deployment.Status.APPROVED, "a second one": Deployment.Status.PENDING}


@pytest.mark.parametrize("product", ["canvas", "brightspace"])
def test_a_deployment_that_is_told_is_the_only_one(invited: Invited, product: str) -> None:
    invited = invited.like(product, tells_deployment=True)
    assert invited.registers().status_code == 200
    connection, tool = invited.connection(), invited.activates()
    assert [row.deployment_id for row in connection.registration.deployments.all()] == [tool.deployment_id]
    invited.platform.add_tool(replace(tool, deployment_id="another"))
    refusal(connection.launch(connection.link(WELCOME)))


@pytest.mark.parametrize("product", NAMES)
def test_opening_and_reloading_use_nothing_up(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    before = len(asked_of_the_registration_server(invited.platform))
    for _ in range(3):  # a prefetching browser, a reload
        assert invited.opens(Browser()).status_code == 200
    assert len(asked_of_the_registration_server(invited.platform)) == before
    for _ in range(3):
        assert invited.reads(Browser()).status_code == 200
    read = asked_of_the_registration_server(invited.platform)[before:]
    assert read == [f"/registration/{product}/openid-configuration"]  # once: Brightspace's works once
    assert invited.status() == Status.OPEN
    assert invited.registers().status_code == 200


@pytest.mark.parametrize("product", NAMES)
def test_dr_08_two_submits_at_once_register_once(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    page = invited.reads()
    with ThreadPoolExecutor(4) as several:
        statuses = sorted(several.map(lambda _: invited.presses(page, Browser()).status_code, range(4)))
    assert statuses[0] == 200
    assert len(invited.sent) == 1
    assert Registration.objects.count() == 1
    assert invited.presses(page).status_code == 200  # pressed again, it says what has become of it
    assert len(invited.sent) == 1


@pytest.mark.parametrize("product", NAMES)
def test_a_tool_that_waits_there_is_launched_by_nobody(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    assert invited.registers().status_code == 200
    connection = invited.connection()
    link = connection.link(WELCOME)
    said = connection.launch(link)
    assert (said.status_code, "waits for an administrator" in said.text) == (403, True)
    assert not LaunchAttempt.objects.filter(door="launch").exists()
    invited.activates()
    assert connection.launch(link).status_code == 200


def test_an_address_that_works_once_and_was_read_by_somebody_else_is_explained(invited: Invited) -> None:
    """Something that looks at links in mails came first."""
    invited = invited.like("brightspace")
    named = parse_qs(urlsplit(invited.tool_page).query)["openid_configuration"][0]
    assert Browser().get(named, timeout=TIMEOUT).status_code == 200
    page = invited.reads()
    assert "configuration_unreadable" in page.text
    assert refusal(page, statuses=range(400, 600))
    assert (invited.sent, invited.status()) == ([], Status.OPEN)
    assert replace(invited, offer=None).registers().status_code == 200  # as the page says, from the beginning there


def test_dr_07_a_platform_that_opened_a_tab_can_be_told(invited: Invited) -> None:
    """Django's own default cuts a tab off from whoever opened it."""
    for page in (invited.opens(), invited.reads(), invited.registers()):
        assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_dr_08_an_invitation_is_good_for_one_platform(invited: Invited) -> None:
    other = invited.like("canvas")
    assert invited.registers().status_code == 200
    refusal(other.registers())
    assert [attempt.product for attempt in invited.sent] == ["moodle"]


def spread(faults: Sequence[tuple[str, dict[str, int]]]) -> list[tuple[str, str, dict[str, int]]]:
    """Each fault at two products, so that each product has several."""
    return [
        (NAMES[(number + step) % len(NAMES)], kind, options)
        for number, (kind, options) in enumerate(faults)
        for step in (0, 1)
    ]


UNREADABLE = (
    ("html", {}),
    ("redirect", {}),
    ("status", {"status": 404}),
    ("status", {"status": 500}),
    ("lost_answer", {}),
    ("foreign_issuer", {}),
    ("foreign_endpoints", {}),
)


@pytest.mark.parametrize("product", NAMES)
def test_dr_02_dr_03_a_configuration_that_is_none(invited: Invited, product: str) -> None:
    for kind, options in ((kind, options) for one, kind, options in spread(UNREADABLE) if one == product):
        begun = invited.like(product)  # the administrator begins again there
        begun.platform.faults.set(kind, endpoint="configuration", **options)
        assert refusal(begun.reads(), statuses=range(400, 600)), (kind, options)
        assert (invited.sent, invited.status()) == ([], Status.OPEN), (kind, options)
        assert not Registration.objects.exists(), (kind, options)
        begun.platform.faults.clear()
    assert invited.like(product).registers().status_code == 200


def test_dr_02_only_hosts_that_canvas_is_known_to_have_may_differ(
    invited: Invited, configure: Callable[..., None]
) -> None:
    """Hosted schools share issuer and endpoints; whoever just says that it is a Canvas is believed nothing."""
    configure(school_url=invited.platform.base_url.replace("127.0.0.1", "localhost"))
    page = invited.like("canvas").reads()
    assert refusal(page, statuses=range(400, 600))
    assert "configuration_foreign" in page.text
    assert (invited.sent, invited.status()) == ([], Status.OPEN)


def test_a_configuration_that_does_not_come(invited: Invited, settings) -> None:
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 0.2
    invited.platform.faults.set("slow", endpoint="configuration", seconds=3)
    assert refusal(invited.reads(), statuses=range(400, 600))
    assert (invited.sent, invited.status()) == ([], Status.OPEN)


LOST = (("html", {}), ("redirect", {}), ("lost_answer", {}), ("no_client_id", {}), ("status", {"status": 502}))


@pytest.mark.parametrize(("product", "kind", "options"), spread(LOST))
def test_an_answer_that_tells_nothing_is_never_asked_for_again(
    invited: Invited, product: str, kind: str, options: dict[str, int]
) -> None:
    invited = invited.like(product)
    page = invited.reads()
    invited.platform.faults.set(kind, endpoint="registration", **options)
    said = invited.presses(page)
    assert said.status_code >= 400
    assert SUPPORT_CODE.search(said.text)
    assert "registration_answer_lost" in said.text
    assert (len(invited.sent), invited.status()) == (1, Status.UNKNOWN)
    invited.platform.faults.clear()
    for again in (lambda: invited.presses(page), invited.registers):
        assert again().status_code >= 400
    assert len(invited.sent) == 1
    assert not Registration.objects.exists()


@pytest.mark.parametrize("product", NAMES)
def test_a_refusal_is_shown_in_the_platforms_words(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    page = invited.reads()
    invited.platform.faults.set("status", endpoint="registration", status=422)
    said = invited.presses(page)
    assert said.status_code >= 400
    assert "A fault that was switched on." in said.text
    assert (len(invited.sent), invited.status()) == (1, Status.REFUSED)
    assert LaunchAttempt.objects.filter(outcome="registration_not_taken").count() == 1


@pytest.mark.parametrize("product", NAMES)
def test_dr_05_fewer_scopes_than_asked_are_said_and_stored(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    invited.platform.faults.set("fewer_scopes", endpoint="registration")
    page = invited.registers()
    assert page.status_code == 200
    assert "did not grant everything" in page.text
    (attempt,) = invited.sent
    assert "score" not in json.loads(attempt.answer)["scope"]


def test_a_slow_platform_is_waited_for(invited: Invited) -> None:
    page = invited.reads()
    invited.platform.faults.set("slow", endpoint="registration", seconds=0.7)
    assert invited.presses(page).status_code == 200


def test_dr_06_a_registration_that_is_there_stays_as_it_is(invited: Invited, connect: Callable) -> None:
    page = invited.reads()
    there = connect(client_id=invited.offer.client_id, title="There before").registration
    said = invited.presses(page)
    assert said.status_code >= 400
    assert "registration_there" in said.text
    row = Registration.objects.get()
    assert (row.pk, row.title) == (there.pk, "There before")


def test_a_second_brightspace_tool_of_our_domain_is_refused_there(invited: Invited) -> None:
    assert invited.like("brightspace").registers().status_code == 200
    row, url = invite(Offer(name="Once more", allowed_courses=(COURSE,)))
    said = Invited(invited.platform, invited.lms, row, url, "brightspace").registers()
    assert "already_registered" in said.text or "is registered" in said.text


@pytest.mark.parametrize("product", NAMES)
def test_secrets_are_in_no_attempt(invited: Invited, product: str) -> None:
    invited = invited.like(product)
    page = invited.reads()
    invited.platform.faults.set("html", endpoint="registration")
    invited.presses(page)
    secrets = {invited.url.rstrip("/").rpartition("/")[2], invited.offer.token or "no token"}
    for attempt in LaunchAttempt.objects.values():
        assert not any(secret in str(attempt) for secret in secrets)


@pytest.mark.parametrize("product", NAMES)
def test_dr_01_the_school_is_named_where_the_platform_says_it(invited: Invited, product: str) -> None:
    text = invited.like(product).reads().text
    assert (invited.platform.config.name in text) is (product == "canvas")

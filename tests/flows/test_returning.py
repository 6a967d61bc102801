"""Launches of learners who were here before: one read brings all that they need, and believes nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import AccountInactive
from lti_1p3_provider.launches.prefetch import Returning
from lti_1p3_provider.lti.claims import Person
from lti_1p3_provider.lti.launch import Names
from lti_1p3_provider.lti.roles import Roles
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.resource_links.record import remember
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import Grant, PlatformUser
from lti_1p3_provider.users.sign_in import account_for
from tests.cases import every
from tests.connection import COURSE, LEARNER, NAMELESS, OTHER_LEARNER, PROBLEM, WELCOME
from tests.reading_rows import reads_of_a_launch
from tests.scoring import launched


@pytest.fixture
def link(connection: Any) -> Any:
    """A graded link that two learners have launched."""
    link = launched(connection)
    connection.enter(link, OTHER_LEARNER)
    return link


def test_a_returning_learner_is_read_once_with_all_that_belongs_to_the_launch(connection, link):
    (read,) = reads_of_a_launch(connection, link, LEARNER)
    for table in (
        "pendingscore",
        "platformuser",
        "resourcelink",
        "context",
        "deployment",
        "registration",
        "launchgate",
    ):
        assert f'JOIN "lti_1p3_provider_{table}"' in read or f'FROM "lti_1p3_provider_{table}"' in read


@every("code", ["registration_disabled", "deployment_disabled", "deployment_unknown"])
def test_a_returning_learner_stays_out_where_the_platform_was_switched_off(connection, link, code):
    Registration.objects.update(enabled=True)
    connection.registration.deployments.update(status=Deployment.Status.APPROVED)
    browser = Browser()
    form = connection.launch_form(link, browser=browser)
    if code == "registration_disabled":
        Registration.objects.filter(pk=connection.registration.pk).update(enabled=False)
    else:
        status = Deployment.Status.DISABLED if code == "deployment_disabled" else Deployment.Status.PENDING
        connection.registration.deployments.update(status=status)
    browser.submit(form)
    assert LaunchAttempt.objects.first().outcome == code


def test_a_gate_that_was_closed_meanwhile_is_closed_for_a_returning_learner(connection, link):
    connection.gate(allowed_keys=["block-v1:Other+Course+1+type@problem+block@x"])
    connection.launch(link)
    assert LaunchAttempt.objects.first().outcome == "gate_closed"


def test_sec_02_a_token_that_nobody_signed_names_a_learner_in_vain(connection, link):
    grants = list(Grant.objects.order_by("pk").values())
    scores = list(PendingScore.objects.order_by("pk").values())
    connection.tampered_launch(link, raw_token=lambda token: f"{token.rpartition('.')[0]}.{'A' * 342}")
    assert LaunchAttempt.objects.first().outcome == "signature_invalid"
    assert list(Grant.objects.order_by("pk").values()) == grants
    assert list(PendingScore.objects.order_by("pk").values()) == scores


def believed(connection: Any, link: Any, person: str) -> Any:
    """What ``Returning`` wants of a launch whose message was verified."""
    message = SimpleNamespace(
        subject=person,
        grade_service=object(),
        deployment_id=Deployment.objects.get(registration=connection.registration).deployment_id,
        resource_link=SimpleNamespace(id=link.id),
    )
    deployment = Deployment.objects.get(registration=connection.registration)
    return SimpleNamespace(message=message, registration=connection.registration, deployment=deployment)


def names(launch: Any) -> Names:
    return Names(launch.message.deployment_id, launch.message.subject, launch.message.resource_link.id)


def test_the_row_is_the_one_that_the_verified_message_names(connection, link):
    other = connection.link(PROBLEM, graded=True)
    connection.enter(other)
    mine, another_person, another_link = (
        believed(connection, *whose) for whose in ((link, LEARNER), (link, OTHER_LEARNER), (other, LEARNER))
    )
    rows = {row.pk: row for row in PendingScore.objects.all()}
    assert len(rows) == 3
    for unverified in (mine, another_person, another_link):
        for launch in (mine, another_person, another_link):
            returning = Returning()
            returning.registration_and_deployment(connection.registration.pk, names(unverified))
            row = returning.known(launch).score
            assert row.platform_user.sub == launch.message.subject
            assert row.line_item.resource_link.link_id == launch.message.resource_link.id


def test_a_learner_of_another_registration_is_none_of_this_ones(connect, connection, link):
    stranger = connect()
    returning, launch = Returning(), believed(connection, link, LEARNER)
    registration, deployment = returning.registration_and_deployment(stranger.registration.pk, names(launch))
    assert registration == stranger.registration
    assert deployment.registration_id == stranger.registration.pk
    launch.registration, launch.deployment = registration, deployment
    assert (known := returning.known(launch)).score is None
    assert (known.person, known.link) == (None, None)


def test_whoever_tries_again_gets_the_row_as_it_is_now(connection, link):
    returning, launch = Returning(), believed(connection, link, LEARNER)
    returning.registration_and_deployment(connection.registration.pk, names(launch))
    first = returning.known(launch).score
    first.line_item.url = "https://undone.example"  # by a transaction that was undone
    again = returning.known(launch).score
    assert again.pk == first.pk
    assert again.line_item.url != first.line_item.url


def test_of_a_new_person_all_is_read_once(connection, link):
    learner, known, lane = reads_of_a_launch(connection, link, NAMELESS)
    assert 'FROM "lti_1p3_provider_pendingscore"' in learner
    for table in ("resourcelink", "context", "lineitem", "deployment", "registration", "launchgate", "platformuser"):
        assert f'"lti_1p3_provider_{table}"' in known
    assert 'FROM "lti_1p3_provider_lane"' in lane


def test_a_new_link_is_looked_for_once(connection, link):
    reads = reads_of_a_launch(connection, connection.link(PROBLEM, graded=True), LEARNER)
    links = [read for read in reads if 'FROM "lti_1p3_provider_resourcelink"' in read]
    assert len(links) == 2  # before the message is verified, and just before the link is made


def test_a_person_and_link_that_came_meanwhile_are_those(connection, link):
    """While the platform's keys were being fetched, say."""
    returning, launch = Returning(), believed(connection, link, NAMELESS)
    returning.registration_and_deployment(connection.registration.pk, names(launch))
    known = returning.known(launch)
    assert (known.is_stranger, known.link.link_id) == (True, link.id)
    connection.enter(link, NAMELESS)
    person = PlatformUser.objects.get(sub=NAMELESS)
    launch.message.person, launch.message.roles = Person(), Roles()
    with transaction.atomic():
        assert account_for(launch, None, is_stranger=True) == person
    get_user_model().objects.filter(pk=person.user_id).update(is_active=False)
    with pytest.raises(AccountInactive), transaction.atomic():
        account_for(launch, None, is_stranger=True)
    launch.message.context, launch.message.resource_link.title = None, "New title"
    course, block = CourseKey.from_string(COURSE), UsageKey.from_string(WELCOME)
    with transaction.atomic():
        found = remember(launch, course, block, None, is_new=True)
    assert (found.link_id, found.title, found.usage_key) == (link.id, "New title", WELCOME)
    assert ResourceLink.objects.get(link_id=link.id).usage_key == WELCOME

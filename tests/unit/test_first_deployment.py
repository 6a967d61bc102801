"""Where a platform registered itself without naming a deployment, the first launch's is let in, once."""

from __future__ import annotations

import pytest

from lti_1p3_provider.errors import DeploymentDisabled, DeploymentUnknown
from lti_1p3_provider.registrations.find import deployment_for
from lti_1p3_provider.registrations.models import Deployment, Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration() -> Registration:
    return Registration.objects.create(
        title="T",
        issuer="https://lms.example",
        client_id="c",
        auth_login_url="https://lms.example/a",
        auth_token_url="https://lms.example/t",
        key_set_url="https://lms.example/k",
        approve_next_deployment=True,
    )


def states() -> dict[str, str]:
    return dict(Deployment.objects.values_list("deployment_id", "status"))


def test_dr_05_the_first_is_let_in_and_the_others_wait(registration):
    assert deployment_for(registration, "7", None).deployment_id == "7"
    for stale in (registration, Registration.objects.get()):
        with pytest.raises(DeploymentUnknown):
            deployment_for(stale, "8", None)
    assert states() == {"7": "approved", "8": "pending"}


def test_dr_05_of_two_first_launches_at_once_both_get_in_if_they_are_of_one_deployment(registration):
    """The second request read the registration before the first was done."""
    deployment_for(Registration.objects.get(), "7", None)
    assert deployment_for(registration, "7", None).deployment_id == "7"
    assert states() == {"7": "approved"}


@pytest.mark.parametrize("status", list(Deployment.Status))
def test_dr_05_a_deployment_that_an_operator_entered_was_the_first(registration, status):
    Deployment.objects.create(registration=registration, deployment_id="1", status=status)
    with pytest.raises(DeploymentUnknown):
        deployment_for(registration, "7", None)
    assert states() == {"1": status, "7": "pending"}


def test_dr_05_one_that_was_switched_off_meanwhile_stays_off(registration):
    Deployment.objects.create(registration=registration, deployment_id="7", status=Deployment.Status.DISABLED)
    with pytest.raises(DeploymentDisabled):
        deployment_for(registration, "7", None)


def test_without_an_invitation_the_first_waits(registration):
    registration.approve_next_deployment = False
    registration.save()
    with pytest.raises(DeploymentUnknown):
        deployment_for(registration, "7", None)


def test_dr_05_the_invitation_lets_one_in_even_if_that_is_deleted(registration):
    deployment_for(Registration.objects.get(), "7", None)
    Deployment.objects.all().delete()
    with pytest.raises(DeploymentUnknown):
        deployment_for(registration, "8", None)
    assert states() == {"8": "pending"}

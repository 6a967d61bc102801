"""The version of before can be put back although an account gave way (migration 0036)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.older import APP, back_to, migrate

BEFORE, AFTER = "0035_proved_keys", "0036_ahead_given_up"


@pytest.fixture
def old(transactional_db: None, pytestconfig: pytest.Config) -> Any:
    """The tables of before."""
    return back_to(BEFORE, pytestconfig)


def test_what_gave_way_goes_with_the_way_back_and_nothing_else_does(old):
    new = migrate(AFTER)

    def model(name: str) -> Any:
        return new.get_model(APP, name).objects

    registration = model("Registration").create(title="T", issuer="https://x.example", client_id="c")
    deployment = model("Deployment").create(registration=registration, deployment_id="1", deployment_digest="1")
    context = model("Context").create(deployment=deployment, context_id="1", context_digest="1")
    user = new.get_model("auth", "User").objects.create(username="u")
    person = model("PlatformUser").create(registration=registration, sub="a", sub_digest="a", user=user)
    for number, whose in enumerate((person, None, None)):
        model("EnrolledAhead").create(
            context=context, platform_user=whose, user=user, course_key="c", course_digest=f"{number}", mode="audit"
        )
    kept = migrate(BEFORE).get_model(APP, "EnrolledAhead").objects.values_list("platform_user", flat=True)
    assert list(kept) == [person.pk]
    rows = migrate(AFTER).get_model(APP, "EnrolledAhead").objects.all()
    assert [(row.platform_user_id, row.refused_at) for row in rows] == [(person.pk, None)]

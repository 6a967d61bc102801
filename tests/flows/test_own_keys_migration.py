"""Keys of before become the site's, and the version of before never signs with a registration's (migration 0021)."""

from __future__ import annotations

from typing import Any

import pytest

from lti_1p3_provider.registrations.tool_keys import identity
from tests.older import APP, back_to, migrate

BEFORE, AFTER = "0019_outline_search", "0021_own_keys"


@pytest.fixture
def old(transactional_db: None, pytestconfig: pytest.Config) -> Any:
    """The tables of before."""
    return back_to(BEFORE, pytestconfig)


def test_keys_of_before_are_the_sites_and_go_on(old):
    for kid, status in (("a" * 32, "active"), ("b" * 32, "rotated"), ("c" * 32, "retired")):
        old.get_model(APP, "ToolKey").objects.create(kid=kid, status=status, private_key="x", public_jwk={"kid": kid})
    rows = migrate(AFTER).get_model(APP, "ToolKey").objects.order_by("pk")
    assert [(row.kid[0], row.status) for row in rows] == [("a", "active"), ("b", "rotated"), ("c", "retired")]
    assert all(row.registration_id is None and not row.handed_over for row in rows)
    assert [row.identity for row in rows] == [identity(None, row.kid) for row in rows]


def test_the_version_of_before_has_no_key_of_a_registration(old):
    """It would sign with it for everybody. Kids may be longer now, and the same one stand twice."""
    new = migrate(AFTER)
    registration = new.get_model(APP, "Registration").objects.create(title="T", issuer="i", client_id="c")
    model = new.get_model(APP, "ToolKey").objects
    for whose, kid in ((None, "site"), (registration, "site"), (registration, "x" * 255)):
        model.create(
            registration=whose, kid=kid, identity=identity(whose and whose.pk, kid), private_key="x", public_jwk={}
        )
    assert list(migrate(BEFORE).get_model(APP, "ToolKey").objects.values_list("kid", flat=True)) == ["site"]

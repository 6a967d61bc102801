"""Keys of one registration: for platforms that were given a key by hand, or by a push."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.lti import access_tokens, content_items
from lti_1p3_provider.registrations import keys, own_keys, private_keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey

pytestmark = pytest.mark.django_db
Status = ToolKey.Status


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def registered(client_id: str, **values: Any) -> Registration:
    return Registration.objects.create(title=client_id, issuer="https://lms.example", client_id=client_id, **values)


def grow_older(key: ToolKey) -> None:
    ToolKey.objects.filter(pk=key.pk).update(created_at=key.created_at - timedelta(seconds=keys.MAX_AGE + 1))


def statuses(registration: Registration | None) -> list[str]:
    return list(ToolKey.objects.filter(registration=registration).order_by("pk").values_list("status", flat=True))


@pytest.fixture
def site_key(tool_key_pem: str) -> ToolKey:
    key = keys.import_pem(tool_key_pem)
    grow_older(key)
    return key


@pytest.fixture
def school() -> Registration:
    return registered("school")


@pytest.fixture
def other() -> Registration:
    return registered("other")


@pytest.fixture(scope="session")
def another_pem() -> str:
    return keys_pem()


def keys_pem() -> str:
    return (
        private_keys.made()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def test_core_13_a_registrations_own_key_signs_for_it_alone_and_stands_in_the_key_set(
    client, site_key, school, other, another_pem
):
    own = keys.import_pem(another_pem, school, kid="Zm9vLWJhcg-as_they_know_it")
    assert own.kid == "Zm9vLWJhcg-as_they_know_it"
    assert kid_of(keys.sign({}, school.pk)) == own.kid
    assert kid_of(keys.sign({}, other.pk)) == kid_of(keys.sign({})) == site_key.kid
    published = client.get("/lti/1p3/pub/jwks/").json()["keys"]
    assert [jwk["kid"] for jwk in published] == [own.kid, site_key.kid]
    assert jwt.decode(keys.sign({"a": 1}, school.pk), jwt.PyJWK(published[0]).key, algorithms=["RS256"]) == {"a": 1}


def test_both_kinds_of_messages_are_signed_with_it(site_key, school, another_pem):
    own = keys.import_pem(another_pem, school)
    deployment = Deployment.objects.create(registration=school, deployment_id="1")
    assert kid_of(access_tokens.assertion(deployment)) == own.kid
    assert kid_of(content_items.sign(deployment, content_items.Answer())) == own.kid


def test_an_imported_key_takes_over_at_once_for_the_platform_has_it(site_key, school, another_pem):
    first = keys.generate(registration=school)
    grow_older(first)
    own = keys.import_pem(another_pem, school)
    assert kid_of(keys.sign({}, school.pk)) == own.kid
    assert statuses(school) == [Status.ROTATED, Status.ACTIVE]


def test_one_key_may_serve_several_registrations_and_is_published_once(site_key, school, other, another_pem):
    rows = [keys.import_pem(another_pem, one, kid="shared") for one in (school, other)]
    assert [jwk["kid"] for jwk in keys.published()].count("shared") == 1
    keys.retire("shared", school)
    assert kid_of(keys.sign({}, school.pk)) == site_key.kid
    assert kid_of(keys.sign({}, other.pk)) == "shared"
    assert "shared" in {jwk["kid"] for jwk in keys.published()}
    assert rows[0].identity != rows[1].identity


@pytest.mark.parametrize("kid", ["with space", "x" * 256, "ümlaut", "line\nbreak"])
def test_names_that_no_key_has(school, another_pem, kid):
    with pytest.raises(KeyInvalid):
        keys.import_pem(another_pem, school, kid=kid)


def test_a_key_stands_once_and_no_other_key_takes_its_name(site_key, school, other, tool_key_pem, another_pem):
    """A key of the site's name would be what platforms check the site's signature with."""
    keys.import_pem(another_pem, school)
    with pytest.raises(KeyInvalid, match="here already"):
        keys.import_pem(another_pem, school)
    for registration in (school, other, None):
        with pytest.raises(KeyInvalid, match=r"here already|Another key"):
            keys.import_pem(another_pem, registration, kid=site_key.kid)
    assert keys.import_pem(tool_key_pem, school).kid == site_key.kid  # the same key, not another of its name


def test_names_that_differ_in_case_are_two(site_key, school, another_pem):
    keys.import_pem(another_pem, school, kid="abc")
    assert keys.import_pem(keys_pem(), school, kid="ABC").kid == "ABC"
    with pytest.raises(KeyInvalid):
        keys.retire("Abc", school)


# --- rotation ---------------------------------------------------------------------------------------------------------


def test_sec_28_a_first_own_key_signs_once_platforms_can_have_read_it(site_key, school):
    own = keys.rotate(school)
    assert kid_of(keys.sign({}, school.pk)) == site_key.kid
    grow_older(own)
    assert kid_of(keys.sign({}, school.pk)) == own.kid


def test_sec_28_rotation_of_own_keys_leaves_the_sites_alone_and_the_other_way_round(
    settings, site_key, school, other, another_pem
):
    settings.LTI_1P3_PROVIDER_KEY_OVERLAP_SEC = 3600
    old = keys.import_pem(another_pem, school)
    fresh = keys.rotate(school)
    assert kid_of(keys.sign({}, school.pk)) == old.kid
    assert (statuses(school), statuses(None)) == ([Status.ROTATED, Status.ACTIVE], [Status.ACTIVE])
    grow_older(fresh)
    assert kid_of(keys.sign({}, school.pk)) == fresh.kid
    site = keys.rotate()
    assert kid_of(keys.sign({}, school.pk)) == fresh.kid
    assert {old.kid, fresh.kid, site.kid, site_key.kid} == {jwk["kid"] for jwk in keys.published()}
    ToolKey.objects.filter(pk=old.pk).update(published_until=timezone.now() - timedelta(seconds=1))
    assert old.kid not in {jwk["kid"] for jwk in keys.published()}


def test_a_key_that_was_pasted_signs_at_once_if_the_operator_says_so(site_key, school):
    waiting = keys.generate(Status.STANDBY, school)
    assert kid_of(keys.sign({}, school.pk)) == site_key.kid
    assert waiting.kid in {jwk["kid"] for jwk in keys.published()}
    assert keys.rotate(school, at_once=True) == waiting
    assert kid_of(keys.sign({}, school.pk)) == waiting.kid


def test_after_the_last_own_key_the_site_signs_again(site_key, school, another_pem):
    own = keys.import_pem(another_pem, school)
    keys.retire(own.kid, school)
    assert kid_of(keys.sign({}, school.pk)) == site_key.kid


def test_the_only_key_of_all_cannot_be_retired(school, another_pem):
    own = keys.import_pem(another_pem, school)
    with pytest.raises(KeyInvalid):
        keys.retire(own.kid, school)


def test_retire_takes_the_key_of_whom_it_was_told(site_key, school, another_pem):
    own = keys.import_pem(another_pem, school)
    for kid, registration in ((own.kid, None), (site_key.kid, school)):
        with pytest.raises(KeyInvalid, match="no key"):
            keys.retire(kid, registration)


def test_sec_27_own_keys_are_encrypted_at_rest(school, another_pem):
    stored = keys.import_pem(another_pem, school).private_key
    assert "PRIVATE KEY" not in stored
    assert another_pem.splitlines()[1] not in stored


# --- offered keys -----------------------------------------------------------------------------------------------------


def test_an_offered_key_is_published_and_signs_once_it_is_settled(site_key, school):
    offered, fresh = own_keys.offer(school)
    assert fresh
    assert own_keys.offer(school) == (offered, False)
    assert offered.kid in {jwk["kid"] for jwk in keys.published()}
    assert kid_of(keys.sign({}, school.pk)) == site_key.kid
    assert own_keys.instead_of(school.pk, site_key) == [offered]
    own_keys.settle(offered)
    assert kid_of(keys.sign({}, school.pk)) == offered.kid
    assert own_keys.instead_of(school.pk, offered) == []


def test_settling_is_safe_to_repeat_and_never_brings_a_key_back(site_key, school):
    first, _ = own_keys.offer(school)
    own_keys.settle(first)
    second, _ = own_keys.offer(school)
    own_keys.settle(second)
    own_keys.settle(first)
    own_keys.settle(site_key)
    assert statuses(school) == [Status.ROTATED, Status.ACTIVE]
    assert kid_of(keys.sign({}, school.pk)) == second.kid


def test_a_key_that_was_taken_back_is_not_published_and_not_settled(site_key, school):
    offered, _ = own_keys.offer(school)
    own_keys.withdraw(offered)
    own_keys.settle(offered)
    assert statuses(school) == [Status.RETIRED]
    assert [jwk["kid"] for jwk in keys.published()] == [site_key.kid]
    own_keys.settle(own_keys.offer(school)[0])
    own_keys.withdraw(ToolKey.objects.get(registration=school, status=Status.ACTIVE))
    assert statuses(school) == [Status.RETIRED, Status.ACTIVE]


def test_offers_of_other_registrations_are_not_tried(site_key, school, other):
    own_keys.offer(other)
    assert own_keys.instead_of(school.pk, site_key) == []


def test_a_key_that_began_to_sign_meanwhile_is_tried_first(site_key, school, another_pem):
    own = keys.import_pem(another_pem, school)
    offered, _ = own_keys.offer(school)
    assert own_keys.instead_of(school.pk, site_key) == [own, offered]


# --- copies of production ---------------------------------------------------------------------------------------------


def copy_of(production: Registration, name: str = "beta") -> Registration:
    return registered(f"{production.client_id} {name}", production=production)


def settled(registration: Registration) -> ToolKey:
    offered, _ = own_keys.offer(registration)
    own_keys.settle(offered)
    return offered


def test_a_copy_that_accepts_an_older_key_goes_on_being_offered_the_newer_one(site_key, school):
    """Production is sent two keys; the copy is made after the first, and made again after the second."""
    test = copy_of(school)
    older, newer = (settled(school) for _ in range(2))
    first, second = ToolKey.objects.filter(registration=test).order_by("pk")
    assert (first.kid, second.kid) == (older.kid, newer.kid)
    assert own_keys.instead_of(test.pk, site_key) == [second, first]
    own_keys.settle(first)
    assert kid_of(keys.sign({}, test.pk)) == older.kid
    assert own_keys.instead_of(test.pk, first) == [second]
    own_keys.settle(second)
    assert kid_of(keys.sign({}, test.pk)) == newer.kid
    assert statuses(test) == [Status.ROTATED, Status.ACTIVE]


def test_what_was_offered_before_the_accepted_key_is_tried_no_more(site_key, school):
    test = copy_of(school)
    for _ in range(2):
        settled(school)
    newest = ToolKey.objects.filter(registration=test).latest("pk")
    own_keys.settle(newest)
    assert statuses(test) == [Status.RETIRED, Status.ACTIVE]
    assert own_keys.instead_of(test.pk, newest) == []


def test_all_copies_are_offered_a_key_that_production_was_given(site_key, school, other, another_pem):
    copies = [copy_of(school, name) for name in ("beta", "test")]
    given = [settled(school), keys.import_pem(another_pem, school, kid="pasted")]
    keys.generate(Status.STANDBY, school)
    given += [keys.rotate(school, at_once=True) for _ in range(2)]  # the one that stood by, and a new one
    kids = [key.kid for key in given]
    for row in copies:
        assert list(row.own_keys.order_by("pk").values_list("kid", flat=True)) == kids
        assert statuses(row) == [Status.OFFERED] * 4
        assert kid_of(keys.sign({}, row.pk)) == site_key.kid
    assert statuses(other) == []


def test_copies_are_not_offered_a_key_that_platforms_read_themselves(site_key, school):
    test = copy_of(school)
    keys.rotate(school)
    keys.rotate()
    assert statuses(test) == []


def test_a_key_that_a_copy_was_offered_can_be_imported_for_it(site_key, school, another_pem):
    """An operator pastes the same key into production and its copy."""
    test = copy_of(school)
    for row in (school, test):
        keys.import_pem(another_pem, row, kid="pasted")
        assert kid_of(keys.sign({}, row.pk)) == "pasted"
        with pytest.raises(KeyInvalid, match="here already"):
            keys.import_pem(another_pem, row, kid="pasted")
    with pytest.raises(KeyInvalid, match="Another key"):
        keys.import_pem(keys_pem(), copy_of(school, "other"), kid="pasted")
    assert statuses(test) == [Status.ACTIVE]

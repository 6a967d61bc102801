"""Our keys (CORE-13, SEC-27, SEC-28) and the commands and pages around them."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import jwt
import pytest
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.utils import timezone

from lti_1p3_provider.errors import KeyInvalid, NoActiveKey
from lti_1p3_provider.registrations import keys, private_keys
from lti_1p3_provider.registrations.models import ToolKey
from lti_1p3_provider.web.sealed import box

pytestmark = pytest.mark.django_db


def pem_of(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def run(*arguments: str) -> str:
    printed = StringIO()
    call_command("lti_1p3_keys", *arguments, stdout=printed)
    return printed.getvalue()


def grow_older(key: ToolKey) -> None:
    """Let more time pass than a key set may be cached."""
    earlier = key.created_at - timedelta(seconds=keys.MAX_AGE + 1)
    ToolKey.objects.filter(pk=key.pk).update(created_at=earlier)


def test_a_key_that_stands_by_is_published_and_signs_after_the_next_rotation(tool_key_pem):
    first = keys.import_pem(tool_key_pem)
    kid = run("create", "--standby").split()[0]
    assert {jwk["kid"] for jwk in keys.published()} == {first.kid, kid}
    for key in ToolKey.objects.all():
        grow_older(key)
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == first.kid
    assert keys.rotate().kid == kid
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == kid
    assert ToolKey.objects.count() == 2


def test_a_key_that_stands_by_never_signs_however_old_it_is(tool_key_pem):
    run("create", "--standby")
    grow_older(ToolKey.objects.get())
    active = keys.import_pem(tool_key_pem)
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == active.kid


def test_a_key_that_was_retired_never_signs(tool_key_pem):
    old = keys.import_pem(tool_key_pem)
    grow_older(old)
    fresh = keys.rotate()
    keys.retire(old.kid)
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == fresh.kid


def test_core_13_the_key_set(client):
    key = keys.generate()
    response = client.get("/lti/1p3/pub/jwks/")
    assert response["Content-Type"] == "application/json"
    assert "max-age=300" in response["Cache-Control"]
    assert "public" in response["Cache-Control"]
    (jwk,) = response.json()["keys"]
    assert {name: jwk[name] for name in ("kid", "alg", "use", "kty", "e")} == {
        "kid": key.kid,
        "alg": "RS256",
        "use": "sig",
        "kty": "RSA",
        "e": "AQAB",
    }
    assert set(jwk) == {"kid", "alg", "use", "kty", "e", "n"}
    assert jwt.PyJWK(jwk).key.key_size >= 2048


def test_core_13_what_we_sign_verifies_with_the_key_set(tool_key_pem):
    keys.import_pem(tool_key_pem)
    token = keys.sign({"iss": "x"})
    (jwk,) = keys.published()
    assert jwt.get_unverified_header(token)["kid"] == jwk["kid"]
    assert jwt.decode(token, jwt.PyJWK(jwk).key, algorithms=["RS256"]) == {"iss": "x"}


def test_core_13_sec_28_a_rotated_key_stays_published_for_the_overlap(settings, tool_key_pem):
    settings.LTI_1P3_PROVIDER_KEY_OVERLAP_SEC = 3600
    old = keys.import_pem(tool_key_pem)
    fresh = keys.rotate()
    assert [jwk["kid"] for jwk in keys.published()] == [fresh.kid, old.kid]
    grow_older(old)
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == old.kid  # platforms may not have seen the fresh one yet
    grow_older(fresh)
    assert jwt.get_unverified_header(keys.sign({}))["kid"] == fresh.kid
    ToolKey.objects.filter(pk=old.pk).update(published_until=timezone.now() - timedelta(seconds=1))
    assert [jwk["kid"] for jwk in keys.published()] == [fresh.kid]


def test_the_only_signing_key_cannot_be_retired(tool_key_pem):
    key = keys.import_pem(tool_key_pem)
    with pytest.raises(KeyInvalid):
        keys.retire(key.kid)
    keys.rotate()
    keys.retire(key.kid)
    assert key.kid not in [jwk["kid"] for jwk in keys.published()]


def test_sec_27_private_keys_are_encrypted_at_rest(tool_key_pem):
    row = keys.import_pem(tool_key_pem)
    stored = ToolKey.objects.values_list("private_key", flat=True).get(pk=row.pk)
    assert "PRIVATE KEY" not in stored
    assert tool_key_pem.splitlines()[1] not in stored


def test_sec_27_a_secret_can_be_replaced(settings, tool_key_pem):
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = ["old"]
    keys.import_pem(tool_key_pem)
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = ["new", "old"]
    keys.sign({})
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = ["new"]
    with pytest.raises(KeyInvalid):
        keys.sign({})


def test_without_a_key_nothing_is_signed():
    with pytest.raises(NoActiveKey):
        keys.sign({})


@pytest.mark.parametrize("kind", ["short", "elliptic", "text", "twice", "public"])
def test_keys_that_are_not_imported(kind, tool_key_pem):
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pems = {
        "short": pem_of(private),
        "elliptic": pem_of(ec.generate_private_key(ec.SECP256R1())),
        "text": "no key",
        "twice": tool_key_pem,
        "public": public.decode(),
    }
    if kind == "twice":
        keys.import_pem(tool_key_pem)
    with pytest.raises(KeyInvalid):
        keys.import_pem(pems[kind])


def test_the_command_goes_through_a_keys_life(tmp_path, tool_key_pem):
    (tmp_path / "key.pem").write_text(tool_key_pem)
    kid = run("create", "--pem", str(tmp_path / "key.pem")).split()[0]
    assert "signs already" in run("create", "--if-missing")
    run("rotate")
    rows = json.loads(run("list", "--json"))
    assert [row["status"] for row in rows] == ["active", "rotated"]
    assert rows[1]["kid"] == kid
    run("retire", kid)
    assert [row["status"] for row in json.loads(run("list", "--json"))] == ["active", "retired"]
    assert kid in run("list")


def test_the_command_says_what_is_wrong(tmp_path):
    keys.generate()
    (tmp_path / "key.pem").write_text("no key")
    for arguments in (("retire", "nobody"), ("create", "--pem", str(tmp_path / "key.pem")), ("create", "--pem", "/no")):
        with pytest.raises(CommandError):
            run(*arguments)


def test_sec_27_no_admin_page_shows_a_private_key(admin_client, tool_key_pem):
    row = keys.import_pem(tool_key_pem)
    for path in ("", "add/", f"{row.pk}/change/"):
        page = admin_client.get(f"/admin/lti_1p3_provider/toolkey/{path}")
        assert page.status_code == 200
        assert "PRIVATE" not in page.content.decode()
        assert row.private_key[:40] not in page.content.decode()


def test_the_admin_makes_imports_rotates_and_retires(admin_client, tool_key_pem):
    url = "/admin/lti_1p3_provider/toolkey/"
    page = admin_client.post(f"{url}add/", {"pem": "no key"})
    assert "This is not an unencrypted private key in PEM." in page.content.decode()
    assert admin_client.post(f"{url}add/", {"pem": tool_key_pem}).status_code == 302
    assert admin_client.post(f"{url}add/", {"pem": ""}).status_code == 302
    first, second = ToolKey.objects.order_by("pk")
    admin_client.post(url, {"action": "rotate", "_selected_action": [first.pk], "confirmed": "yes"})
    admin_client.post(url, {"action": "retire", "_selected_action": [second.pk], "confirmed": "yes"})
    assert list(ToolKey.objects.order_by("pk").values_list("status", flat=True)) == ["rotated", "retired", "active"]


def test_what_older_versions_encrypted_still_opens():
    stored = "gAAAAABrDSTdzdOQN2b1KfynVMW6p3Kb5Y_Uwcwg8cKCPuz1aXNpLojS00zr_CzEIM0KU4soYQI0KCcOcLR93iLfjTFuauxnRg=="
    assert box(private_keys.PURPOSE, ["a newer secret", "a secret"]).decrypt(stored) == b"a key"
    with pytest.raises(InvalidToken):
        box("another purpose", ["a secret"]).decrypt(stored)

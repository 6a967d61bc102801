"""Our own keys: generate, publish, rotate, retire, sign.

A key signs while it is active. Rotation makes a new one active and keeps the old one in the key set until everything
signed with it has expired (``LTI_1P3_PROVIDER_KEY_OVERLAP_SEC``). As long as platforms may hold the key set of before,
the old key goes on signing. (Security Framework 1.0, 6.3)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import KeyInvalid, NoActiveKey
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import ToolKey

KEY_BITS = 2048
ALGORITHM = "RS256"
MAX_AGE = 300  # seconds for which platforms may keep our key set


def generate(status: ToolKey.Status = ToolKey.Status.ACTIVE) -> ToolKey:
    """Make a new RSA key pair. ``STANDBY``: publish it, and let it sign after the next rotation."""
    return _store(rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS), status)


def import_pem(pem: str) -> ToolKey:
    """Take an operator's own private key.

    Raises:
        KeyInvalid: it is not an unencrypted RSA private key of at least 2048 bits, or it is here already.
    """
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyInvalid("This is not an unencrypted private key in PEM.") from error
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < KEY_BITS:
        raise KeyInvalid(f"This is not an RSA key of at least {KEY_BITS} bits.")
    if ToolKey.objects.filter(kid=_kid(private)).exists():
        raise KeyInvalid("This key is here already.")
    return _store(private)


def ensure() -> tuple[ToolKey, bool]:
    """Return the key that signs, made if there is none, and whether it was made."""
    active = _active().first()
    return (active, False) if active else (generate(), True)


def rotate() -> ToolKey:
    """Make a new signing key, or use the standby key; for the overlap, all others are only published."""
    with transaction.atomic():
        before = list(_active().values_list("pk", flat=True))
        waiting = ToolKey.objects.filter(status=ToolKey.Status.STANDBY).order_by("pk").first()
        if waiting is not None:
            waiting.status = ToolKey.Status.ACTIVE
            waiting.save(update_fields=["status"])
        fresh = waiting or generate()
        until = timezone.now() + timedelta(seconds=conf.key_overlap)
        ToolKey.objects.filter(pk__in=before).update(status=ToolKey.Status.ROTATED, published_until=until)
    return fresh


def retire(kid: str) -> ToolKey:
    """Take a key out of the key set now.

    Raises:
        KeyInvalid: no such key, or it is the only one that signs.
    """
    key = ToolKey.objects.filter(kid=kid).first() if keeps(kid) else None
    if key is None:
        raise KeyInvalid(f"There is no key {kid}.")
    if key.status == ToolKey.Status.ACTIVE and not _active().exclude(pk=key.pk).exists():
        raise KeyInvalid("The only signing key cannot be retired: rotate first.")
    key.status, key.published_until = ToolKey.Status.RETIRED, None
    key.save(update_fields=["status", "published_until"])
    return key


def published() -> list[dict[str, str]]:
    """Return the public keys of the key set (RFC 7517), newest first."""
    return [key.public_jwk for key in _published().order_by("-created_at", "-pk")]


def sign(claims: Mapping[str, Any]) -> str:
    """Return ``claims`` as a JWT signed with the newest active key that every platform can have seen.

    Raises:
        NoActiveKey: none exists.
        KeyInvalid: its secret is not among the configured ones.
    """
    key = _signing_key()
    if key is None:
        raise NoActiveKey("create one with: lti_1p3_keys create")
    return jwt.encode(dict(claims), _opened(key.private_key, conf.key_secrets), ALGORITHM, headers={"kid": key.kid})


def _active() -> QuerySet[ToolKey]:
    return ToolKey.objects.filter(status=ToolKey.Status.ACTIVE).order_by("-created_at", "-pk")


def _published() -> QuerySet[ToolKey]:
    rotated = Q(status=ToolKey.Status.ROTATED, published_until__gt=timezone.now())
    return ToolKey.objects.filter(rotated | Q(status__in=(ToolKey.Status.ACTIVE, ToolKey.Status.STANDBY)))


def _signing_key() -> ToolKey | None:
    """Platforms may cache a key set, so a key younger than that signs only if no older published one can."""
    seen = timezone.now() - timedelta(seconds=MAX_AGE)
    newest = _active().first()
    if newest is None or newest.created_at <= seen:
        return newest
    older = _published().exclude(status=ToolKey.Status.STANDBY).filter(created_at__lte=seen)
    return older.order_by("-created_at", "-pk").first() or newest


def _store(private: rsa.RSAPrivateKey, status: ToolKey.Status = ToolKey.Status.ACTIVE) -> ToolKey:
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = {"kid": _kid(private), "use": "sig", "alg": ALGORITHM, **_public_members(private)}
    return ToolKey.objects.create(
        status=status, kid=jwk["kid"], private_key=_box(conf.key_secrets).encrypt(pem).decode(), public_jwk=jwk
    )


def _kid(private: rsa.RSAPrivateKey) -> str:
    """Return the key's JWK thumbprint (RFC 7638), in hex."""
    return digest(json.dumps(_public_members(private), sort_keys=True, separators=(",", ":")))[:32]


def _public_members(private: rsa.RSAPrivateKey) -> dict[str, str]:
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: jwk[name] for name in ("e", "kty", "n")}


def _box(secrets: Iterable[str]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(secret)) for secret in secrets])


def _fernet_key(secret: str) -> bytes:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"lti_1p3_provider tool key").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)


@lru_cache(maxsize=8)
def _opened(encrypted: str, secrets: tuple[str, ...]) -> rsa.RSAPrivateKey:
    """Decrypt and parse once per process: parsing a 2048-bit key takes tens of milliseconds."""
    try:
        pem = _box(secrets).decrypt(encrypted.encode())
    except InvalidToken as error:
        raise KeyInvalid("the secret that encrypted this key is not in LTI_1P3_PROVIDER_KEY_SECRETS") from error
    private = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private

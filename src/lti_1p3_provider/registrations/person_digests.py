"""Digests that stand for a platform's person. They are keyed with the site's secrets, so somebody with a copy of a
table cannot find out ids by trying, however short these are."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from lti_1p3_provider.conf import conf


def digests(salt: str, registration_pk: int | None, sub: str) -> tuple[str, ...]:
    """Return the digests of a registration's ``sub``, one for each secret that the site has, 64 hex digits each. The
    first is the current one; the others find rows from before a secret was replaced. ``salt``: one for each kind of
    row."""
    return tuple(_digest(salt, registration_pk, sub, one) for one in conf.key_secrets)


def newest(salt: str, registration_pk: int | None, sub: str) -> str:
    """Return the current one of these."""
    return _digest(salt, registration_pk, sub, conf.key_secrets[0])


def _digest(salt: str, registration_pk: int | None, sub: str, secret: str) -> str:
    return salted_hmac(salt, f"{registration_pk}:{sub}", secret=secret, algorithm="sha256").hexdigest()

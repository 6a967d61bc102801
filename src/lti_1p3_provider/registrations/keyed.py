"""Names a platform's person by digests that are keyed with the site's secrets: whoever has a copy of a table can try
out no ids, however short these are."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from lti_1p3_provider.conf import conf


def digests(salt: str, registration_pk: int | None, sub: str) -> tuple[str, ...]:
    """Return what a registration's ``sub`` is called with each secret that the site has, 64 hex digits each. The first
    is what it is called now; the others are found where a secret was replaced. ``salt``: one for each kind of row."""
    return tuple(_digest(salt, registration_pk, sub, one) for one in conf.key_secrets)


def newest(salt: str, registration_pk: int | None, sub: str) -> str:
    """Return the first of these, for which no other secret is used."""
    return _digest(salt, registration_pk, sub, conf.key_secrets[0])


def _digest(salt: str, registration_pk: int | None, sub: str, secret: str) -> str:
    return salted_hmac(salt, f"{registration_pk}:{sub}", secret=secret, algorithm="sha256").hexdigest()

"""Digests that stand for a platform's person. They are keyed with the site's secrets, so somebody with a copy of a
table cannot find out ids by trying, however short these are."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from lti_1p3_provider.conf import conf


def digests(salt: str, registration_pk: int | None, sub: str) -> tuple[str, ...]:
    """Return the digests of a registration's ``sub``, one for each secret that the site has, 64 hex digits each. The
    first is the current one; the others find rows from before a secret was replaced. ``salt``: one for each kind of
    row."""
    named = f"{registration_pk}:{sub}"
    return tuple(salted_hmac(salt, named, secret=one, algorithm="sha256").hexdigest() for one in conf.key_secrets)

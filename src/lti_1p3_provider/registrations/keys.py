"""Our own keys: generate, publish, rotate, retire, sign.

A key signs while it is active. Rotation makes a new one active and keeps the old one in the key set until everything
signed with it has expired (``LTI_1P3_PROVIDER_KEY_OVERLAP_SEC``). As long as platforms may have cached the earlier key
set, the old key goes on signing. (Security Framework 1.0, 6.3)

A registration may have keys of its own, for a platform that was given one by hand or was sent one (``own_keys``). Then
these sign for it, and the site's do not. All keys are in one key set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import KeyInvalid, NoActiveKey
from lti_1p3_provider.registrations import copies, private_keys
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.tool_keys import MAX_KID, ToolKey, identity

MAX_AGE = 300  # seconds for which platforms may keep our key set
KID = re.compile(rf"[\x21-\x7e]{{1,{MAX_KID}}}")
SIGNING = (ToolKey.Status.ACTIVE, ToolKey.Status.ROTATED)
NEWEST_FIRST = ("-created_at", "-pk")


def generate(
    status: ToolKey.Status = ToolKey.Status.ACTIVE,
    registration: Registration | None = None,
    private: rsa.RSAPrivateKey | None = None,
) -> ToolKey:
    """Make a new RSA key pair. ``STANDBY``: publish it, and let it sign after the next rotation. ``registration``: the
    only one that it signs for; None: the site's. ``private``: a key pair that was made before, because that takes
    time."""
    return _store(private or private_keys.made(), status, registration)


def import_pem(pem: str, registration: Registration | None = None, kid: str = "") -> ToolKey:
    """Import an operator's own private key. With a ``registration`` it signs for that one at once and alone, under the
    name ``kid``: the platform was given the key before, and knows it by that name. Copies are offered it.

    Raises:
        KeyInvalid: it is not an unencrypted RSA private key of at least 2048 bits, or it is here already, or another
            key has its name.
    """
    private = private_keys.read(pem)
    if kid and not KID.fullmatch(kid):
        raise KeyInvalid(f"A key's name has 1 to {MAX_KID} visible ASCII characters.")
    name = kid or private_keys.thumbprint(private)
    named = [key for key in ToolKey.objects.filter(kid=name) if key.kid == name]
    mine = next((key for key in named if key.registration_id == (registration and registration.pk)), None)
    if mine is not None and mine.status != ToolKey.Status.OFFERED:
        raise KeyInvalid("This key is here already.")
    if any(key.public_jwk["n"] != private_keys.public_jwk(private)["n"] for key in named):
        raise KeyInvalid(f"Another key is called {name}.")
    if registration is None:
        return _store(private, kid=name)
    with transaction.atomic():
        only(registration.pk)
        own = _let_sign(mine) if mine else _store(private, registration=registration, kid=name, handed_over=True)
        copies.offer(own)
        return own


def ensure(registration: Registration | None = None) -> tuple[ToolKey, bool]:
    """Return the key that signs, the site's or a registration's own, and whether it was made just now because there was
    none."""
    active = _active(registration.pk if registration else None).first()
    return (active, False) if active else (generate(registration=registration), True)


def rotate(registration: Registration | None = None, *, at_once: bool = False) -> ToolKey:
    """Make a new signing key, or use the standby key. For the overlap, all others are only published.

    ``registration``: rotate this one's keys, else the site's. ``at_once``: the platform was given the new key, and need
    not find it in our key set first; copies are offered it.
    """
    whose = registration.pk if registration else None
    standby = ToolKey.objects.filter(registration=whose, status=ToolKey.Status.STANDBY).order_by("pk")
    private = None if standby.exists() else private_keys.made()  # takes its time: nobody waits for the lock meanwhile
    with transaction.atomic():
        only(whose)
        waiting = standby.first()
        if waiting is not None:
            fresh = _let_sign(waiting, at_once)
        else:
            fresh = _store(private or private_keys.made(), registration=registration, handed_over=at_once)
        if at_once:
            copies.offer(fresh)
        return fresh


def retire(kid: str, registration: Registration | None = None) -> ToolKey:
    """Take a key out of the key set now: the site's of this name, or the registration's.

    Raises:
        KeyInvalid: no such key, or it is the only one that signs.
    """
    whose = registration.pk if registration else None
    key = ToolKey.objects.filter(identity=identity(whose, kid)).first() if keeps(kid) else None
    if key is None:
        raise KeyInvalid(f"There is no key {kid}.")
    others = _active(None) | _active(whose)
    if key.status == ToolKey.Status.ACTIVE and not others.exclude(pk=key.pk).exists():
        raise KeyInvalid("The only signing key cannot be retired: rotate first.")
    key.status, key.published_until = ToolKey.Status.RETIRED, None
    key.save(update_fields=["status", "published_until"])
    return key


def published_keys() -> QuerySet[ToolKey]:
    """Return the keys of the key set, the site's and the registrations' own, newest first."""
    return _published().order_by(*NEWEST_FIRST)


def published() -> list[dict[str, str]]:
    """Return the public keys of the key set (RFC 7517), newest first, each name once."""
    found: dict[str, dict[str, str]] = {}
    for key in published_keys():
        found.setdefault(key.kid, key.public_jwk)
    return list(found.values())


def signing_key(registration_pk: int | None = None) -> ToolKey:
    """Return the newest active key that the platform can have seen: the registration's own, else the site's.

    Raises:
        NoActiveKey: none exists.
    """
    rows = list(
        _published()
        .filter(Q(registration=None) | Q(registration=registration_pk), status__in=SIGNING)
        .order_by(*NEWEST_FIRST)
    )
    own = [key for key in rows if key.registration_id is not None]
    site = [key for key in rows if key.registration_id is None]
    seen = timezone.now() - timedelta(seconds=MAX_AGE)
    found = _chosen(own, seen, _chosen(site, seen))
    if found is None:
        raise NoActiveKey("create one with: lti_1p3_keys create")
    return found


def sign(claims: Mapping[str, Any], registration_pk: int | None = None) -> str:
    """Return ``claims`` as a JWT for the platform of a registration, signed with ``signing_key``.

    Raises:
        NoActiveKey: none exists.
        KeyInvalid: its secret is not among the configured ones.
    """
    return sign_with(signing_key(registration_pk), claims)


def sign_with(key: ToolKey, claims: Mapping[str, Any]) -> str:
    """Return ``claims`` as a JWT signed with this key.

    Raises:
        KeyInvalid: its secret is not among the configured ones.
    """
    private = private_keys.opened(key.private_key, conf.key_secrets)
    return jwt.encode(dict(claims), private, private_keys.ALGORITHM, headers={"kid": key.kid})


def only(whose: int | None, besides: int = 0) -> None:
    """Let a registration's keys (None: the site's) sign no more, because another one is about to; ``besides``: the
    primary key of one that goes on. Needs a transaction."""
    if whose is not None:
        copies.lock(whose)
    before = list(_active(whose).exclude(pk=besides).values_list("pk", flat=True))
    until = timezone.now() + timedelta(seconds=conf.key_overlap)
    ToolKey.objects.filter(pk__in=before).update(status=ToolKey.Status.ROTATED, published_until=until)


def _let_sign(key: ToolKey, handed_over: bool = True) -> ToolKey:
    key.status, key.handed_over = ToolKey.Status.ACTIVE, handed_over
    key.save(update_fields=["status", "handed_over"])
    return key


def _active(whose: int | None) -> QuerySet[ToolKey]:
    return ToolKey.objects.filter(status=ToolKey.Status.ACTIVE, registration=whose).order_by(*NEWEST_FIRST)


def _published() -> QuerySet[ToolKey]:
    rotated = Q(status=ToolKey.Status.ROTATED, published_until__gt=timezone.now())
    known = (ToolKey.Status.ACTIVE, ToolKey.Status.STANDBY, ToolKey.Status.OFFERED)
    return ToolKey.objects.filter(rotated | Q(status__in=known))


def _chosen(rows: Sequence[ToolKey], seen: datetime, otherwise: ToolKey | None = None) -> ToolKey | None:
    """Choose among keys of one owner, newest first. Platforms may cache a key set. So a key that is younger than a
    cached set may be, and was not handed to them, signs only if there is neither an older published one nor
    ``otherwise``."""
    newest = next((key for key in rows if key.status == ToolKey.Status.ACTIVE), None)
    if newest is None:
        return otherwise
    known = [key for key in rows if key.handed_over or key.created_at <= seen]
    if newest in known:
        return newest
    return known[0] if known else otherwise or newest


def _store(
    private: rsa.RSAPrivateKey,
    status: ToolKey.Status = ToolKey.Status.ACTIVE,
    registration: Registration | None = None,
    kid: str = "",
    handed_over: bool = False,
) -> ToolKey:
    jwk = private_keys.public_jwk(private, kid)
    try:
        with transaction.atomic():
            return ToolKey.objects.create(
                registration=registration,
                status=status,
                kid=jwk["kid"],
                private_key=private_keys.sealed(private, conf.key_secrets),
                public_jwk=jwk,
                handed_over=handed_over,
            )
    except IntegrityError as error:  # twice at the same moment
        raise KeyInvalid("This key is here already.") from error

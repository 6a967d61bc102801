"""The cookies that tell the LMS's other front ends who signed in, under the LMS's names, with its attributes and costs.

They have no ``SameSite``: a browser drops them in a frame of another site. The token lives for an hour, whatever
becomes of the session.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import cast

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse

LOGGED_IN, USER_INFO = "edxloggedin", "edx-user-info"
TOKEN, SIGNATURE = "edx-jwt-cookie-header-payload", "edx-jwt-cookie-signature"
NAMES = (LOGGED_IN, USER_INFO, TOKEN, SIGNATURE)
TOKEN_LIFETIME = 3600  # seconds


def add(request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
    """Set all four. As in the LMS, the key is read anew each time."""
    secure, age = request.is_secure(), request.session.get_expiry_age()
    response.set_cookie(LOGGED_IN, "true", max_age=age, secure=secure)
    info = {"version": 1, "username": user.username, "email": user.email}
    response.set_cookie(USER_INFO, json.dumps(info), max_age=age, secure=secure)
    now = int(time.time())
    claims = {"preferred_username": user.username, "iat": now, "exp": now + TOKEN_LIFETIME}
    token, _, signature = jwt.encode(claims, _key(), "RS512").rpartition(".")
    response.set_cookie(TOKEN, token, max_age=TOKEN_LIFETIME, secure=secure)
    response.set_cookie(SIGNATURE, signature, max_age=TOKEN_LIFETIME, secure=secure, httponly=True)


def user_of(request: HttpRequest) -> AbstractUser | None:
    """Return whose token the request shows, None without a good one."""
    token = f"{request.COOKIES.get(TOKEN, '')}.{request.COOKIES.get(SIGNATURE, '')}"
    try:
        claims = jwt.decode(token, _key().public_key(), ["RS512"])
    except jwt.InvalidTokenError:
        return None
    return get_user_model().objects.filter(username=claims["preferred_username"]).first()


def _key() -> rsa.RSAPrivateKey:
    path = Path(settings.DEMO_JWT_KEY)
    if not path.exists():
        _make(path)
    return cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(path.read_bytes(), password=None))


def _make(path: Path) -> None:
    """Make a key once for each demo directory; of processes that start together, one's stays."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_bytes(made)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

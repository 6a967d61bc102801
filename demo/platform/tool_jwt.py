"""JWTs signed by a tool: its key set is fetched and kept by kid, or it has one key; RS256 is the only algorithm."""

import json
from threading import Lock
from typing import Any

import jwt
import requests

from demo.platform.config import Tool
from demo.platform.strict_json import is_number

MAX_KEY_SET_BYTES = 200_000


class ToolJwtError(Exception):
    """The JWT cannot be trusted; the message says why, for people."""


class ToolKeys:
    """Tools' public keys, by key set URL and kid. An unknown kid makes one new fetch."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[tuple[str, str], jwt.PyJWK] = {}
        self._pasted: dict[str, dict[str, str]] = {}
        self._http = requests.Session()
        self._http.trust_env = False

    def paste(self, client_id: str, key: dict[str, str]) -> None:
        """Keep this public JWK as the only key of a tool that has no key set address."""
        with self._lock:
            self._pasted[client_id] = key

    def pasted(self, client_id: str) -> dict[str, str] | None:
        """The key that was pasted or sent for a tool."""
        return self._pasted.get(client_id)

    def claims(self, tool: Tool, token: str) -> dict[str, Any]:
        """Verify the signature and return the claims, which the caller still has to check. Raises ToolJwtError."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise ToolJwtError("not a JWT") from error
        if header.get("alg") != "RS256":
            raise ToolJwtError("alg is not RS256")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise ToolJwtError("the header has no kid")
        options = {f"verify_{name}": False for name in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
        try:
            decoded: dict[str, Any] = jwt.decode(token, self._key(tool, kid), algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        except jwt.PyJWTError as error:
            raise ToolJwtError("the signature is not valid") from error
        return decoded

    def _key(self, tool: Tool, kid: str) -> jwt.PyJWK:
        if not tool.jwks_url:
            pasted = self.pasted(tool.client_id)
            if pasted is None or pasted["kid"] != kid:
                raise ToolJwtError("the tool's one key has another kid")
            return jwt.PyJWK(pasted, "RS256")
        with self._lock:
            if (tool.jwks_url, kid) not in self._keys:
                for key in self._fetch(tool.jwks_url):
                    self._keys[tool.jwks_url, str(key.key_id)] = key
            if (tool.jwks_url, kid) not in self._keys:
                raise ToolJwtError("the tool's key set does not have the kid")
            return self._keys[tool.jwks_url, kid]

    def _fetch(self, url: str) -> list[jwt.PyJWK]:
        try:
            with self._http.get(url, timeout=5, allow_redirects=False, stream=True) as answer:
                answer.raise_for_status()
                body = answer.raw.read(MAX_KEY_SET_BYTES, decode_content=True)
            entries = json.loads(body)["keys"]
            return [jwt.PyJWK(entry, "RS256") for entry in entries if _usable(entry)]
        except (requests.RequestException, ValueError, LookupError, TypeError, AttributeError, jwt.PyJWTError) as error:
            raise ToolJwtError("the tool's key set cannot be read") from error


def _usable(entry: dict[str, Any]) -> bool:
    strong = len(str(entry.get("n", ""))) >= 2048 // 6
    return bool(entry.get("kty") == "RSA" and entry.get("kid") and entry.get("use", "sig") == "sig" and strong)


def number(claims: dict[str, Any], name: str) -> float:
    """A NumericDate claim. Raises ToolJwtError if it is missing or no number."""
    value: Any = claims.get(name)
    if not is_number(value):
        raise ToolJwtError(f"{name} is missing or not a number")
    return float(value)


def check_times(claims: dict[str, Any], now: float, longest: int = 3600, ahead: int = 30) -> None:
    """exp: not past, at most ``longest`` seconds away; iat, nbf: at most ``ahead`` seconds in the future."""
    exp, iat = number(claims, "exp"), number(claims, "iat")
    if exp <= now:
        raise ToolJwtError("exp is past")
    if exp > now + longest:
        raise ToolJwtError(f"exp is more than {longest} s ahead")
    if iat > now + ahead or ("nbf" in claims and number(claims, "nbf") > now + ahead):
        raise ToolJwtError("iat or nbf is in the future")


def audiences(claims: dict[str, Any]) -> list[object]:
    """The aud claim as a list."""
    aud = claims.get("aud")
    return aud if isinstance(aud, list) else [aud]


def unverified_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT before any check, only to find out whose it says it is. Raises ToolJwtError."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise ToolJwtError("not a JWT") from error
    return claims

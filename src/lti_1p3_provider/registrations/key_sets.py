"""What a platform's key set looks like, where an operator enters it."""

from __future__ import annotations


def is_key_set(value: object) -> bool:
    """Tell whether a value has the shape of a JSON Web Key Set with keys in it. (RFC 7517, 5)"""
    keys = value.get("keys") if isinstance(value, dict) else None
    return isinstance(keys, list) and bool(keys) and all(isinstance(key, dict) and key.get("kty") for key in keys)

"""What has to be done on a platform when our keys or their address change, and by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyCare:
    """Sentences for the operator, each of which begins with who acts. ``reads``: our keys change, and the platform has
    our JWKS URL. ``pasted``: our keys change, and a key was pasted or sent there. ``moved``: the JWKS URL changes."""

    reads: str = "Nobody, if it has our JWKS URL: it reads it again by itself. Vendors do not say when."
    pasted: str = "The platform's administrator, if a key was pasted there: paste the new one before it signs."
    moved: str = "The platform's administrator: enter the new JWKS URL before the old one stops answering."

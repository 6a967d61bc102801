"""What a preset says of a platform."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of a platform. ``{host}`` stands for its host name (Moodle's may have a path: ``host/moodle``),
    ``{client_id}`` for our client id; other names in braces must be filled in by a person. Empty: the platform shows
    the value to its admin."""

    issuer: str = ""
    auth_login_url: str = ""
    auth_token_url: str = ""
    auth_audience: str = ""
    key_set_url: str = ""

    def at(self, host: str, client_id: str = "") -> Endpoints:
        """Return the addresses for ``host``; an address that still lacks something becomes empty."""
        filled = {}
        for field in fields(self):
            value = str(getattr(self, field.name))
            value = value.replace("{host}", host) if host else value
            value = value.replace("{client_id}", client_id) if client_id else value
            filled[field.name] = "" if "{" in value else value
        return Endpoints(**filled)


@dataclass(frozen=True, slots=True)
class Preset:
    """A platform as we know it.

    ``steps`` tell the platform's admin what to do there, in order. ``origins`` are hosts of the platform besides those
    of its endpoints, as CSP sources (``https://*.example.com``; ``{host}`` is the issuer's host). ``score_interval`` is
    how many seconds the timestamps of two scores must be apart; ``stale_statuses`` are answers that mean: a newer score
    is here already; ``expired_statuses`` mean: this access token is over.
    """

    name: str
    label: str
    endpoints: Endpoints
    steps: tuple[str, ...]
    origins: tuple[str, ...] = ()
    score_interval: float = 0.001
    stale_statuses: frozenset[int] = frozenset((409,))
    expired_statuses: frozenset[int] = frozenset((401,))

"""Registrations that an administrator began: each is good for one tool, for an hour."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One beginning. ``token`` goes to the tool; ``client_id`` and ``deployment_id`` are what it will be told.

    ``told_deployment`` False: the answer leaves the latter out. ``address``, ``origin``: where the tool's page is.
    """

    id: str
    number: int
    """Counted from 1; some products put it into addresses and ids."""
    product: str
    address: str
    origin: str
    began: datetime
    token: str = ""
    client_id: str
    deployment_id: str
    told_deployment: bool = True
    replaces: tuple[str, str] | None = None
    """Key and secret of the tool of LTI 1.1 that is updated; None: a tool is added."""
    reads: int = 0
    """How often its configuration was read."""
    request: Mapping[str, Any] | None = None
    """What the tool asked for; None while it has not registered."""

    def is_over(self, now: datetime) -> bool:
        """Whether its hour has passed."""
        return now >= self.began + LIFETIME


@dataclass(frozen=True)
class Attempt:
    """A request to register, refused or not. ``authorized``: it had a header Authorization."""

    product: str
    status: int
    authorized: bool
    body: bytes
    answer: str


@dataclass
class Offers:
    """All of them, behind one lock; ``attempts`` is what tools sent, oldest first."""

    attempts: list[Attempt] = field(default_factory=list)
    _offers: dict[str, Offer] = field(default_factory=dict)
    _last_number: int = 0
    _lock: Lock = field(default_factory=Lock)

    def next_number(self) -> int:
        """A number that no other has."""
        with self._lock:
            self._last_number += 1
            return self._last_number

    def begin(self, offer: Offer) -> Offer:
        """Keep a new one."""
        with self._lock:
            self._offers[offer.id] = offer
        return offer

    def all(self) -> list[Offer]:
        """All, oldest first."""
        with self._lock:
            return list(self._offers.values())

    def get(self, offer_id: str) -> Offer | None:
        """The one of this id."""
        return self._offers.get(offer_id)

    def by_token(self, token: str, product: str) -> Offer | None:
        """The one whose secret this is."""
        found = (offer for offer in self.all() if offer.token and secrets.compare_digest(offer.token, token))
        return next((offer for offer in found if offer.product == product), None)

    def by_client(self, client_id: str) -> Offer | None:
        """The one that this tool came by."""
        return next((offer for offer in self.all() if offer.client_id == client_id), None)

    def read(self, offer_id: str) -> int:
        """Count one more reading of its configuration; return how many there were before."""
        with self._lock:
            offer = self._offers[offer_id]
            self._offers[offer_id] = replace(offer, reads=offer.reads + 1)
            return offer.reads

    def use(self, offer_id: str, request: Mapping[str, Any]) -> bool:
        """Keep what the tool asked for; False if another request was first."""
        with self._lock:
            if self._offers[offer_id].request is not None:
                return False
            self._offers[offer_id] = replace(self._offers[offer_id], request=request)
            return True

    def forget(self, offer_id: str) -> None:
        """Drop one, as an administrator does who deletes the tool."""
        with self._lock:
            self._offers.pop(offer_id, None)

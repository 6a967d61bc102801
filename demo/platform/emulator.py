"""The platform as one object: configuration, state, keys and faults, and what tests ask of it."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, cast
from urllib.parse import quote, urlencode

from flask import current_app

from demo.platform.config import ConfigError, Context, Link, Person, PlatformConfig, Tool
from demo.platform.dialogs import SEVERAL, Dialog, PendingSelection
from demo.platform.faults import Faults
from demo.platform.id_tokens import Claims, Tampering, sign
from demo.platform.keys import KeyRing
from demo.platform.one_use import Seen, Tickets
from demo.platform.overlap import Overlap
from demo.platform.registration.offers import Offers
from demo.platform.store import LineItem, Score, ScoreAttempt, Store
from demo.platform.tool_jwt import ToolKeys


@dataclass(frozen=True)
class RequestRecord:
    """A request that was answered. No bodies; the query only for the services under /api/."""

    method: str
    path: str
    query: str
    status: int
    at: datetime
    seconds: float
    remote_port: int
    answered: bool


@dataclass(frozen=True)
class PendingLaunch:
    """What an lti_message_hint stands for; ``link_id`` is None for deep linking."""

    client_id: str
    person_id: str
    link_id: str | None
    document_target: str
    dialog: Dialog = SEVERAL


@dataclass(frozen=True)
class AccessToken:
    """A bearer token's meaning."""

    client_id: str
    scopes: frozenset[str]
    expires_at: datetime


class Platform:
    """An emulated platform. ``clock`` may be replaced; ``port`` gives the base URL unless configured."""

    def __init__(self, config: PlatformConfig, port: int = 9000) -> None:
        self.config = config
        self.base_url = (config.base_url or f"http://127.0.0.1:{port}").rstrip("/")
        self.services_url = (config.services_url or self.base_url).rstrip("/")
        self.issuer = config.issuer or self.base_url
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.store = Store()
        self.keys = KeyRing()
        self.tool_keys = ToolKeys()
        self.faults = Faults(self.keys.rotate)
        self.pending_launches: Tickets[PendingLaunch] = Tickets()
        self.pending_selections: Tickets[PendingSelection] = Tickets()
        self.selections: list[Any] = []  # answers that were taken, oldest first
        self._next_settings: dict[str, Any] = {}
        self.offers = Offers()
        self.seen_nonces = Seen()
        self.seen_jtis = Seen()
        self.access_tokens: dict[str, AccessToken] = {}
        self.overlap = Overlap()
        self.stopped = False
        self._log: deque[RequestRecord] = deque(maxlen=20_000)
        self._tampering: Tampering | None = None
        self._lock = Lock()
        for tool in config.tools:
            self.add_tool(tool)
        for person in config.people:
            self.add_person(person)
        for link in config.links:
            self.add_link(link)

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock()

    @property
    def auth_login_url(self) -> str:
        """The OIDC authorization endpoint."""
        return f"{self.base_url}/auth"

    @property
    def auth_token_url(self) -> str:
        """The OAuth token endpoint, also the audience of client assertions."""
        return f"{self.services_url}/token"

    @property
    def key_set_url(self) -> str:
        """The JWKS."""
        return f"{self.services_url}/jwks"

    @property
    def line_items_url(self) -> str:
        """The line item container."""
        return self.line_items_url_of(self.config.context.id)

    def line_items_url_of(self, context_id: str) -> str:
        """The line item container of a course."""
        return self._with_query(f"{self._context_url(context_id)}/line_items")

    @property
    def memberships_url(self) -> str:
        """The membership container."""
        return f"{self._context_url(self.config.context.id)}/memberships"

    def line_item_url(self, item: LineItem, below: str = "") -> str:
        """A line item's URL, or of its "scores" or "results": below the path, before the query (AGS 2.0)."""
        path = f"{self._context_url(self.context(item.context_id).id)}/line_items/{quote(item.id, safe='')}"
        return self._with_query(f"{path}/{below}" if below else path)

    def context(self, context_id: str = "") -> Context:
        """A course by its id; the first one by default."""
        first = self.config.context
        return first if context_id in ("", first.id) else Context(id=context_id, label=context_id, title=context_id)

    def launch_url(self, link_id: str, person_id: str, target: str = "") -> str:
        """Where a browser starts a launch; ``target`` "iframe" or "window", by default the link's."""
        query = {"person": person_id} | ({"target": target} if target else {})
        return f"{self.base_url}/launch/{quote(link_id, safe='')}?{urlencode(query)}"

    def deep_link_url(self, person_id: str, client_id: str = "", dialog: Dialog = SEVERAL) -> str:
        """Where a browser starts deep linking; by default with the first tool."""
        query = {"person": person_id, "dialog": dialog.kind, "like": dialog.like}
        query |= {"client_id": client_id} if client_id else {}
        return f"{self.base_url}/deep-link?{urlencode(query)}"

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set."""
        return self.keys.public_jwks()

    def add_tool(self, tool: Tool) -> Tool:
        """Add a tool, or replace the one of the same client_id."""
        self.store.put_tool(tool)
        return tool

    def add_person(self, person: Person) -> Person:
        """Add a person, or replace the one of the same id."""
        self.store.put_person(person)
        return person

    def add_link(self, link: Link, label: str = "") -> Link:
        """Add or replace a link; returns it with id and line_item_url. Raises ConfigError for an unknown tool."""
        if self.store.tool(link.client_id) is None:
            raise ConfigError(f"no tool has the client_id {link.client_id!r}")
        return self._with_line_item(self.store.put_link(link, label))

    def link(self, link_id: str) -> Link:
        """A link as it is now, with its line_item_url. Raises KeyError."""
        link = self.store.link(link_id)
        if link is None:
            raise KeyError(link_id)
        return self._with_line_item(link)

    def line_item(self, name: str | Link | LineItem) -> LineItem | None:
        """Find a line item by itself, its link, its id, its URL or its link's id."""
        if isinstance(name, LineItem):
            return name
        key = name.id if isinstance(name, Link) else name
        is_url = key.startswith(self.services_url)  # to make the URLs of thousands of line items takes a while
        for item in self.store.line_items():
            if key in (item.id, item.resource_link_id) or (is_url and key == self.line_item_url(item)):
                return item
        return None

    def score_of(self, name: str | Link | LineItem, person_id: str) -> Mapping[str, Any] | None:
        """The newest accepted score's body, as the tool sent it."""
        item = self.line_item(name)
        score = self.store.newest(item.id, person_id) if item else None
        return score.body if score else None

    @property
    def scores(self) -> list[Score]:
        """Accepted scores, oldest first."""
        return self.store.scores()

    @property
    def score_attempts(self) -> list[ScoreAttempt]:
        """All POSTs to scores endpoints, oldest first."""
        return self.store.score_attempts()

    @property
    def requests(self) -> list[RequestRecord]:
        """Answered requests, oldest first; pages' own refreshing and the control API are left out."""
        return list(self._log)

    def record(self, entry: RequestRecord) -> None:
        """Add to the request log."""
        self._log.append(entry)

    def tamper_next_launch(self, **changes: Any) -> None:
        """Spoil the next id_token only; arguments are the fields of id_tokens.Tampering."""
        with self._lock:
            self._tampering = Tampering(**changes)

    def change_next_selection(self, **settings: Any) -> None:
        """Ask for something else in the next deep-linking request only; None leaves a setting out."""
        with self._lock:
            self._next_settings = settings

    def next_settings(self) -> dict[str, Any]:
        """What the next request asks for instead; used up by this."""
        with self._lock:
            settings, self._next_settings = self._next_settings, {}
        return settings

    def sign_id_token(self, claims: Claims) -> str:
        """Sign, and use up the tampering for the next launch."""
        with self._lock:
            tampering, self._tampering = self._tampering, None
        return sign(claims, self.keys, self.faults, tampering)

    def _with_line_item(self, link: Link) -> Link:
        item = self.store.line_item_of(link.id)
        return replace(link, line_item_url=self.line_item_url(item) if item else "")

    def _context_url(self, context_id: str) -> str:
        return f"{self.services_url}/api/contexts/{quote(context_id, safe='')}"

    def _with_query(self, url: str) -> str:
        return f"{url}?{self.config.line_item_query}" if self.config.line_item_query else url


def current_platform() -> Platform:
    """The platform of the request that is being served."""
    return cast(Platform, current_app.extensions["demo_platform"])

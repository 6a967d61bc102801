"""What the emulated course consists of: frozen values, read from Python or from a JSON file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from demo.platform.vocabulary import INSTRUCTOR, LEARNER, SCOPE_PUBLIC_JWK, SCOPES, principal_role

T = TypeVar("T")
PERSONAL = ("name", "given_name", "family_name", "email")


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The platform's course."""

    id: str = "course-1"
    label: str = "DEMO101"
    title: str = "A course on another platform"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One registration of a tool, with its one deployment."""

    client_id: str
    deployment_id: str = "1"
    title: str = "External tool"
    login_url: str
    redirect_uris: Sequence[str]
    jwks_url: str = ""
    """Empty: the platform has one key of the tool, which was pasted or sent there."""
    login_method: str = "POST"
    services: Mapping[str, bool] = field(default_factory=lambda: {"ags": True, "nrps": True})
    scopes: Sequence[str] = SCOPES
    deep_link_url: str = ""
    """target_link_uri of deep-linking requests; the first redirect_uri when empty."""
    active: bool = True
    """False: registered, and waiting for an administrator. Until then nothing of it works."""
    personal_claims: Sequence[str] = PERSONAL
    """What it asked to know about people; it is told no more."""
    custom: Mapping[str, str] = field(default_factory=dict)
    """Custom parameters of all its messages; a link's own come on top."""
    audience: str = ""
    """What its client assertions are addressed to; the token URL when empty."""
    lti1p1: Sequence[str] = ()
    """Key and secret that it had on LTI 1.1: its launches say who people were, and sign that."""

    def __post_init__(self) -> None:
        if self.login_method not in ("POST", "GET"):
            raise ConfigError("login_method is neither POST nor GET")
        if not self.redirect_uris or isinstance(self.redirect_uris, str):
            raise ConfigError("redirect_uris is empty or no list")

    def offers(self, service: str) -> bool:
        """True when the service ("ags" or "nrps") is switched on for this tool."""
        return bool(self.services.get(service, False))

    def granted_scopes(self) -> tuple[str, ...]:
        """The scopes an access token of this tool may carry."""
        usual = tuple(s for s in self.scopes if s in SCOPES and self.offers("nrps" if "lti-nrps" in s else "ags"))
        return (*usual, SCOPE_PUBLIC_JWK) if SCOPE_PUBLIC_JWK in self.scopes else usual


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in the course. ``id`` is the ``sub``; roles are sent as they are written here."""

    id: str
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    roles: Sequence[str] = (LEARNER,)
    share_personal_data: bool = True
    lti1p1_id: str = ""
    """What it was on LTI 1.1; empty: the same as now."""

    @property
    def is_learner(self) -> bool:
        """True when scores can be given to this person."""
        return any(principal_role(role) == "Learner" for role in self.roles)

    @property
    def is_instructor(self) -> bool:
        """True when this person may add content to the course."""
        return any(principal_role(role) in ("Instructor", "ContentDeveloper", "Administrator") for role in self.roles)

    def personal_data(self) -> dict[str, str]:
        """The name and email claims a tool may see; empty without consent."""
        if not self.share_personal_data:
            return {}
        values = {name: getattr(self, name) for name in PERSONAL}
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, kw_only=True)
class Link:
    """A resource link. ``id`` may be empty: the platform gives one. ``line_item_url`` is set by the platform."""

    id: str = ""
    title: str
    description: str = ""
    client_id: str
    target_link_uri: str
    graded: bool = False
    score_maximum: float = 100
    presentation: str = "iframe"
    custom: Mapping[str, str] = field(default_factory=dict)
    resource_id: str = ""
    tag: str = ""
    ags: str = "coupled"
    """AGS claim: "coupled" (lineitem and lineitems), "container" (lineitems only) or "none"."""
    line_item_url: str = ""
    context_id: str = ""
    """Another course than the platform's first one; it need not be described."""
    plain: bool = False
    """An address in a text, which is opened without a launch."""

    def __post_init__(self) -> None:
        if self.presentation not in ("iframe", "window"):
            raise ConfigError("presentation is neither iframe nor window")
        if self.ags not in ("coupled", "container", "none"):
            raise ConfigError("ags is none of coupled, container, none")


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What course pages keep for the tool in their frame (LTI postMessage Storage)."""

    target: str = ""
    """Empty: nothing, as Moodle; "_parent": the page itself; else the name of a frame in it, as in Canvas."""
    announced: bool = True
    """Whether a login initiation names the target, or lti.capabilities alone does."""
    answers: str = "data"
    """To put and get: "data" as specified, "error", or "nothing" at all."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", self.target):
            raise ConfigError("storage.target is no name of a frame")
        if self.answers not in ("data", "error", "nothing"):
            raise ConfigError("storage.answers is none of data, error, nothing")


DEFAULT_PEOPLE = (
    Person(id="u-1001", name="Ada Park", given_name="Ada", family_name="Park", email="ada.park@platform.example"),
    Person(id="u-1002", name="Ben Osei", given_name="Ben", family_name="Osei", email="ben.osei@platform.example"),
    Person(id="u-1003", name="Cleo", given_name="Cleo", share_personal_data=False),
    Person(
        id="u-2001",
        name="Ines Roth",
        given_name="Ines",
        family_name="Roth",
        email="ines.roth@platform.example",
        roles=(INSTRUCTOR,),
    ),
)


@dataclass(frozen=True, kw_only=True)
class PlatformConfig:
    """Everything the emulator starts with. ``issuer`` and ``base_url`` default to where it listens."""

    issuer: str | None = None
    base_url: str | None = None
    services_url: str | None = None
    """Where tools find token, keys, scores and members, if not where browsers find the pages."""
    name: str = "Emulated platform"
    product_family_code: str = "demo-platform"
    context: Context = Context()
    tools: Sequence[Tool] = ()
    people: Sequence[Person] = DEFAULT_PEOPLE
    links: Sequence[Link] = ()
    school_url: str | None = None
    """Where a Canvas-like platform is registered with, if not where its services are: many schools share those."""
    registration_url: str = ""
    """A tool's registration URL that "Connect by registration" begins with."""
    storage: Storage = Storage()
    """What course pages keep, unless the page's address says otherwise."""
    page_size: int = 50
    """At most so many entries on a page of line items, results or members."""
    line_item_query: str = "type_id=1"
    """Query on each line item URL, as Moodle's has; requests without it are not found."""
    moodle_lists: bool = False
    """Lists as Moodle's: Accept exactly the one media type, Link headers with HTML entities and curly quotes."""
    ignore_filters: bool = False
    """Lists of line items are answered whole, whatever they are asked for."""
    link_in_line_items: bool = True
    """Line items made by a tool may name the link that they are for."""

    @classmethod
    def from_json(cls, path: str | Path) -> "PlatformConfig":
        """Read a JSON file of the same shape. Raises ConfigError."""
        try:
            return build(cls, json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: {error}") from error


def build(kind: type[T], data: object) -> T:
    """Make a configuration value from decoded JSON. Raises ConfigError for unknown, missing or mistyped fields."""
    if not isinstance(data, dict):
        raise ConfigError(f"{kind.__name__} must be an object")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(map(str, set(data) - set(known))):
        raise ConfigError(f"{kind.__name__} has no field {unknown[0]!r}")
    for name, entry in known.items():
        if name not in data and entry.default is MISSING and entry.default_factory is MISSING:
            raise ConfigError(f"{kind.__name__} needs {name!r}")
    hints = get_type_hints(kind)
    return kind(**{name: _value(f"{kind.__name__}.{name}", hints[name], value) for name, value in data.items()})


def _value(where: str, hint: Any, value: object) -> object:
    if get_origin(hint) is Sequence:
        if not isinstance(value, list):
            raise ConfigError(f"{where} must be a list")
        return tuple(_value(where, get_args(hint)[0], entry) for entry in value)
    if get_origin(hint) is Mapping:
        if not isinstance(value, dict):
            raise ConfigError(f"{where} must be an object")
        return {key: _value(where, get_args(hint)[1], entry) for key, entry in value.items()}
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return build(hint, value)
    accepted = {float: (int, float)}.get(hint) or get_args(hint) or (hint,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where} has the wrong type")
    return value

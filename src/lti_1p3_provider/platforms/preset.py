"""What a preset says of a platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from django.utils.functional import Promise

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.registering import Registering


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
        for one in fields(self):
            value = str(getattr(self, one.name))
            value = value.replace("{host}", host) if host else value
            value = value.replace("{client_id}", client_id) if client_id else value
            filled[one.name] = "" if "{" in value else value
        return Endpoints(**filled)


@dataclass(frozen=True, slots=True)
class Environment:
    """Another environment of the same customers, whose ids are copies of the main one's: a platform of its own, with
    its own issuer. ``origins`` are its hosts, as in ``Preset``, and none of the main one's."""

    name: str
    endpoints: Endpoints
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that a platform shows its admin. ``where``: the way to it and its name, in the platform's own words.

    ``labels`` are its names in a text that is copied from there. ``looks`` is a regular expression for the value
    itself, if hardly anything else in such a text matches it: for texts in other languages.
    """

    where: str
    labels: tuple[str, ...] = ()
    looks: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A platform as we know it.

    ``steps`` tell the platform's admin what to do there, in order. ``origins`` are hosts of the platform besides those
    of its endpoints, as CSP sources (``https://*.example.com``; ``{host}`` is the issuer's host). ``score_interval`` is
    how many seconds the timestamps of two scores must be apart; ``stale_statuses`` are answers that mean: a newer score
    is here already; ``expired_statuses`` mean: this access token is over. ``refusals`` say in a sentence what the
    platform means by a status.

    ``resubmission`` are members of the message of a score that replaces one. ``whole_maximum``: a column's maximum is
    an integer there; ``longest_label`` is what its title may have. ``clamps``: it shows more than the maximum as the
    maximum. ``pages_results``: a limit makes pages of results, and does not just cut them off.

    ``members_page``: how many of a course's people are asked for at once. ``lists_everybody``: its list of them has
    those who never launched, too, whatever is set there.

    ``variables``: custom parameters may name variables of the specification there, which a launch then has values of.
    ``environments``: besides the one that ``endpoints`` describe. ``key_push``: the path below a customer's host where
    a tool may replace its one key there; empty: nowhere. ``key_care``: who does what when our keys change.

    ``subject_in_answers``: an answer to Deep Linking names us as its ``sub`` too. ``registering``: what it is like when
    we register ourselves there.

    ``shows`` says where the platform has each value that is entered here, by the registration's field, and
    ``deployment_id``. ``takes`` says where each value of ours goes there, by the names of ``onboarding.guide.Guide``,
    and ``domain``.
    """

    name: str
    label: str
    endpoints: Endpoints
    steps: tuple[str, ...]
    origins: tuple[str, ...] = ()
    score_interval: float = 0.001
    stale_statuses: frozenset[int] = frozenset((409,))
    expired_statuses: frozenset[int] = frozenset((401,))
    refusals: Mapping[int, str | Promise] = field(default_factory=dict)
    resubmission: Mapping[str, object] = field(default_factory=dict)
    whole_maximum: bool = False
    longest_label: int = 255
    clamps: bool = False
    pages_results: bool = True
    members_page: int = 100
    lists_everybody: bool = True
    variables: bool = True
    subject_in_answers: bool = False
    registering: Registering = field(default_factory=Registering)
    environments: tuple[Environment, ...] = ()
    key_push: str = ""
    key_care: KeyCare = field(default_factory=KeyCare)
    shows: Mapping[str, Shown] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)

    @property
    def wants_host(self) -> bool:
        """Whether its addresses are on a host that an operator has to name."""
        return any("{host}" in str(getattr(self.endpoints, one.name)) for one in fields(self.endpoints))

    def origins_of(self, issuer: str) -> tuple[str, ...]:
        """Return ``origins``, or those of the environment that has this issuer."""
        return next((one.origins for one in self.environments if one.endpoints.issuer == issuer), self.origins)

"""Reads what a platform shows its admin, pasted as one text: a dialog, a table, a line, or JSON.

Values are recognized by their labels, addresses also by their shape, and ids also by what they look like. So a dialog
in another language is understood in part. What cannot be told apart is left to the person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lti_1p3_provider.platforms import Preset, preset

MAX_TEXT = 20_000  # characters
MAX_VALUE = 2000
MAX_DEPLOYMENTS = 50
MAX_DEPTH = 4  # of JSON
MAX_LABEL = 80
MAX_SEPARATORS = 5  # in a line, that a label may end at
# As the specifications and many platforms call them; a platform's own names are in its preset.
NAMES: Mapping[str, tuple[str, ...]] = {
    "issuer": ("issuer", "iss", "platform ID", "platform issuer", "issuer URL", "issuer ID"),
    "client_id": ("client ID", "client identifier", "application ID", "OAuth2 client ID"),
    "deployment_id": ("deployment ID", "LTI deployment ID"),
    "auth_login_url": (
        *("authentication request URL", "authorization endpoint", "OIDC authorization endpoint", "auth login URL"),
        *("authentication endpoint", "OIDC authentication endpoint", "OIDC auth URL", "authorization URL"),
        *("OIDC authentication request URL", "OIDC authorization URL"),
    ),
    "auth_token_url": (
        *("access token URL", "token endpoint", "token URL", "OAuth2 access token URL", "access token endpoint"),
        *("auth token URL", "OAuth2 token URL", "access token service URL"),
    ),
    "auth_audience": ("access token audience", "OAuth2 audience", "audience", "token audience", "auth audience"),
    "key_set_url": (
        *("public keyset URL", "keyset URL", "key set URL", "JWKS URL", "JWKS URI", "JWKS endpoint", "public JWK URL"),
        *("public key set URL", "public keyset", "JWK URL"),
    ),
}
IDS = ("client_id", "deployment_id")
SEPARATOR = re.compile(r"\s*[:=|\t]\s*|\s{2,}")
URL = re.compile(r"https?://[^\s\"'<>|`]+")
BULLET = re.compile(r"^\s*[-+\u2013]\s+")
UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
AROUND = "\"'`<>,;*\u2022\u201c\u201d\u2018\u2019"  # what surrounds a value in lists and sentences


@dataclass(frozen=True, slots=True)
class Read:
    """What was found: fields of a registration by name, the platform's host as its preset wants it, and deployment
    ids."""

    values: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    deployment_ids: tuple[str, ...] = ()


def read(text: str, platform: str) -> Read:
    """Return what a text says. ``platform`` names the preset of the platform that shows it. No address is called."""
    known = preset(platform)
    text = UNSEEN.sub("", text[:MAX_TEXT]).replace("\xa0", " ")
    lines = [line for raw in text.splitlines() if (line := BULLET.sub("", raw).strip(f"{AROUND} "))]
    names = _names(known)
    found: dict[str, str] = {}
    deployments: list[str] = []
    for name, said in _of_json(text, names) or _labelled(lines, names):
        if not (value := _value(name, said)):
            continue
        if name == "deployment_id":
            deployments.append(value)
        else:
            found.setdefault(name, value)
    host = _add_addresses(found, lines, known)
    _add_ids(found, deployments, lines, known)
    return Read(found, host, tuple(dict.fromkeys(deployments))[:MAX_DEPLOYMENTS])


def _names(known: Preset) -> dict[str, str]:
    """Return the names of each field. The platform's own names come before those that many platforms use."""
    own = {_plain(label): name for name, shown in known.shows.items() for label in shown.labels}
    return {_plain(label): name for name, labels in NAMES.items() for label in labels} | own


def _plain(label: str) -> str:
    """Return a label without case, spaces, punctuation and what is in brackets. What is too long is not a label."""
    if len(label) > MAX_LABEL:
        return ""
    return "".join(filter(str.isalnum, re.sub(r"\(.*?\)", "", label))).casefold()


def _labelled(lines: Iterable[str], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield fields with the text after their label, or the line below it."""
    waiting = ""
    for line in lines:
        name, value = _split(line, names)
        if name and value:
            yield name, value
            waiting = ""
        elif name:
            waiting = name
        elif waiting:
            yield waiting, line
            waiting = ""


def _split(line: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Return the field whose label the line begins with, and the rest of the line; both are empty if there is none."""
    if name := names.get(_plain(line)):
        return name, ""
    for found in islice(SEPARATOR.finditer(line), MAX_SEPARATORS):
        if name := names.get(_plain(line[: found.start()])):
            return name, line[found.end() :].strip()
    label, _, last = line.rpartition(" ")
    return (names[_plain(label)], last) if _plain(label) in names else ("", "")


def _of_json(text: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    if not text.lstrip().startswith("{"):
        return []
    try:
        return list(_members(json.loads(text), names, MAX_DEPTH))
    except (ValueError, RecursionError):
        return []


def _members(value: Any, names: Mapping[str, str], depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or not depth:
        return
    for label, said in value.items():
        name = names.get(_plain(label))
        if name and isinstance(said, str | int) and not isinstance(said, bool):
            yield name, str(said)
        else:
            yield from _members(said, names, depth - 1)


def _value(name: str, said: str) -> str:
    """Return the value in the text beside a label, without other things that are there (a button's "Copy")."""
    address = URL.search(said)
    if address and name not in IDS:
        value = address[0].rstrip(".,;)")
    elif not name.endswith("_url"):
        value = said.split()[0].strip(AROUND) if said.split() else ""
    else:
        value = ""
    return value if len(value) <= MAX_VALUE else ""


def _add_addresses(found: dict[str, str], lines: Iterable[str], known: Preset) -> str:
    """Find addresses by their shape; return the host that they share, empty if the preset needs none."""
    addresses = list(dict.fromkeys(one.rstrip(".,;)") for line in lines for one in URL.findall(line)))
    hosts: list[str] = []
    for name in ("auth_login_url", "auth_token_url", "key_set_url"):
        shape = _shape(getattr(known.endpoints, name))
        for address in addresses if shape else ():
            if matched := re.fullmatch(shape, address):
                found.setdefault(name, address)
                hosts += filter(None, [matched.groupdict().get("host")])
    if known.endpoints.issuer != "https://{host}":
        return ""
    if not hosts:  # the issuer, or the platform's own address and nothing else of it
        bare = [found.get("issuer", ""), *(one for one in addresses if re.fullmatch(r"https://[^/]+/?", one))]
        hosts = [one.removeprefix("https://").rstrip("/") for one in bare if one.startswith("https://")]
    if hosts and f"https://{hosts[0]}" in addresses:
        found.setdefault("issuer", f"https://{hosts[0]}")
    return hosts[0] if hosts else ""


def _shape(pattern: str) -> str:
    """Return a regular expression for an endpoint of a preset, empty for none."""
    shape = re.sub(r"\\\{(?!host)\w+\\\}", r"[^/\\s]+", re.escape(pattern))
    return shape.replace(r"\{host\}", r"(?P<host>[^/\s]+(?:/\S*?)?)")


def _add_ids(found: dict[str, str], deployments: list[str], lines: list[str], known: Preset) -> None:
    """Find ids by what they look like, if only one thing does; a single word is the client ID."""
    words = list(dict.fromkeys(word.strip(AROUND) for line in lines for word in re.split(r"[\s|=]+", line)))
    for name, shown in known.shows.items():
        if not shown.looks or name in found or (name == "deployment_id" and deployments):
            continue
        looking = [word for word in words if re.fullmatch(shown.looks, word) and word not in found.values()]
        if len(looking) == 1 and name == "deployment_id":
            deployments.append(looking[0])
        elif len(looking) == 1:
            found[name] = looking[0]
    alone = words[0] if len(words) == 1 else ""
    if alone and alone not in deployments and not URL.match(alone) and len(alone) <= MAX_VALUE and alone[0] not in "{[":
        found.setdefault("client_id", alone)

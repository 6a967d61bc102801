"""The people and links of the other plugins' tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lti_1p3_provider.moving_in.tables import Row, Tables
from lti_1p3_provider.moving_in.tools import PEARSON

MAX_ADDRESS = 255  # characters of a column's address that they kept; one that is as long may have been cut


@dataclass(frozen=True, slots=True)
class Person:
    """A ``sub`` of a registration; ``user``: the account's primary key, None where it was never made."""

    pk: int
    issuer: str
    client_id: str
    sub: str
    user: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A resource link, as the newest launch left it. ``others``: other blocks that it opened before."""

    issuer: str
    client_id: str
    link_id: str
    title: str
    course_key: str
    usage_key: str
    line_item: str
    others: int = 0


def people(tables: Tables) -> Iterator[Person]:
    """Yield everybody, from the tables of whichever plugin."""
    for table in (tables.named("ltiprofile"), tables.other(f"{PEARSON}ltiprofile")):
        yield from map(_person, tables.rows(table))


def links(tables: Tables) -> list[Link]:
    """Return each link once. The other plugins have a row for each person who launched it; the newest row says what it
    opens."""
    owners = {person.pk: person for person in map(_person, tables.rows(tables.named("ltiprofile")))}
    newest: dict[tuple[str, str, str], Row] = {}
    opened: dict[tuple[str, str, str], set[str]] = {}
    for row in tables.rows(tables.named("ltigradedresource")):
        owner = owners.get(row["profile_id"])
        if owner is None:
            continue
        identity = (owner.issuer, owner.client_id, row["resource_id"])
        newest[identity] = row
        opened.setdefault(identity, set()).add(row["usage_key"])
    return [_link(identity, row, len(opened[identity]) - 1) for identity, row in newest.items()]


def _link(identity: tuple[str, str, str], row: Row, others: int) -> Link:
    issuer, client_id, link_id = identity
    address = row["ags_lineitem"] or ""
    kept = address if len(address) < MAX_ADDRESS else ""
    title = (row["resource_title"] or "")[:255]
    return Link(issuer, client_id, link_id, title, row["course_key"], row["usage_key"], kept, others)


def _person(row: Row) -> Person:
    return Person(row["id"], row["platform_id"], row["client_id"], row["subject_id"], row["user_id"])

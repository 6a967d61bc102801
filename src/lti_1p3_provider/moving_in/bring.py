"""Makes registrations, gates, keys, people and links from what another plugin left.

Doing it twice does no harm: what exists stays as it is. Each registration is brought in by a transaction of its own,
and people in batches, so an interrupted run goes on where it stopped. No score is sent because of it: the platforms
have the scores, and a teacher may have changed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction

from lti_1p3_provider.errors import AccountPrivileged, KeyInvalid
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.moving_in import carry
from lti_1p3_provider.moving_in.carry import Carried
from lti_1p3_provider.moving_in.people import Link, Person, links, people
from lti_1p3_provider.moving_in.tables import BATCH, Tables
from lti_1p3_provider.moving_in.tools import Tool, tools
from lti_1p3_provider.registrations import find, keys
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.users import ordinary
from lti_1p3_provider.users.models import PlatformUser

Identity = tuple[str, str]
OPEN, CLOSED = "open", "closed"  # what a tool without a gate may open


def foresee(tables: Tables, without_gate: str | None = None) -> list[Carried]:
    """Return what would be brought in. ``without_gate``: as for ``bring``, None if nobody has decided yet. Needs none
    of our tables."""
    found: dict[Identity, Carried] = {}
    for tool in tools(tables):
        found[tool.issuer, tool.client_id] = one = _report(tool, without_gate or CLOSED)
        one.owner_if_closed = without_gate is None and tool.gate is None and bool(one.owner)
    for person in people(tables):
        if report := found.get((person.issuer, person.client_id)):
            report.numbers["people" if person.user else "people_without_account"] += 1
    for link in links(tables):
        if report := found.get((link.issuer, link.client_id)):
            _count_link(report, link, report.deployments == 1)
    return list(found.values())


def undecided(tables: Tables) -> list[str]:
    """Return the titles of registrations that had no gate and are still to be brought in: somebody has to decide what
    they may open. Refused ones are left out."""
    open_ones = [tool for tool in tools(tables) if tool.gate is None and carry.carried(tool).state != "refused"]
    return [tool.title for tool in open_ones if not find.exact(tool.issuer, tool.client_id)]


def _nothing(_: Registration) -> None:
    """Note nothing."""


def bring(tables: Tables, without_gate: str = CLOSED, note: Callable[[Registration], None] = _nothing) -> list[Carried]:
    """Bring everything in; return a report of each registration. ``without_gate``: whether a registration without a
    gate stays open to every block (``OPEN``) or gets a gate that opens nothing. ``note``: called with each new
    registration, in its transaction."""
    ours: dict[Identity, Registration] = {}
    reports: dict[Identity, Carried] = {}
    for tool in tools(tables):
        identity, report = (tool.issuer, tool.client_id), _report(tool, without_gate)
        reports[identity] = report
        if report.state != "refused":
            ours[identity] = _register(tool, report, without_gate, note)
    for batch in batches(people(tables)):
        _bring_people(batch, ours, reports)
    sole = {identity: _sole_deployment(row) for identity, row in ours.items()}
    for link in links(tables):
        identity = (link.issuer, link.client_id)
        if identity in ours:
            _count_link(reports[identity], link, sole[identity] is not None)
            _bring_link(link, sole[identity])
    return list(reports.values())


def _report(tool: Tool, without_gate: str) -> Carried:
    return carry.carried(tool, stays_open=without_gate == OPEN)


@transaction.atomic
def _register(tool: Tool, report: Carried, without_gate: str, note: Callable[[Registration], None]) -> Registration:
    known = find.exact(tool.issuer, tool.client_id)
    if known is not None:
        report.state, report.owner = "there", known.org
        return known
    made = carry.registration(tool)
    made.org = report.owner
    made.save()
    for deployment_id in tool.deployment_ids:
        Deployment.objects.create(registration=made, deployment_id=deployment_id)
    if tool.gate is not None or without_gate == CLOSED:
        carry.gate(tool, made).save()
    if report.key and tool.key is not None:
        try:
            keys.import_pem(tool.key.pem, made, report.key)
        except KeyInvalid as error:
            report.problems.append(f"its signing key: {error.detail}")
            report.key = ""
    note(made)
    return made


@transaction.atomic
def _bring_people(
    batch: list[Person], ours: Mapping[Identity, Registration], reports: Mapping[Identity, Carried]
) -> None:
    accounts = get_user_model()._default_manager.in_bulk([person.user for person in batch if person.user])
    new = []
    for person in batch:
        identity = (person.issuer, person.client_id)
        if (registration := ours.get(identity)) is None:
            continue
        report = reports[identity]
        account = accounts.get(person.user)
        if account is None:
            report.numbers["people_without_account"] += 1
        elif is_staff(account):
            report.numbers["people_of_staff"] += 1
            report.staff.append(account.pk)
        else:
            report.numbers["people"] += 1
            new.append(_platform_user(person, registration, account))
    PlatformUser.objects.bulk_create(new, ignore_conflicts=True)


def _platform_user(person: Person, registration: Registration, account: AbstractUser) -> PlatformUser:
    return PlatformUser(registration=registration, sub=person.sub, sub_digest=digest(person.sub), user_id=account.pk)


def is_staff(account: AbstractUser) -> bool:
    """Tell whether an account is staff's: a platform's word is not enough to sign in to it."""
    try:
        ordinary.require(account)
    except AccountPrivileged:
        return True
    return False


def _sole_deployment(registration: Registration) -> Deployment | None:
    """Return a registration's only deployment. A link belongs to a deployment, which the other plugin did not store."""
    found = list(registration.deployments.all()[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def _bring_link(link: Link, deployment: Deployment | None) -> None:
    """Bring a link in. Links of other deployments, and the platform's permissions for columns, come with the next
    launch."""
    if deployment is None:
        return
    made, is_new = ResourceLink.objects.get_or_create(
        deployment=deployment,
        link_digest=digest(link.link_id),
        defaults={
            "link_id": link.link_id,
            "title": link.title,
            "course_key": link.course_key,
            "usage_key": link.usage_key,
        },
    )
    if is_new and link.line_item:
        LineItem.objects.create(
            resource_link=made, url=link.line_item, course_key=link.course_key, usage_key=link.usage_key
        )


def _count_link(report: Carried, link: Link, is_known: bool) -> None:
    report.numbers["links" if is_known else "links_wait_for_a_launch"] += 1
    report.numbers["columns"] += is_known and bool(link.line_item)
    if link.others:
        report.problems.append(
            f"the link {link.link_id!r} opened different blocks: it opens the newest, {link.usage_key}"
        )


def batches(everybody: Iterable[Person]) -> Iterator[list[Person]]:
    """Yield people some at a time."""
    one = iter(everybody)
    while batch := list(islice(one, BATCH)):
        yield batch

"""Looks at one registration, and asks its platform: for its keys, its clock, an access token, and a column if it may.

It only reads: no score is sent, and no column is made or changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Count
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.doctor import causes
from lti_1p3_provider.doctor.findings import Finding, each, failed, good, notice, wrong
from lti_1p3_provider.errors import AddressForbidden, LtiError, PlatformUnreachable
from lti_1p3_provider.lti import access_tokens, ags, key_sets, line_items, numbers, transport
from lti_1p3_provider.lti.contacts import MAX_SKEW
from lti_1p3_provider.lti.exchange import Answer, Request
from lti_1p3_provider.lti.public_keys import usable
from lti_1p3_provider.lti.redirects import followed
from lti_1p3_provider.memberships import words
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import LineItem, Outage
from lti_1p3_provider.scores.reasons import FORGOTTEN, Why

MAX_REASONS = 3
MAX_DEPLOYMENTS = 3  # that are asked for a token


def examine(registration: Registration) -> Iterator[Finding]:
    """Yield what is found about a registration. Each thing is tried independently."""
    if not registration.enabled:
        yield notice("registration", "It is switched off: no launches, no scores.", "Tick 'enabled' to use it.")
    steps = {
        "deployments": _deployments,
        "gate": _gate,
        "courses": courses_of,
        "key set": _keys,
        "our key": _our_key,
        "scores": _outage,
        "columns": _columns,
        "rosters": _rosters,
        "services": _all_services,
    }
    yield from each((about, partial(step, registration)) for about, step in steps.items())


def _deployments(registration: Registration) -> Iterator[Finding]:
    approved = registration.deployments.approved().count()
    pending = registration.deployments.filter(status=Deployment.Status.PENDING).count()
    if pending:
        yield notice(
            "deployments",
            f"Those that wait for approval: {pending}.",
            "Approve in the registration those that you know.",
        )
    if approved:
        yield good("deployments", f"{approved} approved.")
    else:
        yield wrong("deployments", "None is approved, so nobody can launch.", "Add the platform's deployment ID.")


def _gate(registration: Registration) -> Iterator[Finding]:
    gate = getattr(registration, "gate", None)
    if gate is None and conf.require_launch_gate:
        yield wrong("gate", "It has no launch gate, and this site requires one.", "Add one in the registration.")
    elif gate is None:
        yield notice("gate", "It may open everything that is published here.", "Add a launch gate to limit it.")
    elif gate.opens_nothing:
        yield wrong("gate", "Its launch gate opens nothing.", "Name courses, organizations or blocks in it.")
    else:
        yield good("gate", "Its launch gate names what it may open.")


def courses_of(registration: Registration) -> Iterator[Finding]:
    """Say what gate and enrolment mode name that this site does not have."""
    found = doubts(registration)
    for doubt in found:
        yield (wrong if doubt.refuses else notice)(doubt.about, doubt.says, doubt.advice)
    if registration.enrolment_mode and not found:
        yield good("enrolment", f"The courses that were looked up have the mode '{registration.enrolment_mode}'.")


def _keys(registration: Registration) -> Iterator[Finding]:
    """Fetch the key set anew, whatever the cache has."""
    if not registration.key_set_url:
        known = len(usable(registration.key_set))
        yield good("key set", f"{known} stored.") if known else wrong("key set", "No RSA key with a kid.", "Enter it.")
        return
    try:
        answer = transport.run(followed(Request("GET", registration.key_set_url, timeout=key_sets.FETCH_TIMEOUT)))
        known = len(usable(answer.json())) if answer.ok else 0
    except LtiError as error:
        said = f"The key set URL cannot be read: {causes.says(error)}."
        yield wrong("key set", said, causes.advice(error, registration.key_set_url, causes.COMPARE))
        return
    if known:
        yield good("key set", f"The key set URL shows {known} RSA {'key' if known == 1 else 'keys'}.")
    else:
        said = f"The key set URL answers {answer.status} and shows no RSA key with a kid."
        yield wrong("key set", said, causes.DOWN if answer.status >= 500 else causes.COMPARE)
    yield from _clock(answer)


def _our_key(registration: Registration) -> Iterator[Finding]:
    """Say which of our keys the platform must know, if that is not the site's."""
    if registration.own_keys.filter(status=ToolKey.Status.OFFERED).exists():
        if registration.production_id:
            said = "Production was sent a new key. It signs here once this is a copy of that."
            yield good("our key", said)
        else:
            said = "A key was sent to the platform, and nobody knows whether it has it; requests try both."
            yield notice("our key", said, "Send the key again: it is the same one.")
    if registration.own_keys.filter(status=ToolKey.Status.ACTIVE).exists():
        kid = keys.signing_key(registration.pk).kid
        yield good("our key", f"{kid[:60]} signs for it, not the site's key: the platform must know that one.")


def _clock(answer: Answer) -> Iterator[Finding]:
    if not (said := answer.headers.get("date", "")):
        return
    theirs = numbers.http_date(said)
    if theirs is None:
        yield notice("clock", "The platform's Date header cannot be read.", "Compare both clocks yourself.")
        return
    apart = timezone.now() - theirs
    if abs(apart) > MAX_SKEW:
        way = "ahead of" if apart > timedelta(0) else "behind"
        said = f"This site's clock is {abs(apart.total_seconds()):.0f} s {way} the platform's."
        yield wrong("clock", said, "Let both sides keep the time by NTP: tokens are refused otherwise.")
    else:
        yield good("clock", "Both clocks agree.")


def _outage(registration: Registration) -> Iterator[Finding]:
    known = (
        Outage.objects.filter(registration=registration).select_related("deployment", "registration").order_by("since")
    )
    for outage in sorted(known[:MAX_REASONS], key=lambda one: one.deployment_id or 0):
        who = f"Deployment {outage.deployment.deployment_id[:60]}" if outage.deployment else "It"
        said = f"{who} has taken no scores since {outage.since:%Y-%m-%d %H:%M} UTC: {outage.says}."
        yield wrong(
            "scores",
            said,
            "It is tried again automatically. To try at once, save the registration.",
        )


def _columns(registration: Registration) -> Iterator[Finding]:
    """Say why links have no column, each reason once."""
    without = LineItem.objects.filter(resource_link__deployment__registration=registration, url="")
    named = without.exclude(reason="").order_by().values(*FORGOTTEN)
    for row in named.annotate(links=Count("pk")).order_by("-links")[:MAX_REASONS]:
        links = "1 link has" if row["links"] == 1 else f"{row['links']} links have"
        why = Why(reasons.named(row["reason"]), row["http_status"], row["detail"])
        said = f"{links} no gradebook column: {why.in_full()}."
        yield notice("columns", said, "Open such a link again from the platform; see scores-refused.md.")


def _rosters(registration: Registration) -> Iterator[Finding]:
    """Say why lists of people could not be read the last time, each cause once."""
    failures = Roster.objects.filter(context__deployment__registration=registration).exclude(failure="").order_by()
    for row in failures.values("failure").annotate(lists=Count("pk")).order_by("-lists", "failure")[:MAX_REASONS]:
        lists = "1 list" if row["lists"] == 1 else f"{row['lists']} lists"
        said = f"{lists} of a course's people could not be read the last time: {row['failure']}."
        yield notice("rosters", said, f"{words.failed(row['failure'])} See docs/how-to/rosters.md.")


def _all_services(registration: Registration) -> Iterator[Finding]:
    """Try some deployments. If the platform does not answer for one, that is enough: all ask at the same address."""
    for deployment in registration.deployments.approved()[:MAX_DEPLOYMENTS]:
        about = f"deployment {deployment.deployment_id[:60]}"
        try:
            yield from _services(about, deployment)
        except LtiError as error:
            otherwise = "Compare access token URL and audience; see docs/how-to/troubleshoot/scores-refused.md."
            advice = causes.advice(error, registration.auth_token_url, otherwise, registration)
            yield wrong(about, f"No access token: {causes.says(error)}.", advice)
            if isinstance(error, PlatformUnreachable | AddressForbidden):
                return
        except Exception as error:  # any: the next deployment is tried all the same
            yield failed(about, error)


def _services(about: str, deployment: Deployment) -> Iterator[Finding]:
    """Ask for a token with the scopes that the platform's launches listed, and read one column with it.

    Raises:
        LtiError: there is no token.
    """
    named = LineItem.objects.with_column().filter(resource_link__deployment=deployment)
    items = named.order_by("-pk")
    item = items.exclude(url="").first() or items.first()
    scopes = frozenset(item.scopes) & ags.SCOPES if item else frozenset((ags.SCORE_SCOPE,))
    access_tokens.access_token(deployment, scopes, fresh=True, needed=ags.SCORE_SCOPE)
    yield good(about, f"An access token is granted for {len(scopes)} {'scope' if len(scopes) == 1 else 'scopes'}.")
    if item is None or ags.SCORE_SCOPE not in item.scopes:
        said = "No launch has brought a gradebook column with the right to send scores yet."
        yield notice(about, said, "Open a graded link as a learner; allow the tool to send scores.")
    elif item.url and item.can_be_looked_for:
        yield _column(about, deployment, item)


def _column(about: str, deployment: Deployment, item: LineItem) -> Finding:
    try:
        found = transport.run(line_items.read(deployment, item.column))
    except LtiError as error:
        said = f"The newest column cannot be read: {causes.says(error)}."
        otherwise = "Open the link again from the platform; see scores-refused.md."
        return wrong(about, said, causes.advice(error, item.url, otherwise))
    maximum = f"; its maximum is {found.maximum:g}" if found.maximum else ""
    return good(about, f"The newest column can be read{maximum}.")

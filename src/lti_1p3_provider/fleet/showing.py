"""Turns a row of the page into words and pictures.

All of a row's text is made here, and what all rows share is made once. A template would take too long for looking up
values, translating words and finding addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lti_1p3_provider.diagnostics.tallies import LaunchDay
from lti_1p3_provider.fleet.health import Word
from lti_1p3_provider.fleet.page import Row
from lti_1p3_provider.fleet.wording import WORDS, sentence
from lti_1p3_provider.lti.contacts import Contact
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import APP_LABEL
from lti_1p3_provider.scores.status.chart import Size, picture

KINDS = ("succeeded", "refused", "unproven")
STYLES = {Word.FAILING: "lti-failing", Word.TROUBLED: "lti-troubled", Word.WELL: "lti-good"}
SMALL = Size(width=168, height=36, gap=2)
DAY = '<tr><th scope="row">%s</th><td>%d</td><td>%d</td><td>%d</td></tr>'
CAUSE = "<li>{}</li>"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the template shows of a registration. ``causes``: the reasons for its health. ``keys``, ``token`` and
    ``clock``: as of the platform's last answer. ``refused``: the share in 7 days, empty without launches; ``refusal``:
    the last one's code. ``days``: days with launches, today first, with how many succeeded, were refused, and were
    refused before the signature was checked. ``address`` and the three after it: its pages."""

    pk: int
    title: str
    issuer: str
    platform: str
    word: str | Promise
    style: str
    causes: SafeString
    bars: SafeString
    bars_say: str
    days: SafeString
    last: str
    last_at: str
    refused: str
    refusal: str
    waiting: str
    parked: str
    keys: str
    token: str
    clock: str
    examine: str
    deployments: str
    address: str
    scores: str
    doctor: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same in all rows: the time, names of days, and a pattern for addresses."""

    now: datetime
    days: Mapping[date, SafeString]
    address: Callable[[int], str]
    scores: Callable[[int], str]
    doctor: Callable[[int], str]


def shown(rows: Sequence[Row], now: datetime) -> list[Shown]:
    """Return what the page shows of its rows."""
    days = rows[0].days if rows else ()  # all have the same
    names = {day.day: escape(date_format(day.day, "j M")) for day in days}
    pages = (_addresses(name) for name in ("change", "scores", "doctor"))
    shared = Shared(now, names, *pages)
    return [_shown(row, shared) for row in rows]


def _shown(row: Row, shared: Shared) -> Shown:
    facts, registration, now = row.facts, row.registration, shared.now
    known = PRESETS.get(registration.platform)
    share, skew, last = facts.refused_share, facts.skew, facts.last.launched_at
    return Shown(
        pk=registration.pk,
        title=registration.title,
        issuer=registration.issuer,
        platform=known.label if known else registration.platform,
        word=WORDS[row.health.word],
        style=STYLES.get(row.health.word, "quiet"),
        causes=format_html_join("", CAUSE, ((sentence(cause, now),) for cause in row.health.causes)),
        bars=picture(facts.days, KINDS, SMALL).paths,
        bars_say=_bars(sum(day.succeeded for day in facts.days)),
        days=_days(facts.days, shared.days),
        last=_ago(last, now) if last else _("never"),
        last_at=date_format(localtime(last), "DATETIME_FORMAT") if last else "",
        refused="" if share is None else _("%s in 7 days") % _percent(share),
        refusal=facts.last.refusal if share else "",
        waiting=f"{facts.waiting}",
        parked=f"{facts.parked}",
        keys=_contact(facts.keys, now) if facts.fetches_keys else _("pasted"),
        token=_contact(facts.token, now),
        clock="" if skew is None else _("%s s apart") % f"{abs(skew):.0f}",
        examine=_("Examine %s") % registration.title,
        deployments=_deployments(facts.approved, facts.pending),
        address=shared.address(registration.pk),
        scores=shared.scores(registration.pk),
        doctor=shared.doctor(registration.pk),
    )


def _addresses(name: str) -> Callable[[int], str]:
    """Return a function that makes the address of a registration's page."""
    before, _none, after = reverse(f"admin:{APP_LABEL}_registration_{name}", args=[0]).rpartition("/0/")
    return lambda pk: f"{before}/{pk}/{after}"


def _bars(succeeded: int) -> str:
    return (
        ngettext(
            "%s launch in 14 days; the table below has the numbers of each day.",
            "%s launches in 14 days; the table below has the numbers of each day.",
            succeeded,
        )
        % succeeded
    )


def _days(days: Sequence[LaunchDay], names: Mapping[date, SafeString]) -> SafeString:
    """Return rows of a table. Escaping 1,000 numbers would take a tenth of the page's time, and numbers need none."""
    some = (day for day in reversed(days) if day.succeeded or day.refused or day.unproven)
    return SafeString("".join(DAY % (names[day.day], day.succeeded, day.refused, day.unproven) for day in some))


def _percent(share: float) -> str:
    """Return a share in percent, but never 0 % if there was one, nor 100 % if one succeeded."""
    percent = round(share * 100)
    return f"{min(max(percent, 1 if share else 0), 100 if share >= 1 else 99)} %"


def _deployments(approved: int, pending: int) -> str:
    if not pending:
        return f"{approved}"
    return _("%(approved)s + %(pending)s pending") % {"approved": approved, "pending": pending}


def _ago(at: datetime, now: datetime) -> str:
    return _("%s ago") % timesince(at, now)


def _contact(contact: Contact, now: datetime) -> str:
    if contact.fails and contact.failed_at:
        return _("failed %(ago)s ago: %(code)s") % {"ago": timesince(contact.failed_at, now), "code": contact.code}
    return _ago(contact.worked_at, now) if contact.worked_at else _("not known")

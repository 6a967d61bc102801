"""A row of the page, in words and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from lti_1p3_provider.diagnostics.tallies import LaunchDay
from lti_1p3_provider.fleet.health import Word
from lti_1p3_provider.fleet.page import Row
from lti_1p3_provider.fleet.wording import WORDS, sentence
from lti_1p3_provider.lti.contacts import Contact
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.scores.status.chart import Picture, Size, picture

KINDS = ("succeeded", "refused", "unproven")
STYLES = {Word.FAILING: "failing", Word.TROUBLED: "troubled", Word.WELL: "good"}
SMALL = Size(width=168, height=36, gap=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the template says of a registration. ``causes``: why it is as it is; ``keys``, ``token`` and ``clock``: how
    it was when the platform was asked last; ``refused``: the percentage of 7 days, empty without launches; ``days``:
    those with launches, today first, with how many worked, were refused, and were refused before their signature."""

    row: Row
    platform: str
    word: str | Promise
    style: str
    causes: list[str]
    bars: Picture
    days: list[tuple[str, str, str, str]]
    succeeded: int
    refused: str
    keys: str
    token: str
    clock: str


def shown(rows: Sequence[Row], now: datetime) -> list[Shown]:
    """Return what the page says of its rows."""
    names = {day.day: date_format(day.day, "j M") for day in rows[0].days} if rows else {}  # all have the same days
    return [_shown(row, names, now) for row in rows]


def _shown(row: Row, names: Mapping[date, str], now: datetime) -> Shown:
    facts, known = row.facts, PRESETS.get(row.registration.platform)
    share = facts.refused_share
    skew = facts.skew
    return Shown(
        row=row,
        platform=known.label if known else row.registration.platform,
        word=WORDS[row.health.word],
        style=STYLES.get(row.health.word, "quiet"),
        causes=[sentence(cause, now) for cause in row.health.causes],
        bars=picture(facts.days, KINDS, SMALL),
        days=[_in_words(day, names) for day in reversed(facts.days) if day.succeeded or day.refused or day.unproven],
        succeeded=sum(day.succeeded for day in facts.days),
        refused="" if share is None else _percent(share),
        keys=_contact(facts.keys, now) if facts.fetches_keys else _("pasted"),
        token=_contact(facts.token, now),
        clock="" if skew is None else _("%s s apart") % f"{abs(skew):.0f}",
    )


def _in_words(day: LaunchDay, names: Mapping[date, str]) -> tuple[str, str, str, str]:
    return names[day.day], f"{day.succeeded}", f"{day.refused}", f"{day.unproven}"


def _percent(share: float) -> str:
    """Never say 0 % where there was one, nor 100 % where one worked."""
    percent = round(share * 100)
    return f"{min(max(percent, 1 if share else 0), 100 if share >= 1 else 99)} %"


def _contact(contact: Contact, now: datetime) -> str:
    if contact.fails and contact.failed_at:
        return _("failed %(ago)s ago: %(code)s") % {"ago": timesince(contact.failed_at, now), "code": contact.code}
    return _("%s ago") % timesince(contact.worked_at, now) if contact.worked_at else _("not known")

"""Says which people of LTI 1.1 a registration recognizes, until when, and why it recognizes nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lti_1p3_provider import host
from lti_1p3_provider.host.legacy import LegacyProvider
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS, SAME_IDS, SIGNED, STATED
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import LegacyMatch

LEGACY = ("recognized", *LEGACY_FIELDS)  # of the registration's page
LIST = "admin:lti_1p3_provider_legacymatch_changelist"
SENTENCES = {
    SIGNED: gettext_lazy("Learners whom the platform names with a signature, made with the secret of %(key)s."),
    STATED: gettext_lazy("Learners whom the platform names, without a signature, if they are people of %(key)s."),
    SAME_IDS: gettext_lazy("Learners who have the user ID of one of the people of %(key)s."),
}


class SaysWhoIsRecognized:
    """Part of the registration's page."""

    @admin.display(description=gettext_lazy("people of LTI 1.1"))
    def recognized(self, row: Registration | None) -> str:
        """The people whose first launch gives them their old account, until when, and how many that were so far."""
        if row is None or not row.pk:
            return said(Registration())
        counted = _counted(row)
        if not any(counted.values()):
            return said(row)
        url = f"{reverse(LIST)}?platform_user__registration__id__exact={row.pk}"
        return format_html('{} <a href="{}">{}</a>', said(row), url, _in_words(counted))


def said(registration: Registration) -> str:
    """Return the same in plain words."""
    if not registration.legacy_way:
        return _("Nobody is recognized: all learners get new accounts.")
    key = registration.legacy_consumer_key
    named = _("the LTI 1.1 key %s") % key if key else _("any LTI 1.1 key")
    sentence = str(SENTENCES[registration.legacy_way]) % {"key": named}
    if registration.legacy_until is None:
        return sentence
    day = date_format(registration.legacy_until)
    if registration.legacy_has_ended:
        return f"{sentence} {_('That ended: the last day was %s. Nobody is recognized any more.') % day}"
    return f"{sentence} {_('The last day is %s.') % day}"


def doubts(registration: Registration, provider: LegacyProvider | None = None) -> Iterator[tuple[str, str]]:
    """Yield why a registration recognizes nobody, and what to do about it. ``provider``: the configured host's if
    None."""
    if not registration.legacy_way:
        return
    if registration.legacy_has_ended:
        said_so = f"People of LTI 1.1 are not recognized any more: the last day was {registration.legacy_until}."
        yield said_so, "Move the day if some of its learners are still to come, or choose no way."
    known = [one.key for one in (provider or host.current().legacy).platforms()]
    key = registration.legacy_consumer_key
    if not known:
        said_so = "The LMS has no platform of LTI 1.1: nobody is recognized."
        yield said_so, "See whether its LTI 1.1 provider was ever used here (lti_1p3_legacy report)."
    elif key and key not in known:
        said_so = f"The LMS has no platform of LTI 1.1 with the key {key}: nobody is recognized."
        yield said_so, "Compare the key character by character with those of lti_1p3_legacy report."


def _counted(row: Registration) -> dict[str, int]:
    adopted = Q(outcome=LegacyMatch.Outcome.ADOPTED)
    matches = LegacyMatch.objects.filter(platform_user__registration=row)
    found: dict[str, Any] = matches.aggregate(
        adopted=Count("pk", filter=adopted), not_adopted=Count("pk", filter=~adopted)
    )
    return found


def _in_words(counted: dict[str, int]) -> str:
    kept, others = counted["adopted"], counted["not_adopted"]
    said_of = ngettext("%s person kept the account", "%s people kept their accounts", kept) % kept
    return _("%(kept)s; %(others)s did not.") % {"kept": said_of, "others": others}

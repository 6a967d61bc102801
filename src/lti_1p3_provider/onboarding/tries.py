"""Tries values while they are being entered: do the platform's addresses answer, is it registered already?

Calls go through ``lti.transport`` with all its limits. Answers are judged and never shown. All addresses that are not
called get the same sentence, so nobody learns from it what is in this site's own network.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.errors import (
    AddressForbidden,
    AnswerUnreadable,
    LtiError,
    PlatformUnreachable,
    StateStoreDown,
)
from lti_1p3_provider.lti import store, transport
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.lti.public_keys import usable
from lti_1p3_provider.lti.redirects import REDIRECTS, followed
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import problem_with

TIMEOUT = 5.0  # seconds
MOST = 30  # calls of one admin in a minute
MINUTE = 60
MAX_URL = 2000  # characters, as the registration's fields
MAX_NAMED = 5  # registrations of an issuer
GONE = frozenset((404, 405, 410))  # no token address says this to a request that lacks something

FORBIDDEN = gettext_noop(
    "This site does not call private or special addresses, unless its operator names their host in "
    "LTI_1P3_PROVIDER_PRIVATE_HOSTS."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """The result, in a sentence. ``rows``: the registrations that it is about."""

    verdict: Verdict
    says: str
    rows: tuple[Registration, ...] = ()


def may_try(user_id: int, most: int = MOST, now: Callable[[], float] = time.time) -> bool:
    """Count a call of this admin; tell whether it may be made. If it cannot be counted, it may not."""
    try:
        return store.count(f"lti1p3:tries:{user_id}:{int(now()) // MINUTE}", MINUTE) <= most
    except StateStoreDown:
        return False


def key_set(url: str) -> Tried:
    """Fetch a platform's key set and say how many of its keys can verify a launch."""
    return _tried(url, _keys(url))


def token_address(url: str) -> Tried:
    """Ask for an access token without saying who asks. A token address refuses that in a way of its own."""
    return _tried(url, _token(url))


def identity(issuer: str, client_id: str, besides: int | None = None) -> Tried | None:
    """Say which registrations have this issuer and client id, or else this issuer; None if there are none. ``besides``:
    the primary key of one to leave out."""
    if not issuer or not keeps(issuer):
        return None
    same = find.exact(issuer, client_id) if client_id else None
    if same is not None and same.pk != besides:
        return Tried(Verdict.WRONG, _("This issuer and client ID are registered already:"), (same,))
    of_issuer = Registration.objects.filter(issuer=issuer).exclude(pk=besides or 0).order_by("title", "pk")
    rows = [row for row in of_issuer[: 2 * MAX_NAMED] if row.issuer == issuer]  # databases may ignore case
    if not rows:
        return None
    said = _("This issuer is known already. Each of its registrations has a client ID of its own:")
    return Tried(Verdict.NOTICE, said, tuple(rows[:MAX_NAMED]))


def _tried(url: str, exchange: Exchange[Tried]) -> Tried:
    if len(url) > MAX_URL:
        return Tried(Verdict.WRONG, _("This address is too long."))
    if problem := problem_with(url):
        return Tried(Verdict.WRONG, problem)
    try:
        return transport.run(exchange)
    except AddressForbidden:
        return Tried(Verdict.WRONG, _(FORBIDDEN))
    except PlatformUnreachable:
        said = _("Nothing answers there in time, or its certificate is not accepted. Compare the address.")
        return Tried(Verdict.WRONG, said)
    except LtiError as error:
        return Tried(Verdict.WRONG, f"{error.title}.")


def _keys(url: str) -> Exchange[Tried]:
    answer = yield from followed(Request("GET", url, {"Accept": "application/json"}, timeout=TIMEOUT))
    try:
        known = len(usable(answer.json())) if answer.ok else 0
    except AnswerUnreadable:
        known = 0
    if known:
        said = ngettext("This key set answers: %(known)d key.", "This key set answers: %(known)d keys.", known)
        return Tried(Verdict.GOOD, said % {"known": known})
    return _otherwise(answer, _("no key set with an RSA key that has a kid"))


def _token(url: str) -> Exchange[Tried]:
    form = {"grant_type": "client_credentials"}
    answer: Answer = yield Request("POST", url, {"Accept": "application/json"}, form, timeout=TIMEOUT, whole=False)
    if 400 <= answer.status < 500 and answer.status not in GONE:
        return Tried(Verdict.GOOD, _("This address answers. Access tokens are tried once this page is saved."))
    return _otherwise(answer, _("nothing that looks like a token address"))


def _otherwise(answer: Answer, what: str) -> Tried:
    """Say, with the status only, that the answer is not what was expected."""
    status = {"status": answer.status}
    if answer.status >= 500:
        return Tried(Verdict.NOTICE, _("The platform has a problem of its own (%(status)d). Try again later.") % status)
    if answer.status in REDIRECTS:
        return Tried(Verdict.WRONG, _("It leads to another address (%(status)d). Enter that one.") % status)
    said = _("It answers (%(status)d), but there is %(what)s. Compare the address.")
    return Tried(Verdict.WRONG, said % {**status, "what": what})

"""Reads a platform's configuration once for each address and token. Loading the page again shows what was read.

A row is claimed before the platform is asked, so of two requests at once one asks and the other waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.errors import BEGIN_AGAIN, ConfigurationBusy, LtiError, RegistrationFormOver
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import platform_configuration
from lti_1p3_provider.lti.platform_configuration import PlatformConfiguration
from lti_1p3_provider.onboarding.models import Invitation, OpenedConfiguration
from lti_1p3_provider.web.sealed import seal, unseal

PURPOSE = "configuration"
KEPT = timedelta(hours=1)  # the platforms' own tokens live as long
DEAD = timedelta(minutes=1)  # longer than anybody reads
MAX_OPENED = 50  # addresses of one invitation in an hour
POLL = 0.25  # seconds
Pause = Callable[[float], None]


def opened(invitation: Invitation, url: str, token: str, pause: Pause = time.sleep) -> OpenedConfiguration:
    """Return the configuration at an address, read now or within the last hour. ``token``: the platform's, may be
    empty.

    Raises:
        ConfigurationBusy: somebody else is still reading, or too many addresses were opened.
        RegistrationAddressInvalid, ConfigurationUnreadable, AddressForbidden, PlatformUnreachable, TrustUnreadable
    """
    platform_configuration.require_address(url, token)
    row, is_mine = _claimed(invitation, _name(url, token), timezone.now())
    if not is_mine:
        return _waited_for(row, pause)
    try:
        text = platform_configuration.fetch(url, token)
    except LtiError as error:
        error.advice = BEGIN_AGAIN
        # Whoever asks for it once more, may; nobody does so by themselves.
        OpenedConfiguration.objects.filter(pk=row.pk).update(opened_at=row.opened_at - DEAD)
        raise
    row.content = seal(PURPOSE, {"address": url, "text": text})
    row.save(update_fields=["content"])
    return row


def before(invitation: Invitation, url: str, token: str) -> OpenedConfiguration | None:
    """Return the configuration at an address if it was read within the last hour."""
    since, name = timezone.now() - KEPT, _name(url, token)
    rows = OpenedConfiguration.objects.filter(invitation=invitation, address_digest=name, opened_at__gt=since)
    return rows.select_related("invitation").exclude(content="").first()


def find(pk: int) -> OpenedConfiguration:
    """Return a configuration that was opened within the last hour, with its invitation.

    Raises:
        RegistrationFormOver
    """
    row = OpenedConfiguration.objects.select_related("invitation").filter(pk=pk).exclude(content="").first()
    if row is None:
        raise RegistrationFormOver("the configuration was dropped")
    return row


def content(row: OpenedConfiguration) -> PlatformConfiguration:
    """Return what the platform said of itself.

    Raises:
        RegistrationFormOver: more than an hour ago, or the site's secrets were replaced.
    """
    try:
        kept = unseal(PURPOSE, row.content, int(KEPT.total_seconds()))
    except ValueError as error:
        raise RegistrationFormOver(f"configuration {row.pk}: {error}") from error
    return platform_configuration.read(kept["text"], kept["address"])


def drop_old() -> int:
    """Delete configurations that nobody can use any more, in batches; return how many."""
    return drop(OpenedConfiguration.objects.filter(opened_at__lt=timezone.now() - KEPT - DEAD))


def _name(url: str, token: str) -> str:
    return digest(f"{url}\0{token}")


def _claimed(invitation: Invitation, name: str, now: datetime) -> tuple[OpenedConfiguration, bool]:
    """Return the row of an address, and whether the caller has to fill it."""
    of_invitation = OpenedConfiguration.objects.filter(invitation=invitation)
    row = of_invitation.filter(address_digest=name).first()
    if row is None:
        of_invitation.filter(opened_at__lt=now - KEPT).delete()
        if of_invitation.count() >= MAX_OPENED:
            raise ConfigurationBusy(f"{MAX_OPENED} addresses were opened with invitation {invitation.pk} in an hour")
        try:
            with transaction.atomic():
                fresh = OpenedConfiguration.objects.create(invitation=invitation, address_digest=name, opened_at=now)
                return fresh, True
        except IntegrityError:
            row = of_invitation.get(address_digest=name)
    if row.opened_at > now - (KEPT if row.content else DEAD):
        return row, False
    over = OpenedConfiguration.objects.filter(pk=row.pk, opened_at=row.opened_at)
    is_mine = bool(over.update(opened_at=now, content=""))
    row.refresh_from_db()  # as whoever claimed it has left it: what was read before is over
    return row, is_mine


def _waited_for(row: OpenedConfiguration, pause: Pause) -> OpenedConfiguration:
    """Return the row once its reader has filled it, or has given up."""
    since = row.opened_at
    for _ in range(int(conf.http_timeout / POLL) + 1):
        if row.content:
            return row
        pause(POLL)
        row.refresh_from_db()
        if row.opened_at < since:
            break
    raise ConfigurationBusy(f"configuration {row.pk} is being read by another request, or that one failed")

"""Looks at this site: settings, the shared cache, the signing key, and whether scores wait for a worker."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.core import checks as django_checks
from django.utils import timezone

from lti_1p3_provider import checks
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import repertoire
from lti_1p3_provider.doctor.findings import Finding, each, good, notice, wrong
from lti_1p3_provider.errors import LtiError, StateStoreDown
from lti_1p3_provider.lti import store
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.querysets import where_open
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages

MAX_QUEUE = timedelta(minutes=20)  # cron comes every ten


def examine() -> Iterator[Finding]:
    """Yield what is found. Each thing is tried independently."""
    if not conf.enabled:
        yield wrong("switch", "The tool is switched off: all its addresses answer 404.", "Set ENABLE_LTI_1P3_PROVIDER.")
        return
    yield from each(
        (
            ("settings", _settings),
            ("characters", _characters),
            ("cache", lambda: [_cache()]),
            ("keys", lambda: [_key()]),
            ("deliveries", lambda: [_queue()]),
        )
    )


def _settings() -> Iterator[Finding]:
    """Repeat the system checks."""
    found = [*checks.check_settings(None), *checks.check_tables(None)]
    for message in found:
        make = wrong if message.level >= django_checks.ERROR else notice
        yield make("settings", f"{message.msg} ({message.id})", message.hint or "")
    if not found:
        yield good("settings", f"https, cookies, middleware and gates are in order; platforms reach {conf.public_url}.")


def _characters() -> Iterator[Finding]:
    """Say which characters the database stores, beyond what the system checks say."""
    kept = repertoire()
    if not kept.narrow:
        named = f" ({', '.join(kept.charsets)})" if kept.charsets else ""
        yield good("database", f"It keeps all characters{named}.")


def _cache() -> Finding:
    name, value = f"lti1p3:doctor:{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        store.put(name, value, 60)
        kept, first, second = store.get(name) == value, store.add(f"{name}:once", 60), store.add(f"{name}:once", 60)
        store.drop(name)
    except StateStoreDown as error:
        return wrong("cache", f"The shared cache does not answer ({error.detail}).", "No launch is let in without it.")
    if not kept or not first or second:
        return wrong("cache", "The shared cache forgets at once.", "Look at its memory and at CACHES['default'].")
    return good("cache", "The shared cache keeps what it is given, and adds only once.")


def _key() -> Finding:
    try:
        keys.sign({"iss": "doctor"})
    except LtiError as error:
        return wrong("keys", f"Nothing can be signed ({error.code}): {error.detail}.", "See docs/reference/errors.md.")
    return good("keys", f"A key signs; {len(keys.published())} are in the key set.")


def _queue() -> Finding:
    """Look for scores that wait for a worker. Scores for platforms that are off or down wait on purpose."""
    late = PendingScore.objects.due(timezone.now() - MAX_QUEUE).filter(where_open("lane__deployment__"))
    late = late.exclude(registration_id__in=list(outages.of_all()))
    late = late.exclude(lane__deployment_id__in={place.deployment for place in outages.of_places()})
    if waiting := late.order_by().values("pk")[:1000].count():
        return wrong(
            "deliveries",
            f"{waiting} scores or more have been due for {MAX_QUEUE.seconds // 60} minutes: nobody delivers.",
            "Look at the Celery workers, and let cron run lti_1p3_deliver_scores every ten minutes.",
        )
    return good("deliveries", "No score waits for a worker.")

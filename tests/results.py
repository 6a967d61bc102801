"""Results that a platform shows."""

from __future__ import annotations

import json

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.models import LineItem, PendingScore
from tests.scoring import earn, launched
from tests.web_server import Said


def at_a_strangers(connection, web_server, *said: Said) -> list[PendingScore]:
    """Have a score that was sent, whose results are at a web server that says this."""
    launched(connection)
    earn(3)
    home = web_server.says_in_turn(*said)
    Registration.objects.update(other_origins=home.rpartition("/")[0])
    LineItem.objects.update(url=f"{home}/item")
    return list(PendingScore.objects.order_by("pk"))


def results_of(*shown: object) -> Said:
    return Said(json.dumps(shown).encode())

"""A platform's course whose list of people says what a test tells it to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TypeVar

from lti_1p3_provider.lti import access_tokens, nrps, store
from lti_1p3_provider.memberships.compared import contexts
from lti_1p3_provider.memberships.kept import names
from lti_1p3_provider.memberships.models import Member
from lti_1p3_provider.memberships.sync import Listed, sync
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.web.addresses import origin
from tests import entered
from tests.connection import LEARNER, OTHER_LEARNER, PROBLEM, Connection
from tests.web_server import Said, WebServer

Kind = TypeVar("Kind", bound="School")


def page(*members: object, status: int = 200, **headers: str) -> Said:
    people = [{"user_id": one, "roles": ["Learner"]} if isinstance(one, str) else one for one in members]
    return Said(json.dumps({"members": people}).encode(), status, headers)


class School:
    """A platform's course whose list says what it is told to; somebody launched from it."""

    def __init__(self, connection: Connection, server: WebServer) -> None:
        self.connection, self.server = connection, server
        entered.enter(connection, connection.link(PROBLEM), LEARNER)
        self.says(page())

    def says(self, *pages: Said) -> str:
        url = self.server.says_in_turn(*pages)
        registration = self.connection.registration
        if registration.other_origins != origin(url):
            registration.other_origins = origin(url)
            Registration.objects.filter(pk=registration.pk).update(other_origins=origin(url))
        Context.objects.update(memberships_url=url)
        self.context = contexts(registration)[0]
        return url

    def sync(self, *members: object, now: datetime | None = None) -> list[Listed]:
        self.says(page(*members))
        return sync(self.context, now)[0]

    def kept(self) -> dict[str, str]:
        """Return the state of each row by its ``sub``, as far as a test's names go."""
        known = {self.named(sub): sub for sub in (LEARNER, OTHER_LEARNER, *"abcdefg")}
        return {known[row.subject_digest]: row.status for row in Member.objects.filter(context=self.context)}

    def kept_of(self, *subs: str) -> dict[str, str]:
        """Return the state of the rows of some people under their newest names."""
        known = {self.named(sub): sub for sub in subs}
        rows = Member.objects.filter(context=self.context, subject_digest__in=known)
        return {known[row.subject_digest]: row.status for row in rows}

    def named(self, sub: str) -> str:
        """Return a person's newest name."""
        return names(self.connection.registration.pk, sub)[0]


def opened(connection: Connection, server: WebServer, kind: type[Kind]) -> Kind:
    """Return a course from which somebody launched, with an access token for its list."""
    found = kind(connection, server)
    store.put(access_tokens._name(found.context.deployment, frozenset([nrps.SCOPE])), "t", 600)
    return found

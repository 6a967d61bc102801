"""A platform's course whose people get accounts and enrolments from its list, before they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import Model
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from demo.lms.models import Enrolment, LtiConsumer, LtiUser, Profile
from lti_1p3_provider import host
from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships import ahead, sync
from lti_1p3_provider.memberships.models import EnrolledAhead, Member, Roster
from lti_1p3_provider.memberships.plan import Outcome
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import COURSE, OTHER_COURSE, PROBLEM, Connection
from tests.registered import Places, copied, moved
from tests.school import School, opened, page
from tests.team import somebody
from tests.web_server import WebServer

KEY, OTHER_KEY = CourseKey.from_string(COURSE), CourseKey.from_string(OTHER_COURSE)
BOTH = "enrol_and_unenrol"
NOTHING = Outcome()


class Brought:
    """What a list left that brought somebody in."""

    def __init__(self, context: Context, person: PlatformUser) -> None:
        user = person.user
        of_user = [model.objects.get(user=user) for model in (Profile, Enrolment)]
        listed = [model.objects.get(platform_user=person) for model in (EnrolledAhead, Member)]
        self.rows: list[Model] = [user, *of_user, person, *listed]
        self.roster, self._context, self._moment = Roster.objects.get(context=context), context, timezone.now()

    @property
    def age(self) -> timedelta:
        """How long ago that was."""
        return timezone.now() - self._moment

    def places(self, context: Context) -> Places:
        """Return the rows of another course that take the place of those that were there before."""
        old, new = self._context, context
        registrations = (Registration, old.deployment.registration_id), new.deployment.registration_id
        return dict([((Context, old.pk), new.pk), registrations])


_brought: list[Brought] = []


class Class(School):
    """A platform's course whose people get accounts and enrolments before they come."""

    def wants(self, **fields: Any) -> None:
        """Change the registration, as an operator does."""
        for name, value in fields.items():
            setattr(self.connection.registration, name, value)
        self.connection.registration.save()

    def reads(self, *members: object, **options: Any) -> Outcome | None:
        """Read a list, and do what it makes due."""
        self.says(page(*members))
        return ahead.provide(self.context, sync.read(self.context), COMMAND, **options)

    def reads_of(self, context: Context, *subs: str) -> Outcome | None:
        """Read the list of one of several courses of the platform's."""
        self.says(page(*subs))
        return ahead.provide(context, sync.read(Context.objects.get(pk=context.pk)), COMMAND)

    def had(self, *subs: str) -> None:
        """Have people whom the course's first list brought in. The app reads a list with one of them, the first time;
        all others, and those of later tests, get copies of the rows that this leaves, as not that list is tried."""
        if not _brought:
            first, *subs = subs
            assert self.reads(first) == Outcome(accounts=1, enrolled=1)
            _brought.append(Brought(self.context, self.person(first)))
        brought = _brought[0]
        if not Roster.objects.filter(context=self.context).exists():
            copied(brought.roster, **moved(brought.roster, brought.places(self.context), brought.age))
        for sub in subs:
            new = brought.places(self.context)
            for row in brought.rows:
                names = self._names(row, sub)
                new[type(row), row.pk] = copied(row, **{**moved(row, new, brought.age), **names}).pk

    def _names(self, row: Model, sub: str) -> dict[str, Any]:
        """Return what no two people have the same of."""
        match row:
            case PlatformUser():
                return {"sub": sub, "sub_digest": digest(sub)}
            case Member():
                return {"subject_digest": self.named(sub)}
            case Profile() | Enrolment() | EnrolledAhead():
                return {}
        return {"username": f"ahead-{sub}"}

    def inside(self, key: CourseKey = KEY) -> set[str]:
        """Return who of the registration is enrolled."""
        people = dict(PlatformUser.objects.filter(registration=self.connection.registration).values_list("user", "sub"))
        return {people[user] for user in host.current().membership.enrolled(list(people), key)}

    def person(self, sub: str) -> PlatformUser:
        """Return the platform user, with its account."""
        return PlatformUser.objects.select_related("user").get(sub=sub)


def class_of(connection: Connection, web_server: WebServer) -> Class:
    """Open a platform's course whose list enrols and unenrols in the first course."""
    found = opened(connection, web_server, Class)
    connection.gate(allowed_courses=[COURSE])
    found.wants(ahead_way=BOTH, enrolment_mode="audit")
    return found


def old_person(known_as: str) -> AbstractUser:
    """Make somebody of LTI 1.1's."""
    named = {"consumer_name": "k", "consumer_secret": "s"}
    consumer, _ = LtiConsumer.objects.get_or_create(consumer_key="k", defaults=named)
    made = somebody(f"old-{known_as}")
    LtiUser.objects.create(lti_consumer=consumer, lti_user_id=known_as, edx_user=made)
    return made


def section(course: Class) -> Context:
    """Make another course of the platform's, with a link to the same course here."""
    first = course.context.deployment
    other = Context.objects.create(
        deployment=first, context_id="2", context_digest=digest("2"), memberships_url=course.context.memberships_url
    )
    ResourceLink.objects.create(
        deployment=first, context=other, link_id="s", link_digest=digest("s"), course_key=COURSE, usage_key=PROBLEM
    )
    return other

"""Accounts and enrolments before people come: what a list of people does with the host's own accounts and courses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.lti import roles
from lti_1p3_provider.lti.nrps import Member, Members
from lti_1p3_provider.memberships import ahead, unused_accounts
from lti_1p3_provider.memberships.models import EnrolledAhead, Roster
from lti_1p3_provider.memberships.plan import Outcome
from lti_1p3_provider.memberships.sync import Read, with_accounts
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.users.models import PlatformUser

from .launch_contract import LaunchingContract
from .launching import LTI, account, launch


class ProvisioningContract(LaunchingContract):
    """A platform's course from which ``ada`` launched."""

    def setUp(self) -> None:
        super().setUp()
        launch(self.browser, "ada", self.world.problem, **{f"{LTI}context": {"id": "c"}})
        registration = Registration.objects.get()
        registration.ahead_way, registration.enrolment_mode = "enrol_and_unenrol", self.world.enrolment_mode
        registration.save()
        LaunchGate.objects.create(registration=registration, allowed_courses=[str(self.world.course)])

    def read(self, *subs: str) -> Outcome | None:
        """Do what a complete list of these learners makes due."""
        context, now = Context.objects.get(), timezone.now()
        Roster.objects.update_or_create(context=context, defaults={"asked_at": now, "complete": True})
        members = Members(tuple(Member(sub, roles.parse(["Learner"])) for sub in subs))
        return ahead.provide(
            context, Read(members, with_accounts(Registration.objects.get().pk, members), now), COMMAND
        )

    def inside(self) -> set[str]:
        """Return who is enrolled."""
        people = dict(PlatformUser.objects.values_list("user_id", "sub"))
        return {people[pk] for pk in self.world.host.membership.enrolled(list(people), self.world.course)}

    def test_people_are_enrolled_before_they_come_and_their_launch_finds_the_account(self) -> None:
        assert self.read("ada", "ben", "cleo") == Outcome(accounts=2, enrolled=3)
        assert self.inside() == {"ada", "ben", "cleo"}
        before = account("ben")
        assert self.world.profile_name(before) == ""
        whole = self.world.course.make_usage_key("course", "course")
        assert launch(self.browser, "ben", whole).status_code == 302
        assert account("ben").pk == before.pk
        assert self.world.profile_name(account("ben")) == "Person ben"

    def test_whoever_left_the_platforms_course_is_unenrolled_and_may_come_back(self) -> None:
        self.read("ada", "ben", "cleo")
        assert self.read("ben") == Outcome(unenrolled=2)
        assert self.inside() == {"ben"}
        assert self.read("ben", "cleo") == Outcome(enrolled=1)
        assert self.inside() == {"ben", "cleo"}

    def test_whom_the_lms_enrolled_or_let_go_is_left_alone(self) -> None:
        self.world.host.content.enrol(account("ada"), self.world.course, self.world.enrolment_mode)
        self.read("ada", "ben")
        self.world.unenrol(account("ben"), self.world.course)
        assert self.read("ben") == Outcome()
        assert self.inside() == {"ada"}

    def test_staff_is_not_touched(self) -> None:
        self.world.put_on_team(account("ada"), self.world.course)
        assert self.read("ada", "ben") == Outcome(accounts=1, enrolled=1, refused=1)
        assert self.inside() == {"ben"}

    def test_an_account_that_is_being_retired_is_not_touched_and_gives_way(self) -> None:
        self.read("ada", "ben", "cleo")
        left = account("ben")
        self.world.unenrol(account("cleo"), self.world.course)
        for sub in ("ben", "cleo"):
            self.world.ask_to_retire(account(sub))
        EnrolledAhead.objects.filter(platform_user__sub="cleo").update(taken_at=timezone.now())
        assert self.read("ada", "ben", "cleo") == Outcome(refused=1)
        assert launch(self.browser, "ben", self.world.problem).status_code == 302
        assert account("ben").pk != left.pk
        left.refresh_from_db()
        assert left.is_active  # the LMS ends it

    def test_an_account_that_gave_way_is_unenrolled_by_the_next_clean_up(self) -> None:
        self.read("ada", "ben")
        left, own = account("ben"), self.person("own@school.example", "Ben")
        platform: Any = self.world.lti_1p1_platform("riverside", "s")
        self.world.lti_1p1_person(platform, "ben", own)
        tomorrow = timezone.now().date() + timedelta(days=1)
        Registration.objects.update(legacy_way="same_ids", legacy_consumer_key="riverside", legacy_until=tomorrow)
        launch(self.browser, "ben", self.world.problem)
        assert account("ben").pk == own.pk
        both = [left.pk, own.pk]
        assert self.world.host.membership.enrolled(both, self.world.course) == set(both)
        unused_accounts.drop()
        assert self.world.host.membership.enrolled(both, self.world.course) == {own.pk}
        assert not EnrolledAhead.objects.filter(user=left).exists()

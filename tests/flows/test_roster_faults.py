"""Lists of people as platforms give them, and as broken or hostile ones do: over real HTTP, nothing of ours is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.lti import roles
from lti_1p3_provider.memberships import ahead, sync
from lti_1p3_provider.memberships.compared import contexts
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.memberships.plan import Outcome
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.users.models import PlatformUser
from tests import entered
from tests.connection import COURSE, LEARNER, NAMELESS, PROBLEM, Connection

GROUP = "http://purl.imsglobal.org/vocab/lis/v2/membership#Member"


@pytest.fixture
def context(connection: Connection) -> Context:
    """A course that somebody launched from, whose people would be enrolled."""
    Registration.objects.filter(pk=connection.registration.pk).update(ahead_way="enrol", enrolment_mode="audit")
    entered.enter(connection, connection.link(PROBLEM), LEARNER)
    connection.gate(allowed_courses=[COURSE])
    return contexts(connection.registration)[0]


def subs(connection: Connection) -> set[str]:
    return {person.id for person in connection.platform.store.people()}


def test_nrps_02_all_pages_are_read_however_few_the_platform_gives_at_once(
    connection: Connection, context: Context, configure: Callable[..., None]
) -> None:
    everybody = [one.member.sub for one in sync.read(context).listed]
    configure(page_size=2)
    before = len(connection.platform.requests)
    assert [one.member.sub for one in sync.read(context).listed] == everybody
    asked = [one for one in connection.platform.requests[before:] if "/memberships" in one.path]
    assert len(asked) == -(-len(everybody) // 2)
    assert set(everybody) == subs(connection)


def test_nrps_02_as_many_are_asked_for_as_the_platform_bears(connection: Connection, context: Context) -> None:
    for platform, limit in (("openedx", 1000), ("canvas", 50), ("moodle", 100)):
        Registration.objects.update(platform=platform)
        before = len(connection.platform.requests)
        sync.read(contexts(connection.registration)[0])
        asked = [one.query for one in connection.platform.requests[before:] if "/memberships" in one.path]
        assert asked[0] == f"limit={limit}"  # whoever other tests left there may fill more pages
    assert {preset.members_page for preset in PRESETS.values()} == {50, 100, 1000}


@pytest.mark.parametrize("kind", ["circle", "elsewhere", "html", "redirect", "lost_answer"])
def test_nrps_03_a_list_that_misleads_changes_nobody(connection: Connection, context: Context, kind: str) -> None:
    """Pages without end are tried in ``tests/unit/test_nrps.py``: a thousand are read before they are given up."""
    sync.read(context)
    before = set(Member.objects.values_list("subject_digest", "status"))
    connection.platform.faults.set(kind, endpoint="memberships")
    with pytest.raises(LtiError) as refused:
        sync.read(context)
    assert Roster.objects.get().failure == refused.value.code
    assert set(Member.objects.values_list("subject_digest", "status")) == before
    assert PlatformUser.objects.count() == 1


def test_nrps_03_a_list_of_people_without_ids_enrols_nobody_and_removes_nobody(
    connection: Connection, context: Context
) -> None:
    sync.read(context)
    connection.platform.faults.set("no_ids", endpoint="memberships")
    assert ahead.provide(context, sync.read(context), COMMAND) == Outcome(stopped="gaps")
    assert not Member.objects.filter(status="Deleted").exists()
    assert PlatformUser.objects.count() == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_nrps_03_a_platform_that_refuses_changes_nobody(connection: Connection, context: Context, status: int) -> None:
    connection.platform.faults.set("status", endpoint="memberships", status=status, retry_after=60)
    with pytest.raises(LtiError):
        sync.read(context)
    assert not Member.objects.exists()
    assert PlatformUser.objects.count() == 1


def test_nrps_02_whoever_stands_twice_is_one(connection: Connection, context: Context) -> None:
    connection.platform.faults.set("twice", endpoint="memberships")
    found = sync.read(context)
    assert len(found.listed) == len(subs(connection))
    people = connection.platform.store.people()
    new = {one.id for one in people if roles.parse(one.roles).only_learns} - {LEARNER}
    assert len(new) > 1
    made = ahead.provide(context, found, COMMAND, whole=True)  # other tests have left people on the platform
    assert made == Outcome(accounts=len(new), enrolled=len(new))
    assert set(PlatformUser.objects.values_list("sub", flat=True)) == {LEARNER, *new}


def test_nrps_04_who_is_hidden_is_one_of_the_course_and_members_of_groups_are_nobodys_learners(
    connection: Connection, context: Context
) -> None:
    connection.person("u-group-member", roles=(GROUP,))
    found = sync.read(context)
    assert {NAMELESS, "u-group-member"} <= {one.member.sub for one in found.listed}
    ahead.provide(context, found, COMMAND, whole=True)
    assert set(PlatformUser.objects.values_list("sub", flat=True)) >= {LEARNER, NAMELESS}
    assert not PlatformUser.objects.filter(sub="u-group-member").exists()

"""Links that have no column when people open them, and one later: whose scores are due then, when, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.platform import Platform
from demo.platform.store import LineItem as Column
from lti_1p3_provider.errors import AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships import refresh
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.people.find import by_sub
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.gradebook import awaited, remember
from lti_1p3_provider.scores.gradebook.reconcile import SILENT
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import moving
from lti_1p3_provider.scores.outbox.wake import TASK
from lti_1p3_provider.scores.reasons import Reason
from lti_1p3_provider.scores.status import course_page, odd_links
from tests import entered
from tests.accidents import after_a_look, raised_in
from tests.connection import (
    AGS_CLAIM,
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    SUBSECTION,
    Connection,
)
from tests.reading_rows import reads_of_a_launch
from tests.registered import copied
from tests.scoring import COURSE, SCOPES, earn, given
from tests.scoring import fill as fill_one

BATCH = 7
HERE = "their-course"  # on the platform; each tool's columns there are its own
THIRD = "u-1003"

Posts = Callable[[], int]


def opened(connection: Connection, *people: str, usage_key: str = PROBLEM, **values: Any) -> Any:
    """Have people open a link of which the platform says nothing about grades."""
    link = connection.link(usage_key, ags="none", **values)
    for person in people:
        entered.enter(connection, link, person)
    return link


def graded(connection: Connection, link: Any) -> Any:
    """Have a teacher switch grading on, and return the link: its launches name the column from now on."""
    return connection.link(link.target_link_uri.rpartition("/")[2], graded=True, id=link.id, context_id=link.context_id)


def claimed(connection: Connection, link: Any, person: str = LEARNER, **claim: Any) -> None:
    """Launch with this claim of the grade service."""
    connection.tampered_launch(link, person, claims=lambda claims: {**claims, AGS_CLAIM: claim})


@pytest.fixture
def posts(platform: Platform) -> Posts:
    """Return a function that says how many scores were sent since the test began."""
    before = len(platform.requests)
    return lambda: sum(1 for one in platform.requests[before:] if one.path.endswith("/scores"))


def due() -> set[str]:
    return set(PendingScore.objects.filter(due_at__isnull=False).values_list("platform_user__sub", flat=True))


# --- what becomes due, and when ---------------------------------------------------------------------------------------


def without_claim(connection: Connection, link: Any, person: str) -> None:
    connection.enter(link, person)


def with_empty_column(connection: Connection, link: Any, person: str) -> None:
    claimed(connection, link, person, scope=SCOPES, lineitem="")


def without_the_right(connection: Connection, link: Any, person: str) -> None:
    claimed(connection, link, person, scope=[], lineitem="https://platform.example/later")


@pytest.mark.parametrize("launched", [without_claim, with_empty_column, without_the_right])
def test_whoever_opened_a_link_before_it_was_graded_gets_the_score_once_it_is(
    connection: Connection, launched: Callable[[Connection, Any, str], None], posts: Posts
) -> None:
    """Another person's launch shows the column; nobody has to come back."""
    link = connection.link(PROBLEM, ags="none")
    launched(connection, link, LEARNER)
    earn(3)
    assert posts() == 0
    link = graded(connection, link)
    connection.enter(link, OTHER_LEARNER)
    assert given(connection, link) == (3, 4)
    connection.enter(link, OTHER_LEARNER)
    connection.enter(link, LEARNER)
    deliver_due()
    assert posts() == 1


def test_a_teachers_launch_shows_the_column_too(connection: Connection) -> None:
    link = opened(connection, LEARNER)
    earn(3)
    link = graded(connection, link)
    connection.enter(link, INSTRUCTOR)
    assert given(connection, link) == (3, 4)


def test_people_who_return_without_a_column_are_kept_once_and_cost_one_read(connection: Connection) -> None:
    link = opened(connection, OTHER_LEARNER, LEARNER)
    before = list(PendingScore.objects.values())
    assert len(reads_of_a_launch(connection, link, LEARNER)) == 1
    assert list(PendingScore.objects.values()) == before
    assert (before[0]["due_at"], before[0]["reason"]) == (None, Reason.NO_COLUMN)


def test_somebody_known_wakes_no_worker_by_opening_a_link_without_a_column(connection: Connection, no_worker) -> None:
    opened(connection, LEARNER)
    opened(connection, LEARNER)
    assert PendingScore.objects.filter(due_at=None).count() == 2
    assert TASK not in no_worker


def test_an_answer_to_a_link_without_a_column_makes_nothing_due(connection: Connection, no_worker) -> None:
    opened(connection, LEARNER)
    earn(3)
    assert due() == set()
    assert TASK not in no_worker


def moved_to_other_problem(connection: Connection, link: Any) -> Any:
    """Have a teacher choose another block for a link."""
    return connection.platform.add_link(replace(link, target_link_uri=connection.content_url(OTHER_PROBLEM)))


def test_another_block_of_a_link_without_a_column_makes_nothing_due(connection: Connection, no_worker) -> None:
    link = opened(connection, LEARNER, OTHER_LEARNER)
    connection.enter(moved_to_other_problem(connection, link), LEARNER)
    rows = dict(PendingScore.objects.values_list("platform_user__sub", "usage_key"))
    assert rows == {LEARNER: OTHER_PROBLEM, OTHER_LEARNER: PROBLEM}
    assert (due(), TASK in no_worker) == (set(), False)


def test_links_that_open_several_blocks_are_named_once_they_have_a_column(connection: Connection, no_worker) -> None:
    link = opened(connection, LEARNER, OTHER_LEARNER)
    connection.enter(moved_to_other_problem(connection, link), LEARNER)
    assert odd_links.mixed_links(COURSE) == []
    LineItem.objects.update(container_url="https://platform.example/items")
    assert len(odd_links.mixed_links(COURSE)) == 1


@pytest.mark.parametrize("left", [{"due_at": None, "deliveries": 1}, {"lease": "a worker"}, {}], ids=str)
def test_another_block_that_is_opened_while_the_column_comes_is_sent(
    connection: Connection, left: dict[str, Any], no_worker
) -> None:
    """The grade of the block of before may have been sent, or is being sent, before the launch is stored."""
    link = opened(connection, LEARNER)
    link = moved_to_other_problem(connection, link)

    def named_and_moved() -> None:
        LineItem.objects.update(url="https://platform.example/1", scopes=SCOPES)
        PendingScore.objects.update(**{"due_at": timezone.now(), "revision": 5, **left})

    with after_a_look(PendingScore, named_and_moved) as looks:
        reads_of_a_launch(connection, link, LEARNER)
    assert looks
    row = PendingScore.objects.get()
    assert (row.usage_key, due(), row.revision) == (OTHER_PROBLEM, {LEARNER}, 6 if left else 5)


def test_each_gets_the_grade_of_the_block_that_they_opened_last(connection: Connection) -> None:
    link = opened(connection, LEARNER, OTHER_LEARNER)
    connection.enter(moved_to_other_problem(connection, link), OTHER_LEARNER)
    earn(3), earn(2, OTHER_PROBLEM, OTHER_LEARNER), earn(1, PROBLEM, OTHER_LEARNER)
    link = graded(connection, link)
    connection.enter(link, THIRD)
    assert (given(connection, link), given(connection, link, OTHER_LEARNER)) == ((3, 4), (2, 4))


def test_a_column_that_comes_makes_one_score_due_and_the_others_in_batches(connection: Connection, no_worker) -> None:
    link = opened(connection, LEARNER)
    fill_one(connection, 40)
    connection.enter(graded(connection, link), OTHER_LEARNER)
    assert due() <= {OTHER_LEARNER}
    numbers = [len(due())]
    while moving.go_on(BATCH):
        numbers.append(len(due()))
        assert len(numbers) < 40
    assert max(after - before for before, after in pairwise(numbers)) <= BATCH
    assert len(due()) == 42
    PendingScore.objects.update(due_at=None)
    connection.enter(graded(connection, link), OTHER_LEARNER)
    assert not moving.go_on(BATCH)
    assert due() == set()


# --- for whom nothing is sent -----------------------------------------------------------------------------------------


def test_a_link_that_says_that_it_has_no_column_stays_as_it_is(connection: Connection, no_worker) -> None:
    """However its list and our rights change; until a launch takes it back."""
    link = opened(connection, LEARNER)
    earn(3)
    lists = connection.platform.line_items_url_of(connection.platform.context().id)
    claimed(connection, link, OTHER_LEARNER, scope=SCOPES, lineitem="", lineitems=lists)
    assert not moving.go_on()
    PendingScore.objects.update(due_at=None)
    assert (LineItem.objects.get().declined, awaited.look(Context.objects.get())) == (True, 0)
    claimed(connection, link, OTHER_LEARNER, scope=SCOPES, lineitems=lists)
    assert moving.go_on()
    assert due() == {LEARNER, OTHER_LEARNER}


def test_whoever_was_forgotten_meanwhile_is_out(connection: Connection) -> None:
    link = opened(connection, LEARNER, OTHER_LEARNER)
    earn(3), earn(2, PROBLEM, OTHER_LEARNER)
    forget(by_sub(connection.registration.issuer, connection.client_id, LEARNER))
    link = graded(connection, link)
    connection.enter(link, THIRD)
    assert (given(connection, link), given(connection, link, OTHER_LEARNER)) == (None, (2, 4))


def test_whoever_never_opened_the_link_gets_nothing_from_it(connection: Connection) -> None:
    link, elsewhere = opened(connection, LEARNER), opened(connection, OTHER_LEARNER)
    earn(2, PROBLEM, OTHER_LEARNER)
    link = graded(connection, link)
    connection.enter(link, LEARNER)
    assert given(connection, link, OTHER_LEARNER) is None
    assert LineItem.objects.get(resource_link__link_id=elsewhere.id).is_awaited


def test_who_teaches_is_no_learner_and_whoever_begins_to_is_none_any_more(connection: Connection) -> None:
    link = opened(connection, INSTRUCTOR)
    assert not PendingScore.objects.exists()
    connection.enter(link, LEARNER)
    teaches = {f"{CLAIM}roles": [f"{MEMBERSHIP}Instructor"]}
    connection.tampered_launch(link, claims=lambda claims: {**claims, **teaches})
    assert not PendingScore.objects.exists()


def of_other_roles(connection: Connection, link: Any, *roles: str) -> None:
    """Have the learner launch with these roles, and without the grade service."""

    def changed(claims: dict[str, Any]) -> dict[str, Any]:
        said = {**claims, f"{CLAIM}roles": [f"{MEMBERSHIP}{role}" for role in roles]}
        return {name: value for name, value in said.items() if name != AGS_CLAIM}

    connection.tampered_launch(link, LEARNER, claims=changed)


@pytest.mark.parametrize("roles", [("Instructor",), ("Mentor",), ()])
@pytest.mark.parametrize("column", ["own", "container"])
def test_a_launch_without_the_service_takes_nobodys_score_away_where_a_column_is(
    connection: Connection, column: str, roles: tuple[str, ...], no_worker
) -> None:
    link = connection.link(PROBLEM, graded=True) if column == "own" else connection.link(PROBLEM, ags="container")
    connection.enter(link, LEARNER)
    earn(3)
    before = PendingScore.objects.values().get()
    of_other_roles(connection, link, *roles)
    assert (PendingScore.objects.values().get(), due()) == (before, {LEARNER})


def test_a_link_that_has_a_column_gets_nobody_whom_the_platform_does_not_grade(connection: Connection) -> None:
    link = connection.link(PROBLEM, graded=True)
    connection.enter(link, LEARNER)
    connection.tampered_launch(
        link, OTHER_LEARNER, claims=lambda claims: {name: claims[name] for name in claims if name != AGS_CLAIM}
    )
    earn(2, PROBLEM, OTHER_LEARNER)
    assert given(connection, link, OTHER_LEARNER) is None
    assert PendingScore.objects.get().platform_user.sub == LEARNER


def test_another_deployments_link_with_the_same_id_is_another_link(connection: Connection) -> None:
    link = opened(connection, LEARNER)
    earn(3)
    item = LineItem.objects.get()
    other = copied(item.deployment, deployment_id="other", deployment_digest=digest("other"))
    context = copied(item.resource_link.context, deployment=other)
    theirs = copied(item, resource_link=copied(item.resource_link, deployment=other, context=context))
    said = {"url": "https://platform.example/1", "container_url": "", "scopes": SCOPES, "declined": False}
    with transaction.atomic():
        remember._update(theirs, said)
    moving.go_on()
    assert (due(), item.is_awaited, LineItem.objects.get(pk=item.pk).is_awaited) == (set(), True, True)
    assert link.id == theirs.resource_link.link_id


def test_another_registrations_link_with_the_same_id_is_another_link(
    connect: Callable[..., Connection], posts: Posts
) -> None:
    first, second = connect(), connect()
    link = opened(first, LEARNER)
    earn(3)
    theirs = second.link(PROBLEM, graded=True, id=link.id)
    second.enter(theirs, LEARNER)
    assert {row.registration_id: row.due_at or row.reason for row in PendingScore.objects.all()} == {
        first.registration.pk: Reason.NO_COLUMN,
        second.registration.pk: Reason.NO_GRADE,
    }
    assert posts() == 0


# --- at the same time -------------------------------------------------------------------------------------------------


def test_a_column_that_is_named_while_somebody_known_launches_gets_their_score(
    connection: Connection, posts: Posts
) -> None:
    """Their launch cannot see it, and whoever makes all others due cannot see them."""
    opened(connection, LEARNER)
    earn(3)
    link = opened(connection, OTHER_LEARNER)
    item = connection.platform.store.line_item_of(graded(connection, link).id)
    connection.platform.add_link(link)

    def named_and_moved() -> None:
        column = {"url": connection.platform.line_item_url(item), "scopes": SCOPES}
        LineItem.objects.filter(resource_link__link_id=link.id).update(**column)

    with after_a_look(ResourceLink, named_and_moved) as looks:
        reads_of_a_launch(connection, link, LEARNER)
    assert looks
    assert LineItem.objects.filter(url="").count() == 1
    assert given(connection, link) == (3, 4)
    assert posts() == 1


@pytest.mark.parametrize("state", ["settled", "given_up", "being_sent"])
@pytest.mark.parametrize("opens", [PROBLEM, SUBSECTION])
def test_an_answer_that_is_stored_while_its_link_gets_a_column_is_sent(
    connection: Connection, opens: str, state: str, no_worker
) -> None:
    """The column is there, and its scores were read, before the answer can be seen."""
    opened(connection, LEARNER, usage_key=opens)
    left = {
        "settled": {"due_at": None, "sent_at": timezone.now(), "deliveries": 1},
        "given_up": {"due_at": None, "given_up": True},
        "being_sent": {"due_at": timezone.now(), "lease": "a worker"},
    }[state]
    with transaction.atomic():
        earn(3)
        assert due() == set()
        LineItem.objects.update(url="https://platform.example/1", scopes=SCOPES)
        PendingScore.objects.update(revision=5, **left)
    row = PendingScore.objects.get()
    assert (due(), row.revision, row.given_up, row.lease) == ({LEARNER}, 6, False, left.get("lease", ""))


def test_an_answer_to_a_link_without_a_column_looks_once_more_and_others_do_not(connection: Connection) -> None:
    opened(connection, LEARNER)
    connection.enter(connection.link(OTHER_PROBLEM, graded=True), OTHER_LEARNER)
    looks = []
    for problem, person in ((PROBLEM, LEARNER), (OTHER_PROBLEM, LEARNER), (OTHER_PROBLEM, OTHER_LEARNER)):
        with CaptureQueriesContext(database) as queries:
            earn(3, problem, person)
        again = 'SELECT 1 AS "a" FROM "lti_1p3_provider_pendingscore"'
        looks.append(sum(one["sql"].startswith(again) for one in queries))
    assert looks == [1, 0, 0]


def test_of_the_launches_that_bring_a_list_at_once_one_makes_the_others_due(connection: Connection, no_worker) -> None:
    opened(connection, LEARNER)
    stale = [LineItem.objects.get() for _ in range(2)]
    said = {"url": "", "container_url": "https://platform.example/items", "scopes": SCOPES, "declined": False}
    moves = []
    for item in stale:
        with transaction.atomic():
            moves.append(remember._update(item, said))
        moving.go_on()
    assert (moves, PendingScore.objects.get().revision) == ([True, False], 2)


# --- the platform's own list ------------------------------------------------------------------------------------------


def of_one_course(connection: Connection, **values: Any) -> tuple[Any, Any]:
    """Return a link without a column, which a learner opened and answered, and one whose launch names the list."""
    link = opened(connection, LEARNER, context_id=HERE, **values)
    earn(3)
    other = connection.link(OTHER_PROBLEM, ags="container", context_id=HERE)
    connection.enter(other, OTHER_LEARNER)
    return link, other


def column_of(connection: Connection, link: Any, name: str = "own", **values: Any) -> Column:
    """Have a teacher make a column for a link."""
    item = Column(f"{name}-{link.id}", connection.client_id, name, 10, resource_link_id=link.id, **values)
    connection.platform.store.put_line_item(item)
    return item


def looked(connection: Connection, context_id: str = HERE) -> int:
    return awaited.look(Context.objects.get(context_id=context_id, deployment__registration=connection.registration))


def test_the_platforms_list_shows_the_column_and_everybody_is_due_once(connection: Connection, posts: Posts) -> None:
    link, _other = of_one_course(connection)
    assert looked(connection) == 0
    column_of(connection, link, context_id=HERE)
    assert [looked(connection), looked(connection)] == [1, 0]
    deliver_due()
    assert given(connection, link) == (3, 4)
    assert posts() == 1
    connection.enter(graded(connection, link), LEARNER)
    deliver_due()
    assert posts() == 1


def test_several_columns_of_a_link_are_for_their_maker_to_use(connection: Connection) -> None:
    link, _other = of_one_course(connection)
    column_of(connection, link, context_id=HERE), column_of(connection, link, "second", context_id=HERE)
    assert looked(connection) == 0


def test_a_list_of_another_course_says_nothing(connection: Connection) -> None:
    link, _other = of_one_course(connection)
    elsewhere = opened(connection, THIRD, context_id="elsewhere")
    column_of(connection, elsewhere, context_id=HERE)
    assert (looked(connection), looked(connection, "elsewhere")) == (0, 0)
    assert LineItem.objects.filter(url="", container_url="").count() == 2
    assert link.id != elsewhere.id


def test_another_registrations_list_says_nothing(connect: Callable[..., Connection]) -> None:
    first, second = connect(), connect()
    link = opened(first, LEARNER, context_id=HERE)
    second.enter(second.link(OTHER_PROBLEM, ags="container", context_id=HERE), LEARNER)
    column_of(second, link, context_id=HERE)
    assert (looked(first), looked(second)) == (0, 0)
    assert LineItem.objects.filter(url="", container_url="").count() == 1


@pytest.mark.parametrize("what", ["scopes", "deployment", "declined"])
def test_what_may_not_be_asked_is_not_asked(connection: Connection, what: str) -> None:
    link, other = of_one_course(connection)
    column_of(connection, link, context_id=HERE)
    if what == "scopes":
        LineItem.objects.filter(resource_link__link_id=other.id).update(scopes=[])
    elif what == "declined":
        with_empty_column(connection, link, THIRD)
    else:
        connection.registration.deployments.update(status="disabled")
    before = len(connection.platform.requests)
    assert looked(connection) == 0
    assert len(connection.platform.requests) == before


def test_a_launch_that_says_no_while_the_list_is_read_is_believed(connection: Connection) -> None:
    link, _other = of_one_course(connection)
    column_of(connection, link, context_id=HERE)
    item = LineItem.objects.filter(resource_link__link_id=link.id)
    with after_a_look(LineItem, lambda: item.update(declined=True)):
        assert looked(connection) == 0
    assert item.get().url == ""


def synced(connection: Connection, *options: str) -> None:
    whose = ("--issuer", connection.registration.issuer, "--client-id", connection.client_id)
    call_command("lti_1p3_roster", "sync", *whose, "--context", HERE, *options, stdout=StringIO())


def by_task(connection: Connection) -> None:
    refresh.read(Context.objects.get(context_id=HERE).pk)


def has_column(link: Any) -> bool:
    return not LineItem.objects.get(resource_link__link_id=link.id).is_awaited


@pytest.mark.parametrize("read", [by_task, synced])
def test_a_roster_that_is_read_looks_too(connection: Connection, read: Callable[[Connection], None]) -> None:
    link, _other = of_one_course(connection)
    column_of(connection, link, context_id=HERE)
    read(connection)
    assert given(connection, link) == (3, 4)


def test_a_dry_run_looks_for_nothing_and_sends_nothing(connection: Connection, posts: Posts) -> None:
    link, _other = of_one_course(connection)
    column_of(connection, link, context_id=HERE)
    synced(connection, "--dry-run")
    deliver_due()
    assert (has_column(link), posts()) == (False, 0)


@pytest.mark.parametrize("error", [PlatformUnreachable("x"), OperationalError(1213, "Deadlock"), RuntimeError("x")])
@pytest.mark.parametrize("read", [by_task, synced])
def test_a_roster_is_read_and_provided_for_whatever_goes_wrong_with_columns(
    connection: Connection, read: Callable[[Connection], None], error: Exception, caplog
) -> None:
    link, _other = of_one_course(connection)
    with raised_in(awaited.look, error) as failed, caplog.at_level("WARNING"):
        read(connection)
    assert failed
    roster = Roster.objects.get(context__context_id=HERE)
    assert (roster.failure, roster.asked_at is not None, has_column(link)) == ("", True, False)
    (said,) = [one.getMessage() for one in caplog.records if "no columns were looked for" in one.getMessage()]
    assert "Deadlock" not in said


def reconciled(*arguments: str) -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("lti_1p3_scores", "reconcile", *arguments, "--json", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


def test_the_command_looks_and_counts_nobody_who_waits(connection: Connection) -> None:
    link, _other = of_one_course(connection)
    PendingScore.objects.exclude(line_item__resource_link__link_id=link.id).delete()
    code, said = reconciled("--all")
    assert (code, said["asked"], said["columns_found"], said["unanswered"]) == (0, 0, 0, [])
    column_of(connection, link, context_id=HERE)
    assert reconciled("--user", "nobody")[1]["columns_found"] == 0
    assert reconciled("--registration", str(connection.registration.pk))[1]["columns_found"] == 1
    deliver_due()
    assert given(connection, link) == (3, 4)


def of_courses(connection: Connection, *names: str) -> list[Any]:
    """Return links without a column, one in each of these courses of the platform, whose lists are known. People launch
    in the first course; the others get copies of the rows that this leaves."""
    first, *others = names
    links = [opened(connection, LEARNER, context_id=first)]
    connection.enter(connection.link(OTHER_PROBLEM, ags="container", context_id=first), OTHER_LEARNER)
    context = Context.objects.get(deployment__registration=connection.registration)
    for name in others:
        there = copied(context, context_id=name, context_digest=digest(name))
        links.append(connection.link(PROBLEM, ags="none", context_id=name))
        for item in LineItem.objects.filter(resource_link__context=context):
            link_id = links[-1].id if item.is_awaited else f"list of {name}"
            link = copied(item.resource_link, context=there, link_id=link_id, link_digest=digest(link_id))
            lists = item.container_url and connection.platform.line_items_url_of(name)
            again = copied(item, resource_link=link, container_url=lists)
            for row in item.pending_scores.all():
                copied(row, line_item=again)
    return links


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [one.getMessage() for one in caplog.records]
    return [one for one in said if "no columns were looked for" in one]


def test_a_platform_that_refuses_or_is_silent_is_asked_a_few_times(connection: Connection, caplog) -> None:
    of_courses(connection, *"abcdef")
    for fault in (
        ("line_items", "status", 401),
        ("line_items", "status", 403),
        ("line_items", "status", 500),
        ("line_items", "status", 503),
        ("line_items", "lost_request", 500),
        ("token", "status", 400),
        ("token", "status", 500),
    ):
        endpoint, kind, status = fault
        cache.clear()  # no access token is left
        caplog.clear()
        connection.platform.faults.clear()
        connection.platform.faults.set(kind, endpoint=endpoint, status=status)
        before = len(connection.platform.requests)
        assert awaited.look_for(PendingScore.objects.all()) == 0, fault
        assert len(warned(caplog)) == SILENT, fault
        a_course = 2 if status == 401 else 1  # once more with a new token
        asked = [one for one in connection.platform.requests[before:] if ("token" in one.path) == (endpoint == "token")]
        assert len(asked) == SILENT * a_course, fault


def test_another_platform_is_asked_although_one_refuses(connect: Callable[..., Connection], caplog) -> None:
    first, second = connect(), connect()
    of_courses(first, *"abcd")
    (link,) = of_courses(second, "a")
    column_of(second, link, context_id="a")
    first.registration.auth_token_url += "/nowhere"
    first.registration.save()
    assert awaited.look_for(PendingScore.objects.all()) == 1
    assert len(warned(caplog)) == SILENT


@pytest.mark.parametrize(
    "error", [ServiceRefused("x", 404), AnswerUnreadable("x"), OperationalError(1213, "Deadlock"), RuntimeError("x")]
)
def test_a_course_that_fails_costs_only_itself(connection: Connection, error: Exception, caplog) -> None:
    for link in of_courses(connection, *"abcde"):
        column_of(connection, link, context_id=link.context_id)
    with raised_in(awaited.look, error) as failed:
        assert awaited.look_for(PendingScore.objects.all()) == 4
    assert failed
    (said,) = warned(caplog)
    assert "Deadlock" not in said


def test_no_course_is_asked_after_the_time_is_over(connection: Connection) -> None:
    for link in of_courses(connection, *"abc"):
        column_of(connection, link, context_id=link.context_id)
    ticks = iter([0.0, 1.0, 10.0, 11.0])
    assert awaited.look_for(PendingScore.objects.all(), 10.0, lambda: next(ticks)) == 2
    assert LineItem.objects.filter(url="", container_url="").count() == 1


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_course_team_reads_who_waits_for_a_column_only_if_they_ask(connection: Connection) -> None:
    opened(connection, LEARNER)
    earn(3)
    assert not course_page.chosen(COURSE, "", "").exists()
    (line,) = course_page.page(course_page.chosen(COURSE, "", "opened"), COURSE, None)[0]
    assert (line.state, line.grade_here) == ("not_sent", "3/4")
    assert "have the activity graded" in str(line.next)

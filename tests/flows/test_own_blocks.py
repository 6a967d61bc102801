"""A launch decides about its own person: which block's grade a column gets, and what is due because of it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.utils import timezone

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import moving
from lti_1p3_provider.scores.status import course_page, odd_links
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import (
    AGS_CLAIM,
    CLAIM,
    COURSE,
    INSTRUCTOR,
    LEARNER,
    OTHER_COURSE,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    UNIT,
    Connection,
    usage,
)
from tests.scoring import COURSE as COURSE_KEY
from tests.scoring import earn, given, launched

MANY = 40


def leads_to(connection: Connection, link, usage_key: str, course: str = COURSE) -> None:
    """Have a teacher choose another block for a link."""
    connection.platform.add_link(replace(link, target_link_uri=connection.content_url(usage_key, course)))


def row_of(person: str) -> PendingScore:
    return PendingScore.objects.get(platform_user__sub=person)


def fill(connection: Connection, link, number: int) -> None:
    """Add as many learners of a link, whose scores were sent long ago."""
    one = PendingScore.objects.filter(line_item__resource_link__link_id=link.id)[0]
    names = [f"own-{link.id}-{n}" for n in range(number)]
    get_user_model().objects.bulk_create(get_user_model()(username=name) for name in names)
    PlatformUser.objects.bulk_create(
        PlatformUser(registration=one.registration, sub=user.username, sub_digest=digest(user.username), user=user)
        for user in get_user_model().objects.filter(username__in=names)
    )
    same = {name: getattr(one, name) for name in ("registration", "lane", "line_item", "course_key", "usage_key")}
    sent = {
        "sent_given": 9,
        "sent_maximum": 10,
        "sent_at": timezone.now(),
        "deliveries": 1,
        "earned": 9,
        "possible": 10,
    }
    PendingScore.objects.bulk_create(
        PendingScore(**same, **sent, platform_user=person) for person in PlatformUser.objects.filter(sub__in=names)
    )


def others() -> set[tuple[object, ...]]:
    """Return what is written of everybody but the one learner who launches here."""
    names = ("pk", "revision", "due_at", "sent_given", "usage_key", "course_key", "deliveries")
    return set(PendingScore.objects.exclude(platform_user__sub=LEARNER).values_list(*names))


# --- another block ----------------------------------------------------------------------------------------------------


def test_a_launch_of_another_block_changes_nobody_elses_grade(connection):
    link = launched(connection)
    connection.enter(link, OTHER_LEARNER)
    earn(3, person=OTHER_LEARNER)
    earn(3)
    fill(connection, link, MANY)
    before, posts = others(), len(connection.platform.scores)
    leads_to(connection, link, OTHER_PROBLEM)
    connection.enter(link, LEARNER)
    deliver_due()
    assert others() == before
    assert len(connection.platform.scores) == posts
    assert row_of(LEARNER).usage_key == OTHER_PROBLEM
    assert row_of(OTHER_LEARNER).usage_key == PROBLEM


def test_each_learner_has_the_grade_of_the_block_that_they_opened(connection):
    link = launched(connection)
    leads_to(connection, link, OTHER_PROBLEM)
    connection.enter(link, OTHER_LEARNER)
    for person in (LEARNER, OTHER_LEARNER):
        earn(3, person=person)
        earn(1, OTHER_PROBLEM, person, 2)
    assert given(connection, link) == (3, 4)
    assert given(connection, link, OTHER_LEARNER) == (1, 2)
    earn(2, OTHER_PROBLEM, possible=2)  # who opened the first one still has its grade
    assert given(connection, link) == (3, 4)


def test_a_learner_who_opens_what_a_teacher_chose_anew_gets_its_grade(connection):
    link = launched(connection)
    earn(3)
    earn(1, OTHER_PROBLEM, possible=2)
    leads_to(connection, link, OTHER_PROBLEM)
    connection.enter(link)
    assert given(connection, link) == (1, 2)
    leads_to(connection, link, PROBLEM)
    connection.enter(link)
    assert given(connection, link) == (3, 4)


def test_a_block_of_another_course_is_graded_there(connection):
    other = usage("vertical", "today", OTHER_COURSE)
    link = launched(connection, UNIT)
    leads_to(connection, link, other, OTHER_COURSE)
    connection.enter(link, OTHER_LEARNER)
    assert (row_of(LEARNER).course_key, row_of(OTHER_LEARNER).course_key) == (COURSE, OTHER_COURSE)
    assert set(course_page.rows_of(COURSE_KEY)) == {row_of(LEARNER)}
    assert set(course_page.rows_of(row_of(OTHER_LEARNER).course_key)) == {row_of(OTHER_LEARNER)}


@pytest.mark.parametrize("person", [INSTRUCTOR, OTHER_LEARNER])
def test_whoever_signs_a_strange_target_moves_nobody(connection, person):
    link = launched(connection)
    earn(3)
    before = PendingScore.objects.filter(platform_user__sub=LEARNER).values().get()
    target = {f"{CLAIM}target_link_uri": connection.content_url(OTHER_PROBLEM)}
    connection.tampered_launch(link, person, claims=lambda claims: {**claims, **target})
    deliver_due()
    assert PendingScore.objects.filter(platform_user__sub=LEARNER).values().get() == before
    earn(2)
    assert given(connection, link) == (2, 4)


def test_a_link_that_opens_different_blocks_is_shown_to_the_course_team(connection):
    link = launched(connection)
    connection.enter(link, OTHER_LEARNER)
    assert odd_links.mixed_links(COURSE_KEY) == []
    leads_to(connection, link, OTHER_PROBLEM)
    connection.enter(link)
    (mixed,) = odd_links.mixed_links(COURSE_KEY)
    assert mixed.blocks == "Primary colours, White light"
    assert link.title in mixed.title
    connection.enter(link, OTHER_LEARNER)
    assert odd_links.mixed_links(COURSE_KEY) == []


def test_the_course_teams_page_names_it(connection, client):
    link = launched(connection)
    leads_to(connection, link, OTHER_PROBLEM)
    connection.enter(link, OTHER_LEARNER)
    client.force_login(get_user_model().objects.create(username="team", is_staff=True, is_superuser=True))
    page = client.get(f"/lti/1p3/scores/{COURSE}/")
    assert page.status_code == 200
    assert "Primary colours, White light" in page.content.decode()


# --- another column ---------------------------------------------------------------------------------------------------


def names_column(connection: Connection, link, url: str, person: str = LEARNER) -> None:
    def changed(claims: dict) -> dict:
        return {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "lineitem": url}}

    connection.tampered_launch(link, person, claims=changed)


BATCH = 7


def test_a_launch_that_names_a_new_column_makes_one_score_due_and_the_others_in_batches(connection, no_worker):
    link, other = launched(connection), connection.link(PROBLEM, graded=True)
    fill(connection, link, MANY)
    PendingScore.objects.update(due_at=None)
    names_column(connection, link, connection.platform.link(other.id).line_item_url)
    due = PendingScore.objects.filter(due_at__isnull=False)
    assert {row.platform_user.sub for row in due} == {LEARNER}
    numbers = []
    while moving.go_on(BATCH):
        numbers.append(due.all().count())
        assert len(numbers) < MANY
    steps = [after - before for before, after in zip([1, *numbers], numbers, strict=False)]
    assert max(steps) <= BATCH
    assert due.all().count() == PendingScore.objects.count() == MANY + 1
    assert not PendingScore.objects.filter(sent_at__isnull=False).exists()
    assert LineItem.objects.get(resource_link__link_id=link.id).moved_up_to is None


def test_a_new_column_gets_everybodys_score_in_the_end(connection, no_worker):
    link, other = launched(connection), connection.link(PROBLEM, graded=True)
    for number in range(10):
        connection.person(f"moves-{number}")
        connection.enter(link, f"moves-{number}")
        earn(3, person=f"moves-{number}")
    deliver_due()
    names_column(connection, link, connection.platform.link(other.id).line_item_url)
    assert moving.go_on(BATCH)
    deliver_due()
    assert {given(connection, other, f"moves-{number}") for number in range(10)} == {(3, 4)}


def test_whoever_moves_first_moves_a_batch_alone(connection, no_worker):
    link = launched(connection)
    fill(connection, link, 10)
    LineItem.objects.update(moved_up_to=moving.FROM_THE_FIRST)
    item = LineItem.objects.get()
    PendingScore.objects.update(revision=1)
    for _ in range(3):
        moving._move(item.pk, moving.FROM_THE_FIRST, BATCH)
    assert sorted(PendingScore.objects.values_list("revision", flat=True)) == [1] * 4 + [2] * 7


def test_a_right_that_is_withdrawn_makes_nothing_due_and_one_that_is_gained_all(connection, no_worker):
    link = launched(connection)
    fill(connection, link, 3)
    PendingScore.objects.update(due_at=None)

    def with_scopes(scopes: list[str]) -> None:
        connection.tampered_launch(
            link, LEARNER, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "scope": scopes}}
        )

    whole = LineItem.objects.get().scopes
    with_scopes([scope for scope in whole if not scope.endswith("/score")])
    while moving.go_on(BATCH):
        pass
    assert not PendingScore.objects.filter(due_at__isnull=False).exists()
    with_scopes(whole)
    while moving.go_on(BATCH):
        pass
    assert PendingScore.objects.filter(due_at__isnull=False).count() == 4


# --- given up ---------------------------------------------------------------------------------------------------------


def gives_up(connection: Connection, *links, status: int = 400) -> None:
    """Have the platform refuse the learner's scores, as if they were not in the course."""
    for _ in links:
        connection.platform.faults.set("status", endpoint="scores", status=status)
    earn(3)
    connection.platform.faults.clear()
    assert {(row.given_up, row.why.code) for row in PendingScore.objects.all()} == {(True, f"refused_{status}")}


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_launch_proves_the_enrolment_and_makes_due_what_was_given_up(connection, status):
    first, second = launched(connection), launched(connection)
    gives_up(connection, first, second, status=status)
    connection.enter(first)
    assert given(connection, first) == given(connection, second) == (3, 4)
    assert not PendingScore.objects.given_up().exists()


def test_a_first_launch_of_another_link_proves_it_too(connection):
    link = launched(connection)
    gives_up(connection, link)
    launched(connection, OTHER_PROBLEM)
    assert given(connection, link) == (3, 4)


def test_a_launch_proves_nothing_about_others_or_other_courses(connection):
    link, elsewhere = launched(connection), launched(connection, context_id="another-course")
    connection.enter(link, OTHER_LEARNER)
    PendingScore.objects.update(given_up=True, due_at=None)
    connection.enter(link)
    left = set(PendingScore.objects.given_up().values_list("line_item__resource_link__link_id", flat=True))
    assert row_of(OTHER_LEARNER).given_up
    assert left == {link.id, elsewhere.id}
    assert PendingScore.objects.not_given_up().count() == 1


# --- the upgrade ------------------------------------------------------------------------------------------------------


def test_rows_of_before_get_their_links_block(connection):
    launched(connection)
    launched(connection, UNIT)
    PendingScore.objects.update(course_key="", usage_key="")
    migration = import_module("lti_1p3_provider.migrations.0010_blocks_of_people")
    with database.schema_editor() as editor:
        migration.fill(apps, editor, batch=1)
    assert set(PendingScore.objects.values_list("course_key", "usage_key")) == {(COURSE, PROBLEM), (COURSE, UNIT)}

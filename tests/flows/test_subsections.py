"""Columns for the graded subsections of a whole course."""

from __future__ import annotations

import pytest

from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, PendingScore
from tests.connection import (
    AGS_CLAIM,
    INSTRUCTOR,
    LEARNER,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    SUBSECTION,
    Connection,
    usage,
)
from tests.scoring import SCOPES, columns, course_link, earn, given, make_due, shown, with_scopes

NUMBERS = usage("sequential", "numbers")


@pytest.fixture
def wanting(connection: Connection, settings) -> Connection:
    """A registration that enrols, and wants a column for each graded subsection."""
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    connection.registration.enrolment_mode = "audit"
    connection.registration.subsection_columns = True
    connection.registration.save()
    return connection


def launched(connection: Connection, person: str = LEARNER, link=None):
    link = link or course_link(connection, graded=True)
    connection.enter(link, person)
    return link


def deliver() -> None:
    make_due()
    deliver_due()


def parts(connection: Connection, link):
    """Return the platform's columns that are not bound to the link."""
    return {item.resource_id: item for item in columns(connection) if item.resource_link_id != link.id}


def test_each_graded_subsection_gets_a_column_with_its_first_score(wanting):
    link = launched(wanting)
    assert parts(wanting, link) == {}
    earn(3)
    earn(1, OTHER_PROBLEM, possible=2)
    deliver()
    ((key, item),) = parts(wanting, link).items()
    assert (key, item.label, item.score_maximum) == (SUBSECTION, "Colour quiz", 6)
    assert shown(wanting, item) == (4, 6)
    assert given(wanting, link)[1] == 100  # the course's own


def test_the_columns_are_everybodys(wanting):
    link = launched(wanting)
    earn(3)
    deliver()
    launched(wanting, OTHER_LEARNER, link)
    earn(1, person=OTHER_LEARNER)
    deliver()
    (item,) = parts(wanting, link).values()
    assert (shown(wanting, item), shown(wanting, item, OTHER_LEARNER)) == ((3, 6), (1, 6))
    assert ResourceLink.objects.filter(part_of__isnull=False).count() == 2  # basics is not graded


def test_the_platform_still_tells_the_link_its_own_column(wanting):
    """It would not if several columns were bound to the link. (AGS 2.0, 3.1)"""
    link = launched(wanting)
    earn(3)
    deliver()
    (item,) = parts(wanting, link).values()
    assert item.resource_link_id == ""
    launched(wanting, link=link)
    earn(4)
    deliver()
    assert shown(wanting, item) == (4, 6)


def test_what_was_earned_before_is_sent_after_the_first_launch_that_wants_columns(wanting):
    wanting.registration.subsection_columns = False
    wanting.registration.save()
    link = launched(wanting)
    earn(2)
    deliver()
    assert parts(wanting, link) == {}
    wanting.registration.subsection_columns = True
    wanting.registration.save()
    launched(wanting, link=link)
    (item,) = parts(wanting, link).values()
    assert shown(wanting, item) == (2, 6)


def test_switched_off_nothing_more_is_sent_after_the_next_launch(wanting):
    link = launched(wanting)
    earn(2)
    deliver()
    wanting.registration.subsection_columns = False
    wanting.registration.save()
    launched(wanting, link=link)
    earn(4)
    deliver()
    (item,) = parts(wanting, link).values()
    assert shown(wanting, item) == (2, 6)


def test_without_the_right_to_make_columns_there_are_none_and_no_error(wanting):
    link = course_link(wanting, graded=True)
    with_scopes(wanting, link, *(scope for scope in SCOPES if not scope.endswith("/lineitem")))
    earn(3)
    deliver()
    assert parts(wanting, link) == {}
    assert given(wanting, link)[1] == 100
    assert not PendingScore.objects.given_up().exists()


def test_without_a_list_of_columns_there_are_none(wanting):
    link = course_link(wanting, graded=True)

    def change(claims):
        said = {name: value for name, value in claims[AGS_CLAIM].items() if name != "lineitems"}
        return {**claims, AGS_CLAIM: said}

    wanting.tampered_launch(link, claims=change)
    assert not ResourceLink.objects.filter(part_of__isnull=False).exists()


def test_role_06_an_instructor_has_no_scores(wanting):
    launched(wanting, INSTRUCTOR)
    assert not PendingScore.objects.exists()


def test_a_returning_learner_makes_nothing_due(wanting):
    link = launched(wanting)
    deliver()
    before = list(PendingScore.objects.values_list("pk", "revision"))
    launched(wanting, link=link)
    assert list(PendingScore.objects.values_list("pk", "revision")) == before
    assert len(before) == 3


def test_a_subsection_that_is_not_graded_any_more_expects_no_scores(wanting):
    link = launched(wanting)
    row = PendingScore.objects.get(line_item__resource_link__usage_key=NUMBERS)
    item, part, basics = row.line_item, row.line_item.resource_link, usage("sequential", "basics")
    part.pk, part.link_digest, part.usage_key = None, "another", basics
    part.save()
    item.pk, item.resource_link, item.usage_key = None, part, basics
    item.save()
    row.pk, row.line_item = None, item
    row.save()
    launched(wanting, link=link)
    expected = set(PendingScore.objects.values_list("usage_key", flat=True))
    assert {SUBSECTION, NUMBERS} <= expected
    assert basics not in expected


def test_another_list_of_columns_is_taken_over(wanting):
    link = launched(wanting)
    elsewhere = f"{wanting.platform.base_url}/elsewhere"
    wanting.tampered_launch(
        link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "lineitems": elsewhere}}
    )
    found = LineItem.objects.filter(resource_link__part_of__isnull=False)
    assert {item.container_url for item in found} == {elsewhere}


def test_a_link_that_opens_something_else_for_once_loses_nobody_elses_scores(wanting):
    """Links are edited by mistake; whoever launches again decides about their own scores only."""
    link = launched(wanting)
    earn(3)
    wanting.tampered_launch(
        link,
        claims=lambda claims: {
            **claims,
            "https://purl.imsglobal.org/spec/lti/claim/target_link_uri": wanting.content_url(PROBLEM),
        },
    )
    deliver()
    (item,) = parts(wanting, link).values()
    assert shown(wanting, item) == (3, 6)


def test_a_launch_without_the_whole_claim_loses_no_score(wanting):
    link = launched(wanting)
    earn(3)
    with_scopes(wanting, link, *(scope for scope in SCOPES if not scope.endswith("/lineitem")))
    wanting.tampered_launch(link, claims=lambda claims: {k: v for k, v in claims.items() if k != AGS_CLAIM})
    deliver()
    (item,) = parts(wanting, link).values()
    assert shown(wanting, item) == (3, 6)


def test_two_links_to_a_course_do_not_take_each_others_columns(wanting):
    first = launched(wanting)
    earn(3)
    deliver()
    launched(wanting)
    deliver()
    assert len([item for item in columns(wanting) if item.resource_id == SUBSECTION]) == 2
    assert parts(wanting, first)

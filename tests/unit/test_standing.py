"""States and differences: what Python says of a row and what SQL finds are the same."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import Lane, LineItem, PendingScore
from lti_1p3_provider.scores.outbox import tallies
from lti_1p3_provider.scores.outbox.tallies import Day
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.status import overview, wording
from lti_1p3_provider.scores.status.chart import LARGE, Size, picture
from lti_1p3_provider.scores.status.sentence import Sentence, points
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


@pytest.fixture
def registration(db) -> Registration:
    return register(
        PlatformDetails(
            title="T",
            issuer="https://x.example",
            client_id="c",
            deployment_ids=("1",),
            auth_login_url="https://x.example/a",
            auth_token_url="https://x.example/t",
            key_set_url="https://x.example/j",
        )
    )[0]


@pytest.fixture
def rows(registration):
    """Return a function that stores rows, each of another person, in one column."""
    deployment = registration.deployments.get()
    link = ResourceLink.objects.create(deployment=deployment, link_id="1", link_digest="1")
    item = LineItem.objects.create(resource_link=link, course_key="c", usage_key="u")
    lane = Lane.objects.create(name="1:0", deployment=deployment)
    same = {"registration": registration, "line_item": item, "lane": lane}

    def store(*values: dict[str, object]) -> list[PendingScore]:
        stored = []
        for number, of_row in enumerate(values):
            user = get_user_model().objects.create(username=f"u{number}")
            person = PlatformUser.objects.create(
                registration=registration, sub=str(number), sub_digest=str(number), user=user
            )
            stored.append(PendingScore.objects.create(**same, platform_user=person, **of_row))
        return stored

    return store


def test_each_row_is_in_exactly_one_state_in_python_and_in_sql(rows):
    kinds = {
        "given_up": [False, True],
        "due_at": [None, NOW],
        "attempts": [0, 3],
        "sent_at": [None, NOW],
        "reason": ["", "taken"],
    }
    values = [dict(zip(kinds, chosen, strict=True)) for chosen in itertools.product(*kinds.values())]
    stored = rows(*values)
    for state in State:
        found = set(PendingScore.objects.in_state(state).values_list("pk", flat=True))
        assert found == {row.pk for row in stored if row.state is state}, state
    assert {row.state for row in stored} == set(State)


@pytest.mark.parametrize(
    ("sent", "shown", "at", "different"),
    [
        ((3, 4), (75, 100), AFTER, False),
        ((1, 3), (33.33, 100), AFTER, False),
        ((1, 3), (0.33, None), AFTER, False),
        ((3, 4), (74, 100), AFTER, True),
        ((3, 4), (None, None), AFTER, True),
        ((3, 4), (None, None), None, False),
        ((3, 4), (50, 100), BEFORE, False),
        ((None, None), (50, 100), AFTER, False),
        ((0, 4), (0, 100), AFTER, False),
    ],
)
def test_a_result_is_compared_with_what_was_sent_before_it_was_asked_for(rows, sent, shown, at, different):
    values = dict(zip(("sent_given", "sent_maximum", "result_given", "result_maximum"), (*sent, *shown), strict=True))
    (row,) = rows({**values, "sent_at": None if sent[0] is None else NOW, "result_at": at})
    assert row.differs is different
    assert PendingScore.objects.different().exists() is different


def test_an_answer_from_before_is_not_shown_with_a_new_grade():
    here = Registration(platform="generic")
    assert wording.answer(PendingScore(registration=here, reason="taken", http_status=200, due_at=NOW)) == ""
    assert wording.answer(PendingScore(registration=here, reason="refused", http_status=404, due_at=NOW, attempts=1))


def test_sentences_show_their_moments_to_pages_and_to_scripts():
    sentence = Sentence("<b> at {time}", {"time": NOW})
    assert str(sentence) == "<b> at 2026-03-01T12:00:00+00:00"
    assert sentence.html == ('&lt;b&gt; at <time datetime="2026-03-01T12:00:00+00:00">1 Mar 2026 12:00 UTC</time>')


@every(
    "given, maximum, text",
    [(8, 10, "8/10"), (100, 100, "100/100"), (2.5, 3, "2.5/3"), (1 / 3, 1, "0.33/1"), (0, 4, "0/4"), (None, 4, "")],
)
def test_points_are_short(given, maximum, text):
    assert points(given, maximum) == text


def test_counts_are_added_up_by_day_and_registration(registration):
    counts = tallies.Counts({(registration.pk, "delivered"): 3, (registration.pk, "parked"): 1})
    tallies.add(counts)
    tallies.add(tallies.Counts({(registration.pk, "delivered"): 2}))
    assert not counts
    today = timezone.now().date()
    assert tallies.of_days(registration.pk, 3)[-1] == Day(today, 5, 0, 1)
    assert [day.delivered for day in tallies.of_days(registration.pk, 3)] == [0, 0, 5]


def test_an_overview_counts_what_waits_and_what_was_given_up(registration, rows, django_assert_max_num_queries):
    late = timezone.now() - timedelta(hours=1)
    rows({"due_at": late}, {"due_at": AFTER + timedelta(days=9999)}, {"given_up": True}, {"sent_at": NOW})
    with django_assert_max_num_queries(5):
        found = overview.of_registration(registration)
    assert (str(found.waiting), str(found.parked), found.late_since, found.outage) == ("2", "1", late, None)


def test_an_overview_stops_counting(registration, rows):
    rows(*({"given_up": True} for _ in range(4)))
    assert str(overview.of_registration(registration, most=2).parked) == "2+"


def pieces(path: str) -> list[tuple[float, ...]]:
    """Return x, y, width and height of each box in a path."""
    boxes = re.findall(r"M([\d.-]+) ([\d.-]+)h([\d.]+)v([\d.]+)h-\3z", path)
    assert path == "".join(f"M{x} {y}h{width}v{height}h-{width}z" for x, y, width, height in boxes)
    return [tuple(map(float, box)) for box in boxes]


def test_bars_stand_on_each_other_and_fit():
    days = [Day(date(2026, 3, 1), 1000, 1, 999), Day(date(2026, 3, 2)), Day(date(2026, 3, 3), 500, 0, 0)]
    drawn = picture(days)
    assert [layer.kind for layer in drawn.layers] == ["delivered", "postponed", "parked"]
    delivered, postponed, parked = (pieces(layer.path) for layer in drawn.layers)
    (first, third), (middle,), (top,) = delivered, postponed, parked
    assert first[1] + first[3] == LARGE.height
    assert middle[1] + middle[3] == first[1]
    assert top[1] + top[3] == middle[1]
    assert top[1] >= -1
    assert min(first[3], middle[3], top[3]) >= 1
    assert third[3] == LARGE.height / 4
    assert first[0] + first[2] < third[0]
    assert third[0] + third[2] <= LARGE.width


def test_a_picture_of_another_size_and_other_kinds():
    drawn = picture([Day(date(2026, 3, 1), 1, 7, 7)], ["delivered"], Size(100, 10, 2))
    assert [pieces(layer.path) for layer in drawn.layers] == [[(1.0, 0.0, 98.0, 10.0)]]
    assert (drawn.most, drawn.width, drawn.height) == (1, 100, 10)
    assert picture([]).layers == []
    assert picture([]).bars == []

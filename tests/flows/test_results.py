"""What platforms show, read back and compared with what was sent; and messages as each platform wants them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from lti_1p3_provider.errors import AnswerUnreadable
from lti_1p3_provider.lti import ags, results, transport
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.results import Result
from lti_1p3_provider.lti.strict_json import MAX_ENTRIES
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.gradebook import reconcile as comparing
from lti_1p3_provider.scores.gradebook.reconcile import Difference, difference_of, read_back, reconcile
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.scores.status import wording
from tests.connection import AGS_CLAIM, COURSE, LEARNER, OTHER_LEARNER, PROBLEM
from tests.results import at_a_strangers, results_of
from tests.scoring import class_launched, earn, given, launched, make_due, override
from tests.web_server import Said

CANVAS = "https://canvas.instructure.com/lti/submission"
FIELDS = ["userId", "timestamp", "activityProgress", "gradingProgress", "scoreGiven", "scoreMaximum", "submission"]


def column(connection, link) -> LineItemAddress:
    return LineItemAddress(connection.platform.link(link.id).line_item_url, frozenset(ags.SCOPES))


def rows() -> list[PendingScore]:
    return list(PendingScore.objects.order_by("pk"))


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moodle", [False, True])
def test_ags_14_results_come_in_pages_and_for_one_person(connection, configure, moodle):
    configure(page_size=2, moodle_lists=moodle)
    people = [f"result-test-{number}" for number in range(5)]
    link = class_launched(connection, people)
    for number, person in enumerate(people):
        earn(number % 5, person=person)
    deployment = Deployment.objects.get()
    found = transport.run(results.read(deployment, column(connection, link)))
    wanted = [Result(person, 25.0 * (number % 5), 100.0) for number, person in enumerate(people)]
    assert sorted(found, key=lambda one: one.user_id) == sorted(wanted, key=lambda one: one.user_id)
    for one in wanted:
        assert transport.run(results.read(deployment, column(connection, link), one.user_id)) == [one]
    assert transport.run(results.read(deployment, column(connection, link), "nobody")) == []


def test_ags_14_open_edx_is_given_no_limit_because_it_would_cut_the_list(connect):
    connection = connect(platform="openedx")
    link = launched(connection)
    earn(3)
    transport.run(results.read(Deployment.objects.get(), column(connection, link)))
    assert "limit" not in connection.platform.requests[-1].query


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ([{"userId": "u", "resultScore": 0.5}], Result("u", 0.5, 1.0)),
        ([{"userId": 7, "resultScore": 3, "resultMaximum": 4}], Result("7", 3.0, 4.0)),
        ([{"userId": "u"}], Result("u", None, 1.0)),
        ([{"userId": "u", "resultScore": None, "resultMaximum": 0}], Result("u", None, 1.0)),
        ([{"userId": "u", "resultScore": "3"}], Result("u", 3.0, 1.0)),
        ([{"userId": "u", "resultScore": True}], Result("u", None, 1.0, is_odd=True)),
        ([{"userId": None, "resultScore": 3}, 7, {"userId": "u"}], Result("u", None, 1.0)),
        ([{"userId": "u", "resultScore": 10**301}], Result("u", None, 1.0, is_odd=True)),
        ({"userId": "u"}, None),
        ([7], None),
    ],
)
def test_ags_14_odd_results_stop_no_other(connection, web_server, body, wanted):
    home = web_server.says(Said(json.dumps(body).encode()))
    Registration.objects.update(other_origins=home.rpartition("/")[0])
    reading = results.read(Deployment.objects.get(), LineItemAddress(home, frozenset(ags.SCOPES)))
    if wanted is None:
        with pytest.raises(AnswerUnreadable):
            transport.run(reading)
    else:
        assert transport.run(reading) == [wanted]


# --- comparing --------------------------------------------------------------------------------------------------------


def test_ags_14_what_was_sent_and_is_shown_is_the_same(connection):
    launched(connection)
    earn(3)
    report = reconcile(rows())
    assert (report.same, report.unsent, report.differences, report.troubles) == (1, 0, [], [])
    (row,) = rows()
    assert (row.result_given, row.result_maximum) == (75, 100)
    assert difference_of(row) is None


def test_a_teachers_own_grade_is_marked_and_never_overwritten_by_itself(connection):
    link = launched(connection)
    earn(3)
    override(connection, link, 90)
    attempts = len(connection.platform.score_attempts)
    report = reconcile(rows())
    (row,) = rows()
    assert report.differences == [Difference(row.pk, 3, 4, 90, 100)] == [difference_of(row)]
    assert deliver_due().delivered == 0
    assert len(connection.platform.score_attempts) == attempts
    assert (row.sent_given, row.sent_maximum, row.due_at) == (3, 4, None)


def test_a_score_that_the_platform_lost_is_a_difference(connection):
    link = launched(connection)
    earn(3)
    store = connection.platform.store
    store.delete_line_item(connection.platform.line_item(link.id).id)
    connection.platform.add_link(link)  # a new, empty column
    LineItem.objects.update(url=connection.platform.link(link.id).line_item_url)
    (row,) = rows()
    assert reconcile([row]).differences == [Difference(row.pk, 3, 4, None, None)]


def test_what_was_not_sent_or_sent_again_since_is_not_judged(connection):
    link = launched(connection)
    launched(connection, person=OTHER_LEARNER)
    earn(3)
    assert reconcile(rows()).unsent == 1
    override(connection, link, 1)
    assert len(reconcile(rows()).differences) == 1
    earn(2)
    assert [difference_of(row) for row in rows()] == [None, None]


@pytest.mark.parametrize(("kind", "same"), [("moodle", 1), ("canvas", 0)])
def test_moodle_shows_the_maximum_for_more_than_that(connect, platform, kind, same):
    connection = connect(platform=kind, auth_audience=platform.auth_token_url)
    link = launched(connection)
    earn(5)
    assert given(connection, link) == (5, 4)
    override(connection, link, 100)
    assert reconcile(rows()).same == same


def test_rounded_results_are_the_same(connection):
    link = launched(connection)
    earn(1, possible=3)
    override(connection, link, 33.33)
    assert reconcile(rows()).same == 1


def test_a_column_of_many_is_read_in_one_list_and_one_of_few_person_by_person(connection, configure):
    configure(page_size=4)
    link = class_launched(connection, [f"many-{number}" for number in range(10)])
    for number in range(10):
        earn(number % 5, person=f"many-{number}")
    override(connection, link, 1, "many-7")
    before = len(connection.platform.requests)
    report = reconcile(PendingScore.objects.all())
    asked = [found.query for found in connection.platform.requests[before:] if found.path.endswith("/results")]
    assert (report.same, len(report.differences), len(asked)) == (9, 1, 3)
    before = len(connection.platform.requests)
    assert reconcile(PendingScore.objects.filter(platform_user__sub="many-7")).same == 0
    assert [found.query for found in connection.platform.requests[before:]] == ["type_id=1&user_id=many-7"]


def test_a_column_that_cannot_be_read_is_a_trouble_and_stops_no_other(connection):
    scopes = {"scope": [ags.SCORE_SCOPE]}
    bad, gone = connection.link(PROBLEM, graded=True), launched(connection)
    connection.tampered_launch(bad, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **scopes}})
    launched(connection)
    earn(3)
    connection.platform.store.delete_line_item(connection.platform.line_item(gone.id).id)
    report = reconcile(rows())
    assert report.same == 1
    assert {trouble.why for trouble in report.troubles} == {
        Why(Reason.MAY_NOT_READ, 404, "reading a list"),
        Why(Reason.MAY_NOT_READ),
    }
    Registration.objects.update(enabled=False)
    assert {trouble.why for trouble in reconcile(rows()).troubles} == {Why(Reason.SWITCHED_OFF)}


def test_ags_14_results_that_moved_by_a_slash_are_read(connection, web_server):
    """Open edX's platform adds one."""
    moved = Said(b"", 301, {"Location": "/0/item/results/?user_id=x"})
    sent = at_a_strangers(
        connection, web_server, moved, results_of({"userId": LEARNER, "resultScore": 3, "resultMaximum": 4})
    )
    report = reconcile(sent)
    assert (report.same, report.troubles) == (1, [])
    assert [asked.path for asked in web_server.asked] == [
        f"/0/item/results?user_id={LEARNER}",
        "/0/item/results/?user_id=x",
    ]


TROUBLES = (
    (Said(b"", 301, {"Location": "http://127.0.0.1:9/"}), Why(Reason.REDIRECTED, 301, "reading a list")),
    (Said(b"", 403), Why(Reason.MAY_NOT_READ, 403, "reading a list")),
    (Said(b"", 500), Why(Reason.FAILING, 500, "reading a list")),
    (Said(b"<html>"), Why(Reason.UNREADABLE, detail="a list: Expecting value: line 1 column 1 (char 0)")),
    (Said(b"[7]"), Why(Reason.UNREADABLE, detail=f"a list: not a list of at most {MAX_ENTRIES} JSON objects")),
    (results_of({"userId": LEARNER, "resultScore": "many"}), Why(Reason.ODD_RESULTS)),
)


def test_every_trouble_of_reading_back_is_said_and_the_exit_code_tells(connection, web_server):
    (row,) = at_a_strangers(connection, web_server, Said())
    for said, why in TROUBLES:
        web_server.says(said)
        done = read_back(PendingScore.objects.all())
        assert (done.asked, done.answered, done.different) == (1, 0, 0), why
        assert [(trouble.line_item_pk, trouble.why) for trouble in done.troubles] == [(row.line_item_id, why)]
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("lti_1p3_scores", "reconcile", "--all", "--json", stdout=out)
        assert ended.value.code == 3, why
        (unanswered,) = json.loads(out.getvalue())["unanswered"]
        assert (unanswered["line_item"], unanswered["reason"]) == (row.line_item_id, why.in_full())
        assert unanswered["code"] == why.code
        assert (unanswered["activity"], unanswered["course"]) == ("Primary colours", COURSE)
        assert unanswered["where"].startswith("Emulated platform, ")
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("lti_1p3_scores", "reconcile", "--all", stdout=out)
        assert f"(column {row.line_item_id}, scores: 1): {why.in_full()}" in out.getvalue()


def test_an_answer_of_before_is_no_answer_of_now(connection, web_server):
    at_a_strangers(connection, web_server, results_of({"userId": LEARNER, "resultScore": 3, "resultMaximum": 4}))
    assert read_back(PendingScore.objects.all()).answered == 1
    web_server.says(Said(b"", 500))
    done = read_back(PendingScore.objects.all())
    assert (done.answered, len(done.troubles)) == (0, 1)


def test_an_odd_result_hides_no_good_one(connection, web_server):
    good, odd = {"userId": LEARNER, "resultScore": 3, "resultMaximum": 4}, {"userId": LEARNER, "resultScore": []}
    sent = at_a_strangers(connection, web_server, results_of(odd, good, odd, {"userId": "x", "resultScore": []}))
    report = reconcile(sent)
    assert (report.same, report.troubles) == (1, [])


def test_a_row_without_a_column_says_why(connection):
    connection.enter(connection.link(PROBLEM, ags="container"))
    LineItem.objects.update(reason="service_refused", http_status=403, detail="making a column")
    assert [trouble.why for trouble in reconcile(rows()).troubles] == [
        Why(Reason.SERVICE_REFUSED, 403, "making a column")
    ]


def test_nothing_to_compare_is_nothing(db):
    assert reconcile([]) == comparing.Reconciliation()


# --- messages ---------------------------------------------------------------------------------------------------------


def messages(connection, link) -> list[dict]:
    """Return the score messages that the platform took for a link, oldest first."""
    item = connection.platform.line_item(link.id)
    return [score.body for score in connection.platform.scores if score.line_item_id == item.id]


@pytest.mark.parametrize("kind", sorted(set(PRESETS) - {"canvas"}))
def test_ags_08_ags_09_a_score_message_has_nothing_but_the_specifications(connect, platform, kind):
    """Above all no NotReady or PendingManual, with which Moodle wipes a grade."""
    connection = connect(platform=kind, auth_audience=platform.auth_token_url)
    link = launched(connection)
    earn(3)
    PendingScore.objects.update(last_timestamp=timezone.now() - timedelta(seconds=9))
    earn(2)
    for message in messages(connection, link):
        assert sorted(message) == sorted(FIELDS)
        assert (message["activityProgress"], message["gradingProgress"]) == ("Completed", "FullyGraded")
        assert isinstance(message["scoreGiven"], int)
        assert isinstance(message["scoreMaximum"], int)


def test_canvas_is_told_that_a_second_score_is_no_new_attempt(connect):
    connection = connect(platform="canvas")
    link = launched(connection)
    for earned in (1, 2, 3):
        earn(earned)
    told = [message.get(CANVAS) for message in messages(connection, link)]
    assert told == [None, {"new_submission": False}, {"new_submission": False}]


def test_a_score_that_canvas_refused_first_is_still_its_first(connect):
    connection = connect(platform="canvas")
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(1)
    make_due()
    deliver_due()
    assert [message.get(CANVAS) for message in messages(connection, link)] == [None]


def test_another_column_gets_its_first_score_as_such(connect):
    connection = connect(platform="canvas")
    link, other = launched(connection), connection.link(graded=True)
    earn(1)
    moved = {"lineitem": other.line_item_url}
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **moved}})
    assert [message.get(CANVAS) for message in messages(connection, other)] == [None]


def test_ags_12_a_score_that_waited_for_us_makes_nobody_late(connection):
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(3)
    answered = timezone.now() - timedelta(hours=5)
    PendingScore.objects.update(changed_at=answered)
    make_due()
    deliver_due()
    (message,) = messages(connection, link)
    said = datetime.fromisoformat(message["submission"]["submittedAt"])
    assert abs(said - answered) <= timedelta(milliseconds=1)
    assert datetime.fromisoformat(message["timestamp"]) - said > timedelta(hours=4)


def test_ags_12_no_work_is_submitted_in_the_future(connection):
    link = launched(connection)
    with_future = timezone.now() + timedelta(hours=5)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(3)
    PendingScore.objects.update(changed_at=with_future)
    make_due()
    deliver_due()
    (message,) = messages(connection, link)
    assert message["submission"]["submittedAt"] == message["timestamp"]


def test_more_than_the_maximum_and_parts_of_points_are_sent_as_they_are(connection):
    link = launched(connection)
    for earned, possible in ((5, 4), (2.5, 4), (0.1, 0.3)):
        earn(earned, possible=possible)
        assert given(connection, link) == (earned, possible)


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("brightspace", 422, "this person's role cannot be graded there"),
        ("canvas", 422, "this person is no student of the course, or the course has concluded"),
        ("canvas", 412, "the column belongs to another tool"),
        ("moodle", 400, "this person is not enrolled, is a teacher, or the message was not understood"),
        ("blackboard", 403, "the tool may not write scores there, or was taken out of the course"),
    ],
)
def test_ags_15_a_refusal_has_a_reason_that_an_operator_can_read(connect, platform, kind, status, reason):
    connection = connect(platform=kind, auth_audience=platform.auth_token_url)
    launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=status)
    earn(3)
    row = PendingScore.objects.get()
    assert (row.given_up, row.why.code) == (True, f"refused_{status}")
    assert wording.answer(row) == wording.in_full(row) == f"{reason} (HTTP {status})"

"""Scores that a platform took and lost: found, sent again in one step, and only where its answer is certain."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection as database
from django.db import connections
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from demo.browser import Browser, forms
from lti_1p3_provider.lti import ags
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.gradebook import missing
from lti_1p3_provider.scores.gradebook.reconcile import (
    SILENT,
    read_back,
    reconcile,
)
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.scores.status import comparing
from tests.connection import COURSE, LEARNER, OTHER_COURSE, OTHER_LEARNER, PROBLEM, UNIT, usage
from tests.results import at_a_strangers, results_of
from tests.scoring import class_launched, earn, given, launched, override
from tests.team import address, rows, signed_in, somebody
from tests.web_server import Said

KEY = CourseKey.from_string(COURSE)


def lose(connection, link, person: str = LEARNER) -> None:
    """Let the platform forget what it took, as for somebody who was taken out of the course and came back."""
    connection.platform.store.lose(connection.platform.line_item(link.id), person)


def shown(connection, link, person: str = LEARNER) -> float | None:
    """Return what the platform's gradebook shows."""
    result = connection.platform.store.result(connection.platform.line_item(link.id), person)
    return None if result is None else result.score


def find_and_send() -> tuple[int, int]:
    """Return how many are missing, and how many are sent again."""
    done = read_back(PendingScore.objects.all())
    return done.missing, missing.send_again(done.lost)


def posts(connection) -> int:
    return len(connection.platform.score_attempts)


def run(*arguments: str, **limits: int) -> tuple[int, Any]:
    """Return the exit code of ``reconcile``, and what it printed."""
    out, code = StringIO(), 0
    try:
        call_command("lti_1p3_scores", "reconcile", *arguments, "--json", stdout=out, **limits)
    except SystemExit as ended:
        code = int(ended.code)
    return code, json.loads(out.getvalue())


# --- what is sent again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 5], ids=["asked one by one", "asked in one list"])
def test_a_score_that_a_platform_lost_is_sent_again(connection, people):
    names = [LEARNER, *(f"lost-{number}" for number in range(people - 1))]
    link = class_launched(connection, names)
    for name in names:
        earn(3, person=name)
    lose(connection, link)
    before = posts(connection)
    assert find_and_send() == (1, 1)
    assert posts(connection) == before + 1
    assert (shown(connection, link), given(connection, link)) == (75, (3, 4))
    assert find_and_send() == (0, 0)


def test_the_grade_of_now_is_sent_and_later_than_all_before(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    PendingScore.objects.update(sent_given=2.0)  # as if the platform had taken less
    assert find_and_send() == (1, 1)
    assert given(connection, link) == (3, 4)
    column = connection.platform.line_item(link.id).id
    stamps = [
        one.timestamp for one in connection.platform.scores if (one.line_item_id, one.user_id) == (column, LEARNER)
    ]
    assert stamps == sorted(set(stamps))
    assert PendingScore.objects.get().deliveries == 2


def test_another_grade_there_is_said_and_stays(connection):
    link = launched(connection)
    launched(connection, person=OTHER_LEARNER)
    earn(3)
    override(connection, link, 0)
    before = posts(connection)
    done = read_back(PendingScore.objects.all())
    assert (done.different, done.missing, done.lost) == (1, 0, ())
    assert missing.send_again([row.pk for row in PendingScore.objects.all()]) == 0
    assert (posts(connection), shown(connection, link)) == (before, 0)


def test_no_result_and_an_empty_one_are_missing(connection, web_server):
    (row,) = at_a_strangers(connection, web_server, Said())
    one, null = {"userId": LEARNER}, {"userId": LEARNER, "resultScore": None}
    for entries in ([], [one], [null], [one, one]):
        web_server.says(results_of(*entries))
        assert reconcile(PendingScore.objects.all()).lost == [row.pk], entries


UNCERTAIN = (
    ([Said(b"", 403)], Reason.MAY_NOT_READ),
    ([Said(b"", 404)], Reason.MAY_NOT_READ),
    ([Said(b"", 500)], Reason.FAILING),
    ([Said(b"[", 200)], Reason.UNREADABLE),
    ([Said(b"[]", 200, {"Link": '</gone>; rel="next"'}), Said(b"", 500)], Reason.FAILING),
    ([results_of({"userId": LEARNER, "resultScore": "A+"})], Reason.ODD_RESULTS),
    ([results_of({"userId": LEARNER}, {"userId": LEARNER, "resultScore": "A+"})], Reason.ODD_RESULTS),
    ([results_of({"resultScore": 3})], Reason.NAMELESS),
    ([results_of({"userId": None, "resultScore": 3})], Reason.NAMELESS),
    ([results_of({"userId": "who-is-that", "resultScore": 3, "resultMaximum": 4})], Reason.STRANGERS),
)


def test_an_answer_that_is_not_whole_or_not_certain_sends_nothing(connection, web_server):
    at_a_strangers(connection, web_server, Said())
    for said, reason in UNCERTAIN:
        web_server.says_in_turn(*said)
        report = reconcile(PendingScore.objects.all())
        assert report.lost == [], said
        (trouble,) = report.troubles
        assert trouble.why.reason is reason, said
        assert (trouble.scores, trouble.course_key, trouble.usage_key) == (1, COURSE, PROBLEM)


def test_of_several_results_points_count_in_whichever_order(connection, web_server):
    entries = [{"userId": LEARNER}, {"userId": LEARNER, "resultScore": 3, "resultMaximum": 4}]
    sent = at_a_strangers(connection, web_server, results_of(*entries), results_of(*reversed(entries)))
    for _ in range(2):
        report = reconcile(sent)
        assert (report.same, report.lost, report.troubles) == (1, [], [])


def test_a_score_whose_column_is_moving_is_the_moves(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    LineItem.objects.update(moved_up_to=0)
    report = reconcile(PendingScore.objects.all())
    assert (report.lost, [one.why for one in report.troubles]) == ([], [Why(Reason.MOVING)])


def test_what_changed_since_it_was_read_is_left_alone(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    lost = reconcile(PendingScore.objects.all()).lost
    row, later = PendingScore.objects.get(), timezone.now() + timedelta(hours=1)
    for change, values in {
        "on its way": {"due_at": later},
        "given up": {"given_up": True},
        "never sent": {"sent_at": None},
        "sent since": {"sent_at": later},
        "not certain": {"sent_given": None},
        "read since": {"result_given": 4.0},
    }.items():
        row.save()
        PendingScore.objects.update(**values)
        before = PendingScore.objects.values().get()
        assert missing.send_again(lost) == 0, change
        assert PendingScore.objects.values().get() == before, change
    row.save()
    assert missing.send_again(lost) == 1


def test_two_who_find_it_at_once_send_it_once(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    lost = reconcile(PendingScore.objects.all()).lost
    before, together = posts(connection), Barrier(2)

    def send(_: int) -> int:
        try:
            together.wait(timeout=10)
            return missing.send_again(lost)
        except Exception:  # SQLite lets one of them write
            assert database.vendor == "sqlite"
            return 0
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(send, range(2))) == 1
    deliver_due()
    assert (posts(connection), shown(connection, link)) == (before + 1, 75)


def test_a_person_whom_the_platform_refuses_is_given_up_as_ever(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    connection.platform.faults.set("status", endpoint="scores", status=422, times=1)
    assert find_and_send() == (1, 1)
    assert PendingScore.objects.get().why == Why(Reason.REFUSED, 422)
    assert find_and_send() == (0, 0)


def test_a_platform_that_is_switched_off_gets_nothing(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    Deployment.objects.update(status=Deployment.Status.DISABLED)
    assert find_and_send() == (0, 0)


def test_a_platform_that_is_silent_is_not_asked_about_all_its_columns(connection, web_server):
    home = web_server.says(Said(b"[]"))
    Registration.objects.update(other_origins=f"{home.rpartition('/')[0]}\nhttp://127.0.0.1:9")
    for _ in range(SILENT + 2):
        launched(connection)
    earn(3)
    LineItem.objects.update(url="http://127.0.0.1:9/item")
    found = [one.why.reason for one in reconcile(PendingScore.objects.all()).troubles]
    assert found == [Reason.UNREACHABLE] * SILENT + [Reason.NOT_ASKED] * 2


def test_after_its_time_no_column_is_asked(connection):
    launched(connection)
    earn(3)
    before = len(connection.platform.requests)
    assert [one.why for one in reconcile(PendingScore.objects.all(), patience=-1).troubles] == [Why(Reason.NO_TIME)]
    assert len(connection.platform.requests) == before


# --- by command -------------------------------------------------------------------------------------------------------


def test_the_command_finds_and_sends_in_one_step(connection):
    link = launched(connection)
    earn(3)
    lose(connection, link)
    code, said = run("--course", COURSE)
    assert (code, said["missing"], said["resent"], shown(connection, link)) == (3, 1, 0, None)
    (score,) = said["scores"]
    assert (score["activity"], score["course"], score["missing"]) == ("Primary colours", COURSE, True)
    code, said = run("--course", COURSE, "--resend-missing")
    assert (code, said["missing"], said["resent"], said["different"], said["unanswered"]) == (0, 1, 1, 0, [])
    assert shown(connection, link) == 75


def test_the_command_tells_what_it_did_not_send_and_why(connection):
    lost, other, silent = launched(connection), launched(connection), launched(connection, UNIT)
    earn(3)
    deliver_all()
    lose(connection, lost)
    override(connection, other, 10)
    item = connection.platform.line_item(silent.id)
    scopes = [ags.SCORE_SCOPE]
    LineItem.objects.filter(url__contains=item.id).update(scopes=scopes)
    code, said = run("--all", "--resend-missing")
    assert (code, said["same"], said["different"], said["missing"], said["resent"]) == (3, 0, 1, 1, 1)
    (unanswered,) = said["unanswered"]
    assert (unanswered["activity"], unanswered["course"], unanswered["scores"]) == ("Mixing colours", COURSE, 1)
    assert unanswered["reason"] == "the platform does not let us read results"
    assert unanswered["where"].startswith("Emulated platform, ")
    assert [(one["result"], one["missing"]) for one in said["scores"]] == [("", True), ("10/100", False)]
    assert shown(connection, other) == 10


def deliver_all() -> None:
    PendingScore.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    deliver_due()


def test_the_command_asks_so_many_at_once_and_goes_on_next_time(connection):
    links = [launched(connection), launched(connection)]
    earn(3)
    for link in links:
        lose(connection, link)
    found = [run("--all", "--resend-missing", most_asked=1) for _ in range(3)]
    assert [(code, said["asked"], said["left"], said["resent"]) for code, said in found[:2]] == [(3, 1, 1, 1)] * 2
    assert [shown(connection, link) for link in links] == [75, 75]


# --- on the course team's page ----------------------------------------------------------------------------------------


@pytest.fixture
def team(connection) -> Browser:
    """The browser of somebody of the course team, who may press the button at once."""
    cache.clear()
    return signed_in(connection, somebody("teacher", COURSE))


def press(browser: Browser, connection) -> Any:
    page = browser.get(address(connection), timeout=5)
    (form,) = [one for one in forms(page) if "do" not in one.fields and one.method == "post"][:1]
    return browser.post(form.action, data={**form.fields, "do": "compare"}, timeout=20)


def test_the_page_finds_and_sends_in_one_step(connection, team):
    lost, other, silent = launched(connection), launched(connection), launched(connection, UNIT)
    earn(3)
    deliver_all()
    lose(connection, lost)
    override(connection, other, 10)
    connection.platform.store.delete_line_item(connection.platform.line_item(silent.id).id)
    text = press(team, connection).text
    assert ">Compared at " in text
    assert "1 was not there any more and is sent again." in text
    assert "1 has another grade there, perhaps because a teacher changed it." in text
    assert "<b>Mixing colours</b> (Emulated platform, " in text
    assert "the platform knows no such column (HTTP 404)" in text
    assert (shown(connection, lost), shown(connection, other)) == (75, 10)
    row, *_ = rows(text)
    assert "nothing" not in row  # that was before


def test_pressed_twice_it_is_done_once(connection, team):
    launched(connection)
    earn(3)
    assert "1 is there as it was sent." in press(team, connection).text
    before = len(connection.platform.requests)
    assert "is being compared, or was a moment ago" in press(team, connection).text
    assert len(connection.platform.requests) == before


def test_while_it_is_compared_the_page_says_so_until_a_worker_is_thought_dead(connection, team):
    launched(connection)
    earn(3)
    for minutes, says in ((1, True), (60, False)):
        at = timezone.now() - timedelta(minutes=minutes)
        cache.set(comparing._name("compared", KEY), {"at": at.isoformat(), "is_over": False, "troubles": []})
        assert ("The platforms are being asked" in team.get(address(connection), timeout=5).text) is says


@pytest.mark.parametrize("kept", [7, {}, {"at": "x", "troubles": []}, {"at": "", "troubles": [7]}])
def test_what_another_version_kept_spoils_no_page(connection, team, kept):
    cache.set(comparing._name("compared", KEY), kept)
    assert team.get(address(connection), timeout=5).status_code == 200


def test_other_courses_scores_are_not_compared(connection, team):
    launched(connection, usage("vertical", "today", OTHER_COURSE), course=OTHER_COURSE)
    PendingScore.objects.update(sent_at=timezone.now(), sent_given=1, sent_maximum=1, due_at=None)
    before = len(connection.platform.requests)
    assert comparing.compare(KEY).compared == 0
    assert len(connection.platform.requests) == before


def test_what_was_compared_longest_ago_is_compared_first(connection):
    for _ in range(3):
        launched(connection)
    earn(3)
    first, second, third = PendingScore.objects.order_by("pk")
    now = timezone.now()
    PendingScore.objects.filter(pk=first.pk).update(result_at=now)
    PendingScore.objects.filter(pk=third.pk).update(result_at=now - timedelta(days=1))
    assert list(comparing.rows_to_compare(KEY)) == [second, third, first]


def test_the_button_is_not_there_before_anything_was_sent(connection, team):
    launched(connection)
    assert 'value="compare"' not in team.get(address(connection), timeout=5).text


def test_others_cannot_press_it(connection, team):
    launched(connection)
    earn(3)
    page = team.get(address(connection), timeout=5)
    form = next(one for one in forms(page) if one.method == "post")
    before = len(connection.platform.requests)
    stranger = signed_in(connection, somebody("other", OTHER_COURSE))
    for visitor in (stranger, Browser()):
        answered = visitor.post(form.action, data={**form.fields, "do": "compare"}, timeout=5, allow_redirects=False)
        assert answered.status_code in (302, 403)
    without = {name: value for name, value in form.fields.items() if name != "csrfmiddlewaretoken"}
    assert team.post(form.action, data={**without, "do": "compare"}, timeout=5).status_code == 403
    assert len(connection.platform.requests) == before

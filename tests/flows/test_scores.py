"""From a learner's answer to the platform's gradebook, over real HTTP, with everything that can go wrong in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from demo.browser import Browser
from demo.lms import grades
from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.lti import ags
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import claim, outcomes
from lti_1p3_provider.scores.outbox.intake import grade_changed
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import (
    AGS_CLAIM,
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    RIGHT,
    SUBSECTION,
    UNIT,
    WELCOME,
    answer,
)
from tests.scoring import COURSE, block, earn, given, launched, make_due


def test_an_answer_in_the_browser_reaches_the_gradebook(connection):
    browser, link = Browser(), connection.link(PROBLEM, graded=True)
    page = connection.launch(link, browser=browser)
    assert answer(browser, page, RIGHT).json() == {"earned": 4.0, "possible": 4.0}
    score = connection.platform.score_of(link.id, LEARNER)
    assert score["userId"] == LEARNER
    assert (score["scoreGiven"], score["scoreMaximum"]) == (4, 4)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    row = PendingScore.objects.get()
    assert (row.due_at, row.delivered_revision, row.revision, row.given_up, row.lease) == (None, 2, 2, False, "")


def test_a_better_and_a_worse_answer_are_both_sent_in_order(connection):
    link = launched(connection)
    for earned in (1, 4, 2):
        earn(earned)
    assert given(connection, link) == (2, 4)
    stamps = [score.timestamp for score in connection.platform.scores if score.user_id == LEARNER][-3:]
    assert stamps == sorted(set(stamps))


def test_a_real_zero_is_sent(connection):
    link = launched(connection)
    earn(0)
    assert given(connection, link) == (0, 4)


def test_an_unchanged_grade_is_not_sent_again(connection):
    link = launched(connection)
    earn(3)
    attempts = len(connection.platform.score_attempts)
    earn(3)
    assert len(connection.platform.score_attempts) == attempts
    assert given(connection, link) == (3, 4)


def test_ags_16_a_reset_never_overwrites_a_score(connection):
    link = launched(connection)
    earn(3)
    grades.reset(PlatformUser.objects.get().user, COURSE, block(PROBLEM))
    assert given(connection, link) == (3, 4)
    assert PendingScore.objects.get().due_at is None


def test_a_unit_and_a_subsection_are_sent_after_the_delay_with_the_sum(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    unit, subsection = launched(connection, UNIT), launched(connection, SUBSECTION)
    before = timezone.now()
    earn(3)
    earn(2, OTHER_PROBLEM, possible=2)
    assert given(connection, unit) is None
    for row in PendingScore.objects.all():
        assert timedelta(seconds=890) < row.due_at - before < timedelta(seconds=910)
    make_due()
    assert deliver_due().delivered == 2
    assert given(connection, unit) == given(connection, subsection) == (5, 6)


def test_the_delay_is_a_window_not_a_wait_for_silence(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    launched(connection, UNIT)
    earn(1)
    first = PendingScore.objects.get().due_at
    earn(2)
    assert PendingScore.objects.get().due_at == first


def test_a_composite_grade_is_fresh_although_the_stored_one_is_old(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    link = launched(connection, SUBSECTION)
    earn(4)
    user = PlatformUser.objects.get().user
    assert grades.persisted(user.pk, block(SUBSECTION)) == (0, 0)
    assert given(connection, link) == (4, 6)


def test_a_problem_linked_three_ways_feeds_three_columns(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    links = [launched(connection, key) for key in (PROBLEM, UNIT, SUBSECTION)]
    earn(4)
    assert [given(connection, link) for link in links] == [(4, 4), (4, 6), (4, 6)]


def test_what_was_earned_through_another_link_reaches_a_new_column(connection):
    launched(connection, UNIT)
    earn(3)
    later = launched(connection, PROBLEM)
    assert given(connection, later) == (3, 4)


def test_a_launch_without_an_answer_sends_nothing(connection):
    attempts = len(connection.platform.score_attempts)
    launched(connection)
    assert len(connection.platform.score_attempts) == attempts
    assert PendingScore.objects.get().due_at is None


def test_an_unlinked_block_sends_nothing(connection):
    launched(connection)
    attempts = len(connection.platform.score_attempts)
    earn(2, OTHER_PROBLEM, possible=2)
    assert len(connection.platform.score_attempts) == attempts


def test_only_whoever_launched_a_link_has_a_row_in_its_column(connection):
    link = launched(connection)
    connection.enter(connection.link(WELCOME), OTHER_LEARNER)
    earn(4, person=OTHER_LEARNER)
    assert given(connection, link, OTHER_LEARNER) is None


def test_an_instructors_answers_are_not_scores(connection):
    link = launched(connection, person=INSTRUCTOR)
    earn(4, person=INSTRUCTOR)
    assert given(connection, link, INSTRUCTOR) is None
    assert LineItem.objects.count() == 1


def test_a_learner_of_two_registrations_gets_scores_in_both(connect):
    """Two accounts, two columns; neither is mixed up with the other."""
    first, second = connect(), connect()
    links = [launched(first), launched(second)]
    for row in PlatformUser.objects.all():
        grades.record(row.user, COURSE, block(PROBLEM), row.registration_id % 3 + 1, 4)
    wanted = [(connection.registration.pk % 3 + 1, 4) for connection in (first, second)]
    assert [given(connection, link) for connection, link in zip((first, second), links, strict=True)] == wanted


def test_without_the_ags_claim_there_is_no_grading_and_no_error(connection):
    link = connection.link(PROBLEM, ags="none")
    connection.enter(link)
    before = len(connection.platform.requests)
    earn(4)
    row = PendingScore.objects.get()
    assert (len(connection.platform.requests), row.due_at, row.reason) == (before, None, Reason.NO_COLUMN)


def test_ags_01_without_the_score_scope_nothing_is_posted(connection):
    link = connection.link(PROBLEM, graded=True)
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "scope": []}})
    earn(4)
    assert given(connection, link) is None
    assert PendingScore.objects.get().due_at is None


def test_a_launch_without_the_column_does_not_forget_it(connection):
    link = launched(connection)
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "lineitem": ""}})
    earn(4)
    assert given(connection, link) == (4, 4)


def test_ags_05_scores_go_on_the_path_before_the_query(connection):
    launched(connection)
    earn(4)
    request = [found for found in connection.platform.requests if found.path.endswith("/scores")][-1]
    assert (request.method, request.query) == ("POST", "type_id=1")


def test_tok_02_one_access_token_serves_many_scores(connection):
    launched(connection)
    before = sum(request.path == "/token" for request in connection.platform.requests)
    for earned in (1, 2, 3, 4):
        earn(earned)
    assert sum(request.path == "/token" for request in connection.platform.requests) - before == 1


def test_tok_02_a_refused_access_token_is_renewed_once(connection):
    link = launched(connection)
    earn(1)
    connection.platform.faults.set("status", endpoint="scores", status=401, times=1)
    earn(2)
    assert given(connection, link) == (2, 4)


def test_ags_15_a_platform_that_is_down_is_tried_again_later(connection):
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=3)
    earn(4)
    row = PendingScore.objects.get()
    assert (row.attempts, row.why, row.lease) == (1, Why(Reason.FAILING, 503), "")
    assert 20 < (row.due_at - timezone.now()).total_seconds() < 40
    for attempts in (2, 3):
        make_due()
        assert deliver_due().postponed == 1
        assert PendingScore.objects.get().attempts == attempts
    make_due()
    assert deliver_due().delivered == 1
    assert given(connection, link) == (4, 4)
    assert PendingScore.objects.get().attempts == 0


def test_ags_15_retry_after_is_honoured(connection):
    launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=429, retry_after=600, times=1)
    earn(4)
    assert (PendingScore.objects.get().due_at - timezone.now()).total_seconds() > 590


def test_what_is_sent_later_is_the_newest_grade(connection):
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=500, times=1)
    earn(1)
    earn(3)
    attempts = len(connection.platform.score_attempts)
    make_due()
    deliver_due()
    assert given(connection, link) == (3, 4)
    assert len(connection.platform.score_attempts) - attempts == 1


@pytest.mark.parametrize("status", [403, 404, 422])
def test_ags_15_a_refusal_parks_the_row_until_the_grade_changes(connection, status):
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=status)
    earn(1)
    row = PendingScore.objects.get()
    assert (row.given_up, row.why, row.due_at) == (True, Why(Reason.REFUSED, status), None)
    connection.platform.faults.clear()
    earn(2)
    assert given(connection, link) == (2, 4)
    assert PendingScore.objects.get().given_up is False


def test_ags_11_a_stale_answer_settles_the_row(connection):
    launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=409, times=1)
    earn(4)
    row = PendingScore.objects.get()
    assert (row.due_at, row.reason, row.given_up, row.sent_at) == (None, "newer_there", False, None)


def test_ags_13_an_answer_that_was_lost_is_sent_again_with_a_newer_timestamp(connection):
    link = launched(connection)
    connection.platform.faults.set("lost_answer", endpoint="scores", times=1)
    earn(4)
    assert PendingScore.objects.get().due_at is not None
    make_due()
    assert deliver_due().delivered == 1
    assert given(connection, link) == (4, 4)


def test_ags_10_a_clock_that_steps_back_does_not_lose_a_score(connection):
    link = launched(connection)
    earn(1)
    ahead = timezone.now() + timedelta(seconds=5)
    PendingScore.objects.update(last_timestamp=ahead)
    earn(2)
    assert given(connection, link) == (2, 4)
    assert PendingScore.objects.get().last_timestamp == ahead + timedelta(milliseconds=1)


def test_ags_10_moodles_timestamps_differ_by_a_second(connect):
    connection = connect(platform="moodle")
    launched(connection)
    for earned in (1, 2):
        earn(earned)
    first, second = [score.timestamp for score in connection.platform.scores][-2:]
    assert second - first >= timedelta(seconds=1)


def test_sec_29_a_line_item_elsewhere_gets_no_token(connection):
    link = connection.link(PROBLEM, graded=True)
    elsewhere = "http://127.0.0.1:9/line_items/1"
    connection.tampered_launch(
        link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "lineitem": elsewhere}}
    )
    earn(4)
    row = PendingScore.objects.get()
    assert (row.given_up, row.reason) == (True, "address_forbidden")
    assert "http://127.0.0.1:9 is not a host of this platform" in row.detail


@pytest.mark.parametrize("what", ["registration", "deployment"])
def test_sec_15_queued_scores_stop_and_go_on(connection, what):
    link = launched(connection)
    connection.registration.enabled = what != "registration"
    connection.registration.save()
    Deployment.objects.update(status="disabled" if what == "deployment" else "approved")
    earn(4)
    assert given(connection, link) is None
    connection.registration.enabled = True
    connection.registration.save()
    Deployment.objects.update(status="approved")
    assert deliver_due().delivered == 1


def test_after_a_key_rotation_scores_still_arrive(connection):
    link = launched(connection)
    keys.rotate()
    earn(4)
    assert given(connection, link) == (4, 4)


def test_one_failing_column_does_not_stop_the_others(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    bad = connection.link(PROBLEM, graded=True)
    elsewhere = {"lineitem": "http://127.0.0.1:9/line_items/1"}
    connection.tampered_launch(bad, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **elsewhere}})
    good = launched(connection, UNIT)
    earn(4)
    assert given(connection, good) == (4, 6)


def test_a_poisoned_row_does_not_stop_the_others(connection, settings):
    launched(connection)
    PendingScore.objects.update(usage_key="no key at all")
    good = launched(connection, UNIT)
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    PendingScore.objects.filter(usage_key="no key at all").update(due_at=timezone.now(), revision=1)
    earn(4)
    assert given(connection, good) == (4, 6)
    assert PendingScore.objects.get(usage_key="no key at all").due_at is not None


def test_nothing_is_sent_if_the_learners_transaction_is_rolled_back(connection):
    link = launched(connection)
    with transaction.atomic():
        earn(4)
        transaction.set_rollback(True)
    assert given(connection, link) is None
    assert PendingScore.objects.get().due_at is None


def test_the_learners_answer_survives_whatever_breaks_in_our_intake(connection, settings):
    browser, link = Browser(), connection.link(PROBLEM, graded=True)
    page = connection.launch(link, browser=browser)
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = "not a number"
    unit = connection.link(UNIT, graded=True)
    connection.launch(unit, browser=browser)
    assert answer(browser, page).status_code == 200


@contextmanager
def broker(answering: Callable[..., None]) -> Iterator[None]:
    """Let what Celery would send to its broker go elsewhere."""
    task = current_app.tasks["lti_1p3_provider.deliver_scores"]
    before, task.apply_async = task.apply_async, answering
    try:
        yield
    finally:
        task.apply_async = before


def test_somebody_new_has_no_grades_so_no_worker_looks_for_some(connection):
    """Their row is what a worker would have left, and the next launch and answer find it as any other."""
    woken = []
    with broker(lambda **options: woken.append(options)):
        link = launched(connection)
        row = PendingScore.objects.get()
        assert (woken, row.state, row.reason) == ([], State.NOT_SENT, Reason.NO_GRADE)
        before = PendingScore.objects.values().get()
        PendingScore.objects.update(due_at=timezone.now())
    deliver_due()
    assert PendingScore.objects.values().get() | {"last_timestamp": None} == before
    connection.enter(link)
    assert PendingScore.objects.values().get() | {"last_timestamp": None} == before
    earn(2)
    assert given(connection, link) == (2, 4)


def test_somebody_known_has_what_they_earned_before_looked_for(connection):
    launched(connection)
    earn(2)
    woken = []
    with broker(lambda **options: woken.append(options)):
        other = launched(connection)
    assert (len(woken), PendingScore.objects.filter(due_at__isnull=False).count()) == (1, 1)
    deliver_due()
    assert given(connection, other) == (2, 4)


def test_what_somebody_new_opens_through_an_old_link_is_noted(connection):
    """As for somebody known: others who launch the link keep their own block."""
    link = launched(connection)
    moved = connection.link(OTHER_PROBLEM, graded=True, id=link.id)
    connection.enter(moved, OTHER_LEARNER)
    assert LineItem.objects.get().is_mixed
    keys = PendingScore.objects.order_by("pk").values_list("usage_key", flat=True)
    assert list(keys) == [PROBLEM, OTHER_PROBLEM]


def test_the_learners_answer_survives_a_broker_that_is_down(connection, caplog):
    def refuse(**options: object) -> None:
        raise OperationalError("no broker")

    browser, link = Browser(), connection.link(PROBLEM, graded=True)
    page = connection.launch(link, browser=browser)
    with broker(refuse):
        assert answer(browser, page).status_code == 200
    assert "no worker could be woken" in caplog.text
    assert deliver_due().delivered == 1


def test_switched_off_nothing_is_sent(connection, settings):
    link = launched(connection)
    PendingScore.objects.update(revision=9, due_at=timezone.now())
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert deliver_due().settled == 0
    settings.ENABLE_LTI_1P3_PROVIDER = True
    earn(4)
    assert given(connection, link) == (4, 4)


def test_many_answers_wake_a_worker_once_per_window(connection):
    launched(connection, UNIT)
    sent = []
    with broker(lambda **options: sent.append(options["countdown"])):
        for earned in (1, 2, 3, 4):
            earn(earned)
    assert sent == [900]


def test_an_answer_wakes_a_worker_for_what_was_left_lying(connection):
    link = launched(connection)
    with broker(lambda **options: None):
        earn(1)
    assert given(connection, link) is None
    earn(2)
    assert given(connection, link) == (2, 4)


def test_the_command_for_cron(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    link = launched(connection, UNIT)
    earn(4)
    make_due()
    printed = StringIO()
    call_command("lti_1p3_deliver_scores", stdout=printed)
    assert json.loads(printed.getvalue())["delivered"] == 1
    assert given(connection, link) == (4, 6)


# --- found by attacking ----------------------------------------------------------------------------------------------


def test_a_grade_that_goes_back_after_a_lost_answer_is_sent(connection):
    link = launched(connection)
    earn(2)
    connection.platform.faults.set("lost_answer", endpoint="scores", times=1)
    earn(4)
    assert given(connection, link) == (4, 4)
    earn(2)
    make_due()
    deliver_due()
    assert given(connection, link) == (2, 4)


def test_another_column_of_the_link_gets_the_grade(connection):
    link = launched(connection)
    earn(3)
    other = connection.link(WELCOME, graded=True)
    moved = {"lineitem": other.line_item_url}
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **moved}})
    assert given(connection, other) == (3, 4)


def test_a_column_that_comes_later_gets_the_grade(connection):
    """Without the right to look for it or make one."""
    link, only = connection.link(PROBLEM, graded=True), {"lineitem": "", "scope": [ags.SCORE_SCOPE]}
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **only}})
    earn(3)
    assert given(connection, link) is None
    connection.enter(link)
    assert given(connection, link) == (3, 4)


def test_ags_01_a_scope_that_was_withdrawn_is_not_used(connection):
    link = launched(connection)
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], "scope": []}})
    earn(4)
    assert given(connection, link) is None


def test_role_06_a_learner_who_became_a_test_user_sends_no_scores(connection):
    link = launched(connection)
    roles = ["Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]
    connection.tampered_launch(link, claims=lambda claims: {**claims, f"{CLAIM}roles": roles})
    earn(4)
    assert given(connection, link) is None


def test_sec_15_a_batch_that_was_claimed_before_the_switch_is_not_sent(connection):
    link = launched(connection)
    PendingScore.objects.update(revision=5, due_at=timezone.now())
    grades.record(PlatformUser.objects.get().user, COURSE, block(OTHER_PROBLEM), 1, 2)
    (row,) = claim.claim(connection.registration.pk, 50)
    Deployment.objects.update(status="disabled")
    assert not claim.is_open(row)
    outcomes.write_down([(row, outcomes.again(row, timezone.now(), Why(Reason.FAILING, 503)))])
    claim.release_lanes([row])
    Deployment.objects.update(status="approved")
    earn(4)
    assert given(connection, link) == (4, 4)


def test_a_row_that_a_wrong_clock_made_due_next_month_is_found_again(connection):
    link = launched(connection)
    PendingScore.objects.update(due_at=timezone.now() + timedelta(days=30))
    earn(4)
    assert given(connection, link) == (4, 4)


def test_a_row_that_was_given_up_starts_afresh_with_a_new_grade(connection):
    launched(connection)
    PendingScore.objects.update(given_up=True, attempts=500)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(4)
    row = PendingScore.objects.get()
    assert (row.given_up, row.attempts) == (False, 1)


@pytest.mark.parametrize("said", ["3600", 3600.0, "soon", None, 10**30, "²", -5])
def test_tok_02_odd_lifetimes_of_access_tokens(said):
    from lti_1p3_provider.lti.access_tokens import DEFAULT_LIFETIME, MAX_LIFETIME, _lifetime

    wanted = {"3600": 3600, 3600.0: 3600, 10**30: MAX_LIFETIME, -5: -5}
    assert _lifetime(said) == wanted.get(said, DEFAULT_LIFETIME)


def test_an_answer_of_somebody_without_lti_costs_one_query(db, django_user_model):
    stranger = django_user_model.objects.create_user("stranger")
    change = GradeChanged(stranger.pk, COURSE, block(PROBLEM), 1, 4, timezone.now())
    with transaction.atomic(), CaptureQueriesContext(database) as queries:
        grade_changed(change)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]

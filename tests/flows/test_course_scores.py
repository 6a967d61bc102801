"""The course team's page over real HTTP: who gets in, what it says, and what its buttons do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.browser import Browser, forms
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.scores.status import course_page
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import COURSE, LEARNER, OTHER_COURSE, OTHER_LEARNER, PROBLEM, UNIT, usage
from tests.scoring import earn, fill, launched, override
from tests.team import address, rows, signed_in, somebody

USERNAME = re.compile(r"(lti_|many-)\w+")


@pytest.fixture
def team(connection) -> Browser:
    """The browser of somebody of the course team."""
    return signed_in(connection, somebody("teacher", COURSE))


def press(browser: Browser, page: Any, do: str, *ticked: PendingScore, token: bool = True):
    """Press a button of the page with some rows ticked."""
    form = forms(page)[-1]
    fields = dict(form.fields)
    if not token:
        del fields["csrfmiddlewaretoken"]
    return browser.post(form.action, data={**fields, "row": [row.pk for row in ticked], "do": do}, timeout=10)


# --- who gets in ------------------------------------------------------------------------------------------------------


def test_nobody_is_asked_to_sign_in(connection):
    got = Browser().get(address(connection), allow_redirects=False, timeout=5)
    assert got.status_code == 302
    assert got.headers["Location"].startswith("/admin/login/?next=/lti/1p3/scores/")


def test_learners_and_other_teams_get_nothing(connection):
    browser = Browser()
    connection.launch(connection.link(PROBLEM, graded=True), browser=browser)
    other_team = signed_in(connection, somebody("other", OTHER_COURSE))
    former = signed_in(connection, somebody("former", COURSE, is_active=False))
    for visitor in (browser, other_team):
        for got in (visitor.get(address(connection), timeout=5), visitor.post(address(connection), timeout=5)):
            assert got.status_code == 403
            assert PlatformUser.objects.get().user.username not in got.text
    assert "learner" not in former.get(address(connection), timeout=5, allow_redirects=False).text


def test_a_course_that_is_not_there_looks_like_one_of_others(connection):
    other_team = signed_in(connection, somebody("other", OTHER_COURSE))
    for course in (COURSE, "course-v1:no+such+course", "nonsense"):
        assert other_team.get(address(connection, course), timeout=5).status_code == 403


def test_the_team_and_the_sites_staff_get_in(connection, team):
    superuser = signed_in(connection, somebody("root", is_staff=True, is_superuser=True))
    for visitor in (team, superuser):
        got = visitor.get(address(connection), timeout=5)
        assert got.status_code == 200
        assert "No score matches." in got.text


def test_sec_21_the_page_is_in_no_frame_and_no_cache(connection, team):
    got = team.get(address(connection), timeout=5)
    assert got.headers["X-Frame-Options"] == "DENY"
    assert got.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert "no-store" in got.headers["Cache-Control"]


def test_switched_off_there_is_no_page(connection, team, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert team.get(address(connection), timeout=5).status_code == 404


def test_a_post_without_a_token_changes_nothing(connection, team):
    launched(connection)
    earn(4)
    page = team.get(address(connection), timeout=5)
    before = PendingScore.objects.values().get()
    assert press(team, page, "resend", PendingScore.objects.get(), token=False).status_code == 403
    assert PendingScore.objects.values().get() == before


# --- what it says -----------------------------------------------------------------------------------------------------


def test_a_row_says_who_what_where_and_what_next(connection, team):
    launched(connection)
    earn(3)
    (row,) = rows(team.get(address(connection), timeout=5).text)
    username = PlatformUser.objects.get().user.username
    context = PendingScore.objects.get().line_item.resource_link.context
    assert row.startswith(f"Ada Park {username} Primary colours Emulated platform, {context} 3/4 3/4 ")
    assert row.endswith("UTC sent the platform took it Nothing: the platform has it.")


def test_sec_24_nothing_personal_but_name_and_username_is_shown(connect, lms):
    connection = connect(trust_emails=True)
    launched(connection)
    earn(3)
    text = signed_in(connection, somebody("teacher", COURSE)).get(address(connection), timeout=5).text
    assert PlatformUser.objects.get().user.username in text
    assert "Ada Park" in text
    for private in ("ada.park", LEARNER):
        assert private not in text


def test_a_score_that_waits_says_until_when(connection, team, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    launched(connection, UNIT)
    earn(3)
    (row,) = rows(team.get(address(connection), timeout=5).text)
    assert " 3/6 will be sent Will" in row  # the grade of a unit is read
    assert f"Will be sent at {PendingScore.objects.get().due_at:%-d %b %Y %H:%M} UTC ." in row


def test_a_score_that_was_refused_says_what_to_do(connection, team):
    launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=403, times=1)
    earn(3)
    (row,) = rows(team.get(address(connection), timeout=5).text)
    assert "given up the tool may not write scores there, or was taken out of the course (HTTP 403)" in row
    assert "On the platform, let the tool write scores in this course, then send it again." in row


def test_a_score_waits_for_a_platform_that_is_down_or_switched_off(connection, team, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    launched(connection, UNIT)
    earn(3)
    outages.begin(connection.registration.pk, Why(Reason.FAILING, 503))
    assert "Waits: the platform has taken no scores since" in rows(team.get(address(connection), timeout=5).text)[0]
    Deployment.objects.update(status=Deployment.Status.DISABLED)
    assert "Waits: this platform is switched off here." in rows(team.get(address(connection), timeout=5).text)[0]


def test_a_result_that_differs_is_marked_and_can_be_filtered(connection, team):
    launched(connection)
    launched(connection, person=OTHER_LEARNER)
    earn(3)
    earn(3, person=OTHER_LEARNER)
    same, other = PendingScore.objects.order_by("pk")
    now = timezone.now() + timedelta(seconds=1)
    PendingScore.objects.filter(pk=same.pk).update(result_given=75, result_maximum=100, result_at=now)
    PendingScore.objects.filter(pk=other.pk).update(result_given=50, result_maximum=100, result_at=now)
    page = team.get(address(connection), timeout=5).text
    assert ["differs" in row for row in rows(page)] == [False, True]
    (row,) = rows(team.get(address(connection), params={"state": "different"}, timeout=5).text)
    assert "differs 50/100" in row


def test_what_the_platform_showed_before_the_last_score_is_not_shown(connection, team):
    launched(connection)
    earn(3)
    before = PendingScore.objects.get().sent_at - timedelta(seconds=1)
    PendingScore.objects.update(result_given=50, result_maximum=100, result_at=before)
    assert "The platform shows" not in team.get(address(connection), timeout=5).text


def test_sec_23_texts_of_the_platform_are_text(connection, team):
    launched(connection, title="<script>x</script>")
    Registration.objects.update(title="<script>y</script>")
    text = team.get(address(connection), params={"learner": '"><script>z</script>'}, timeout=5).text
    text += team.get(address(connection), timeout=5).text
    for letter in "xyz":
        assert f"<script>{letter}" not in text


def test_what_needs_a_person_comes_first_and_only_once(connection, team):
    launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=403, times=1)
    launched(connection, person=OTHER_LEARNER)
    earn(3, person=OTHER_LEARNER)
    earn(3)
    text = team.get(address(connection), timeout=5).text
    given_up, sent = rows(text)
    assert ("given up" in given_up, "sent the platform took it" in sent) == (True, True)
    assert text.index("A person has to look at these") < text.index("All others")
    text = team.get(address(connection), params={"state": "sent"}, timeout=5).text
    assert len(rows(text)) == 1
    assert "A person has to look" not in text


def test_who_only_opened_an_activity_is_counted_and_not_listed(connection, team):
    launched(connection)
    page = team.get(address(connection), timeout=5).text
    assert rows(page) == []
    assert "<b>1</b> only opened it" in page
    assert 'href="?state=opened"' in page
    (row,) = rows(team.get(address(connection), params={"state": "opened"}, timeout=5).text)
    assert "primary_colours" in row or "Primary colours" in row
    assert rows(team.get(address(connection), params={"state": "all"}, timeout=5).text) == [row]


def test_a_list_is_narrowed_to_an_activity_by_its_title(connection, team):
    launched(connection)
    launched(connection, UNIT)
    earn(3)
    page = team.get(address(connection), timeout=5).text
    assert f'<option value="{PROBLEM}">Primary colours</option>' in page
    assert f'<option value="{UNIT}">Mixing colours</option>' in page
    (row,) = rows(team.get(address(connection), params={"activity": UNIT}, timeout=5).text)
    assert "Mixing colours" in row
    assert rows(team.get(address(connection), params={"activity": "strange"}, timeout=5).text) == []


def test_columns_that_would_be_empty_are_not_there(connection, team, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    launched(connection, UNIT)
    earn(3)
    page = team.get(address(connection), timeout=5).text
    assert ("Last score sent" in page, "The platform shows" in page) == (False, False)
    launched(connection)
    earn(4)
    page = team.get(address(connection), timeout=5).text
    assert ("Last score sent" in page, "The platform shows" in page) == (True, False)
    PendingScore.objects.filter(sent_at__isnull=False).update(result_at=timezone.now())
    assert "The platform shows" in team.get(address(connection), timeout=5).text


def test_other_courses_rows_are_not_shown(connection, team):
    launched(connection, usage("vertical", "today", OTHER_COURSE), course=OTHER_COURSE)
    assert rows(team.get(address(connection), timeout=5).text) == []


def test_a_username_and_a_state_narrow_the_list(connection, team):
    launched(connection)
    launched(connection, person=OTHER_LEARNER)
    earn(3)
    names = dict(PlatformUser.objects.values_list("sub", "user__username"))

    def found(**query: str) -> list[str]:
        return [USERNAME.search(row)[0] for row in rows(team.get(address(connection), params=query, timeout=5).text)]

    assert found(learner=names[OTHER_LEARNER], state="all") == [names[OTHER_LEARNER]]
    assert found(learner=f" {names[LEARNER]} ", state="sent") == [names[LEARNER]]
    assert found(state="opened") == [names[OTHER_LEARNER]]
    assert found() == [names[LEARNER]]
    assert found(state="not_sent") == found(state="given_up") == found(state="strange") == found(learner="nobody") == []


def test_a_learner_whose_grades_cannot_be_read_spoils_no_page(connection, team):
    launched(connection, UNIT)
    PendingScore.objects.update(reason="unknown", usage_key="no key", changed_at=timezone.now())
    assert "cannot be read now" in rows(team.get(address(connection), timeout=5).text)[0]


# --- many rows --------------------------------------------------------------------------------------------------------


def test_each_row_is_on_one_page(connection, team):
    launched(connection)
    earn(3)
    fill(connection, 2 * course_page.PAGE)
    seen, url = [], address(connection)
    for _ in range(4):
        text = team.get(url, timeout=10).text
        seen += [USERNAME.search(row)[0] for row in rows(text)]
        further = re.search(r'href="(\?[^"]+)">Next page', text)
        if not further:
            break
        url = address(connection) + further[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 2 * course_page.PAGE + 1


def test_a_strange_place_is_the_first_page(connection, team):
    launched(connection)
    earn(3)
    for after in ("1", "x.y", "1.2.3", "-1.2", "9" * 30 + ".1", "١.٢"):
        page = team.get(address(connection), params={"after": after}, timeout=5)
        assert len(rows(page.text)) == 1, after


def test_the_queries_do_not_grow_with_the_rows(connection, team, client):
    launched(connection)
    earn(3)
    client.force_login(get_user_model().objects.get(username="teacher"))

    def queries() -> int:
        with CaptureQueriesContext(database) as asked:
            assert client.get(f"/lti/1p3/scores/{COURSE}/").status_code == 200
        theirs = "demo_lms", "demo_cache"  # the LMS's own reading of grades, and its cache
        return sum(not any(name in query["sql"] for name in theirs) for query in asked)

    few = queries()
    fill(connection, 300)
    assert queries() == few <= 15  # names, and titles of rows and of activities, among them


# --- what its buttons do ----------------------------------------------------------------------------------------------


def test_ticked_rows_are_sent_again(connection, team):
    first, second = launched(connection), launched(connection)
    earn(3)
    before = len(connection.platform.scores)
    chosen = PendingScore.objects.get(line_item__resource_link__link_id=second.id)
    page = press(team, team.get(address(connection), params={"state": "sent"}, timeout=5), "resend", chosen)
    assert "1 score will be sent." in page.text
    assert "state=sent" in page.url
    assert [score.user_id for score in connection.platform.scores[before:]] == [LEARNER]
    assert PendingScore.objects.get(pk=chosen.pk).deliveries == 2
    assert PendingScore.objects.get(line_item__resource_link__link_id=first.id).deliveries == 1


def test_rows_of_another_course_are_not_touched(connection, team):
    launched(connection)
    earn(3)
    launched(connection, usage("vertical", "today", OTHER_COURSE), course=OTHER_COURSE)
    other = PendingScore.objects.get(course_key=OTHER_COURSE)
    before = PendingScore.objects.filter(pk=other.pk).values().get()
    page = press(team, team.get(address(connection), timeout=5), "resend", other)
    assert "Nothing was done" in page.text
    assert PendingScore.objects.filter(pk=other.pk).values().get() == before


@pytest.mark.parametrize("do", ["resend", "read_back"])
def test_rows_of_links_without_a_column_are_not_sent_again(connection, team, do):
    connection.enter(connection.link(PROBLEM, ags="none"), LEARNER)
    before = PendingScore.objects.values().get()
    page = press(
        team, team.get(address(connection), params={"state": "opened"}, timeout=5), do, PendingScore.objects.get()
    )
    assert "tick at least one row of an activity that has a column" in page.text
    assert PendingScore.objects.values().get() == before


def test_strange_rows_are_none(connection, team):
    launched(connection)
    earn(3)
    form = forms(team.get(address(connection), timeout=5))[-1]
    for row in ("", "x", "-1", "9" * 40, "1 OR 1"):
        page = team.post(form.action, data={**form.fields, "row": row, "do": "resend"}, timeout=5)
        assert "Nothing was done" in page.text, row


def test_ticked_rows_are_read_back(connection, team):
    link = launched(connection)
    earn(3)
    override(connection, link, 90)
    page = team.get(address(connection), timeout=5)
    assert "Ask the platform what it shows" in page.text
    chosen = PendingScore.objects.get()
    page = press(team, page, "read_back", chosen)
    assert "1 result is being read." in page.text
    chosen.refresh_from_db()
    assert (chosen.result_given, chosen.result_maximum) == (90, 100)

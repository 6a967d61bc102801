"""What a learner is told in the frame: the script in the content's page, and the answers that it gets."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urljoin

import pytest
import requests
from django.contrib.auth import get_user_model
from django.http import FileResponse, HttpResponse, HttpResponseNotFound
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches.in_frame import with_script
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import Grant
from tests.connection import (
    CLAIM,
    COURSE,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    UNIT,
    WELCOME,
    answer,
)
from tests.scoring import earn, launched

FIRST = 'data-reconnect="[^"]+"(?: data-way-back="[^"]+")?'
DATA = rf'{FIRST} data-score-status="([^"]+)" data-frame-height=""(?: data-class-scores="[^"]+")?'
TAG = re.compile(rf'<script src="([^"]+in_frame[^"]*\.js)" {DATA} defer></script>\n</body>')


def where(page: requests.Response) -> str:
    """Return the address that the script of a content page asks."""
    (found,) = TAG.findall(page.text)
    return urljoin(page.url, html.unescape(found[1]))


def open_(connection, usage_key=PROBLEM, person=LEARNER, graded=True):
    """Launch; return a function that asks as the script does, and the page."""
    browser = Browser()
    page = connection.launch(connection.link(usage_key, graded=graded), person, browser)
    assert page.status_code == 200
    return lambda: browser.get(where(page), timeout=5).json(), page, browser


def test_the_page_has_the_script_once_and_the_script_is_there(connection):
    _, page, browser = open_(connection)
    ((script, _),) = TAG.findall(page.text)
    got = browser.get(urljoin(page.url, script), timeout=5)
    assert "javascript" in got.headers["Content-Type"]
    assert "scoreStatus" in got.text


def test_a_score_that_was_sent_says_so_with_points_and_a_moment(connection):
    ask, page, browser = open_(connection)
    assert ask() == {"scores": [], "again_in": None}
    answer(browser, page)
    said = ask()
    (score,) = said["scores"]
    assert score["text"] == "Sent to Emulated platform at {time} (4/4)."
    assert score["moments"]["time"].startswith(f"{PendingScore.objects.get().sent_at:%Y-%m-%dT%H:%M:%S}")
    assert said["again_in"] is None


def test_a_score_that_is_collected_names_the_moment_until_when(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    ask, *_ = open_(connection, UNIT)
    earn(4)
    said = ask()
    assert said["scores"][0]["text"] == "Your score will be sent to Emulated platform by {time}."
    assert said["scores"][0]["moments"]["time"] > timezone.now().isoformat()
    assert said["again_in"] == 60
    PendingScore.objects.update(due_at=timezone.now() - timedelta(seconds=5))
    said = ask()
    assert said["scores"][0]["text"] == "Your score is being sent to Emulated platform."
    assert said["again_in"] == 3


def test_a_score_that_is_tried_again_says_that_nothing_is_lost(connection):
    ask, *_ = open_(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
    earn(4)
    said = ask()
    assert "does not take your score right now. It will be sent again" in said["scores"][0]["text"]
    assert 3 <= said["again_in"] <= 60


def test_a_score_waits_while_the_platform_is_down(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    ask, *_ = open_(connection, UNIT)
    earn(4)
    outages.begin(connection.registration.pk, Why(Reason.FAILING, 503))
    assert "does not take your score right now" in ask()["scores"][0]["text"]


def test_a_score_that_was_given_up_asks_to_tell_somebody(connection):
    ask, *_ = open_(connection)
    connection.platform.faults.set("status", endpoint="scores", status=422, times=1)
    earn(4)
    said = ask()
    assert said["scores"][0]["state"] == "given_up"
    assert "Please tell your course team." in said["scores"][0]["text"]
    assert said["again_in"] is None


def test_of_a_link_that_was_only_opened_nothing_is_said_also_while_the_platform_is_down(connection):
    ask, *_ = open_(connection)
    PendingScore.objects.update(due_at=timezone.now())
    outages.begin(connection.registration.pk, Why(Reason.FAILING, 503))
    assert ask() == {"scores": [], "again_in": 3}


def test_of_an_ungraded_link_nothing_is_said(connection):
    ask, *_ = open_(connection, WELCOME, graded=False)
    assert ask() == {"scores": [], "again_in": None}


def test_only_the_session_users_scores_of_exactly_this_block_are_said(connection):
    launched(connection, UNIT)
    launched(connection, OTHER_PROBLEM)
    launched(connection, person=OTHER_LEARNER)
    ask, *_ = open_(connection)
    earn(4, person=OTHER_LEARNER)
    earn(2, OTHER_PROBLEM, possible=2)
    assert ask()["scores"] == []
    earn(1)
    assert [score["text"][-7:] for score in ask()["scores"]] == [" (1/4)."]


def test_what_is_said_is_about_the_link_that_was_opened_last(connection):
    """A copied activity whose column is gone says nothing about the healthy original."""
    copied = connection.link(PROBLEM, graded=True)
    connection.enter(copied)
    ask, page, browser = open_(connection)
    earn(3)
    PendingScore.objects.filter(line_item__resource_link__link_id=copied.id).update(given_up=True, due_at=None)
    assert [score["text"][:5] for score in ask()["scores"]] == ["Sent "]
    connection.enter(copied, browser=browser)  # it is tried again, and refused again
    PendingScore.objects.filter(line_item__resource_link__link_id=copied.id).update(given_up=True, due_at=None)
    assert [score["state"] for score in ask()["scores"]] == ["given_up"]
    connection.enter(connection.link(PROBLEM, ags="none"), browser=browser)  # this one has no column
    assert ask() == {"scores": [], "again_in": None}
    assert page.status_code == 200


def test_a_page_that_was_opened_before_the_link_led_elsewhere_says_nothing_of_the_other_block(connection):
    link = connection.link(PROBLEM, graded=True)
    browser = Browser()
    page = connection.launch(link, LEARNER, browser)
    earn(3)
    connection.platform.add_link(replace(link, target_link_uri=connection.content_url(OTHER_PROBLEM)))
    other = connection.launch(link, LEARNER, browser)
    earn(2, OTHER_PROBLEM, possible=2)
    assert browser.get(where(page), timeout=5).json()["scores"] == []
    assert [score["text"][-7:] for score in browser.get(where(other), timeout=5).json()["scores"]] == [" (2/2)."]


def test_a_grant_of_before_the_upgrade_says_what_is_known_of_the_block(connection):
    ask, *_ = open_(connection)
    earn(3)
    Grant.objects.update(link_pk=None)
    assert len(ask()["scores"]) == 1


def test_sec_15_what_the_content_door_refuses_is_refused_here_too_and_not_recorded(connection):
    _, page, browser = open_(connection)
    address = where(page)
    attempts = LaunchAttempt.objects.count()
    stranger = Browser()
    connection.enter(connection.link(OTHER_PROBLEM), OTHER_LEARNER, stranger)
    for visitor, url in (
        (Browser(), address),
        (stranger, address),
        (browser, address.replace("primary_colours", "white_light")),
        (browser, address.replace(COURSE, "course-v1:a+b+c")),
        (browser, address.replace(COURSE, "nonsense")),
    ):
        got = visitor.get(url, timeout=5)
        assert 400 <= got.status_code < 500, url
        assert set(got.json()) == {"error"}
    assert LaunchAttempt.objects.count() == attempts + 1  # the stranger's launch


@pytest.mark.parametrize("change", ["lapsed", "gate", "registration", "account"])
def test_sec_15_a_session_that_may_not_see_the_content_any_more_is_told_nothing(connection, change):
    _, page, browser = open_(connection)
    earn(4)
    match change:
        case "lapsed":
            Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
        case "gate":
            connection.gate()
        case "registration":
            Registration.objects.update(enabled=False)
        case "account":
            get_user_model().objects.update(is_active=False)
    got = browser.get(where(page), timeout=5)
    assert got.status_code == 403
    assert "Sent" not in got.text


def test_answers_are_never_cached_and_no_other_site_may_read_or_frame_them(connection):
    _, page, browser = open_(connection)
    got = browser.get(where(page), headers={"Origin": connection.platform.issuer}, timeout=5)
    assert "no-store" in got.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in got.headers
    assert got.headers["X-Frame-Options"] == "DENY"


def test_switched_off_there_is_no_script_and_no_answer(connection, settings):
    _, page, browser = open_(connection)
    settings.LTI_1P3_PROVIDER_SHOW_SCORE_STATUS = False
    assert "data-score-status" not in browser.get(page.url, timeout=5).text
    assert browser.get(where(page), timeout=5).status_code == 404
    settings.LTI_1P3_PROVIDER_SHOW_SCORE_STATUS = True
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert browser.get(where(page), timeout=5).status_code == 404


def test_sec_23_a_platforms_title_is_text_and_not_html(connection):
    Registration.objects.update(title="<img src=x>")
    ask, *_ = open_(connection)
    earn(4)
    assert ask()["scores"][0]["text"].startswith("Sent to <img src=x> at")  # in JSON; the script makes text of it


WANTED = {"frame-height": ""}


def test_the_script_stands_before_the_last_end_of_the_body():
    page = with_script(HttpResponse(b"<p>a </body> b</p></BODY> \n</html>"), WANTED)
    assert page.content.startswith(b"<p>a </body> b</p><script src=")
    assert page.content.endswith(b"defer></script>\n</BODY> \n</html>")


def test_a_length_that_is_said_stays_true():
    page = with_script(HttpResponse(b"</body>", headers={"Content-Length": "7"}), WANTED)
    assert int(page.headers["Content-Length"]) == len(page.content) > 7
    assert "Content-Length" not in with_script(HttpResponse(b"</body>"), WANTED).headers


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "Text/HTML ;charset=utf-8; x=y"])
def test_html_is_html_whatever_is_said_besides(kind):
    assert b"<script" in with_script(HttpResponse(b"</body>", content_type=kind), WANTED).content


def test_what_does_not_say_that_it_is_html_stays_as_it_is():
    page = HttpResponse(b"</body>")
    del page.headers["Content-Type"]
    assert with_script(page, WANTED).content == b"</body>"
    unwritten = SimpleTemplateResponse("lti_1p3_provider/base.html")
    assert with_script(unwritten, WANTED) is unwritten
    assert not unwritten.is_rendered


@pytest.mark.parametrize(
    "page",
    [
        HttpResponse(b"{}</body>", content_type="application/json"),
        HttpResponse(b"\x1f\x8b</body>", headers={"Content-Encoding": "gzip"}),
        HttpResponseNotFound(b"</body>"),
        HttpResponse(b"<p>a part of a page</p>"),
        HttpResponse(b"<p>"),
    ],
)
def test_other_answers_stay_as_they_are(page):
    before = page.content
    assert with_script(page, WANTED).content == before


def test_a_stream_stays_a_stream(tmp_path):
    (tmp_path / "x.html").write_text("</body>")
    with (tmp_path / "x.html").open("rb") as file:
        page = with_script(FileResponse(file, content_type="text/html"), WANTED)
        assert b"".join(page.streaming_content) == b"</body>"


def test_without_collected_static_files_the_content_is_shown_without_the_script(connection, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = settings.DIRECTORY / "nothing-collected"
    page = connection.launch(connection.link(PROBLEM))
    assert page.status_code == 200
    assert "in_frame" not in page.text


# --- who teaches -----------------------------------------------------------------------------------------------------


def test_whoever_teaches_is_told_that_their_own_answers_do_not_count(connection):
    ask, page, browser = open_(connection, person=INSTRUCTOR)
    (said,) = ask()["scores"]
    assert (said["state"], said["moments"]) == ("teaching", {})
    assert "your own answers here do not count" in said["text"]
    answer(browser, page)
    assert ask()["scores"] == [said]
    assert not PendingScore.objects.exists()


@pytest.mark.parametrize("case", ["a learner", "not graded", "another block", "learns by now"])
def test_nobody_else_is_told_that(connection, case):
    if case == "a learner":
        ask, *_ = open_(connection)
    elif case == "not graded":
        ask, *_ = open_(connection, person=INSTRUCTOR, graded=False)
    else:
        _, _, browser = open_(connection, person=INSTRUCTOR)
        graded = case != "another block"
        if graded:
            connection.platform.tamper_next_launch(
                claims=lambda claims: {**claims, f"{CLAIM}roles": [f"{MEMBERSHIP}Learner"]}
            )
        link = connection.link(PROBLEM if graded else OTHER_PROBLEM, graded=graded)
        page = connection.launch(link, INSTRUCTOR, browser)

        def ask():
            return browser.get(where(page), timeout=5).json()

    assert [one for one in ask()["scores"] if one["state"] == "teaching"] == []

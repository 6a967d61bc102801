"""The course team's page of addresses: who gets in, what it says of each block."""

from __future__ import annotations

import re

import pytest
from opaque_keys.edx.keys import CourseKey

from demo.browser import Browser
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild
from tests.connection import COURSE, OTHER_COURSE, PROBLEM, SUBSECTION, UNIT, UNPUBLISHED
from tests.team import signed_in, somebody


@pytest.fixture
def team(lms, connection) -> Browser:
    """The browser of somebody of the course team."""
    rebuild(CourseKey.from_string(COURSE))
    return signed_in(connection, somebody("teacher", COURSE))


def address(connection, query: str = "", course: str = COURSE) -> str:
    return f"{connection.lms}/lti/1p3/links/{course}/{query}"


def line(text: str, usage_key: str) -> str:
    """Return a block's line, without tags."""
    found = re.search(rf'<li data-key="{re.escape(usage_key)}".*?</div>', text, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_only_the_course_team_gets_in(connection, team: Browser):
    got = Browser().get(address(connection), allow_redirects=False, timeout=5)
    assert got.status_code == 302
    other = signed_in(connection, somebody("other", OTHER_COURSE))
    learner = Browser()
    connection.launch(connection.link(PROBLEM), browser=learner)
    for browser in (other, learner):
        assert browser.get(address(connection), timeout=5).status_code == 403
        assert browser.get(address(connection, f"?below={UNIT}"), timeout=5).status_code == 403
    assert team.get(address(connection), timeout=5).status_code == 200


def test_each_block_has_the_address_that_launches_it(connection, team: Browser):
    page = team.get(address(connection, f"?at={UNIT}"), timeout=5).text
    assert connection.content_url(PROBLEM) in page
    assert f"{connection.lms}/lti/1p3/launch/{COURSE}&quot;" not in page
    assert f'value="{connection.lms}/lti/1p3/launch/{COURSE}"' in page
    assert UNPUBLISHED not in page
    assert connection.launch(connection.link(PROBLEM)).url == connection.content_url(PROBLEM)


def test_the_script_gets_what_is_below_a_block(connection, team: Browser):
    html = team.get(address(connection, f"?below={UNIT}"), timeout=5).json()["html"]
    assert PROBLEM in html
    assert SUBSECTION not in html


def test_it_says_which_platforms_may_open_a_block(connection, team: Browser):
    title = connection.registration.title
    assert f"may open the whole course: {title}" in team.get(address(connection), timeout=5).text
    gate = {"allowed_courses": [COURSE], "block_filter": {"all": ["problem"]}}
    LaunchGate.objects.update_or_create(registration=connection.registration, defaults=gate)
    page = team.get(address(connection, f"?at={UNIT}"), timeout=5).text
    assert "No platform may open the whole course" in page
    assert f"open to {title}" in line(page, PROBLEM)
    assert "open to" not in line(page, UNIT)
    LaunchGate.objects.update(allowed_courses=[], allowed_keys=[UNIT], block_filter={})
    page = team.get(address(connection, f"?at={UNIT}"), timeout=5).text
    assert f"open to {title}" in line(page, UNIT)
    assert "open to" not in line(page, PROBLEM)


def test_it_says_where_a_block_is_already(connection, team: Browser):
    connection.enter(connection.link(PROBLEM))
    page = team.get(address(connection, f"?at={UNIT}"), timeout=5).text
    assert connection.registration.title in line(page, PROBLEM).partition("in ")[2]
    assert " in " not in line(page, UNIT)


def test_a_course_that_is_not_written_down_yet_is_said(connection, team: Browser, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    CourseOutline.objects.all().delete()
    got = team.get(address(connection), timeout=5)
    assert got.status_code == 503
    assert "This course is being prepared" in got.text


def test_the_page_of_scores_leads_here(connection, team: Browser):
    page = team.get(f"{connection.lms}/lti/1p3/scores/{COURSE}/", timeout=5).text
    assert f'href="/lti/1p3/links/{COURSE}/"' in page


def test_the_admin_lists_courses_with_the_way_here(connection, team: Browser, admin_client):
    found = admin_client.get("/admin/lti_1p3_provider/courseoutline/", {"q": COURSE}).content.decode()
    for page in ("links", "scores"):
        assert f'href="/lti/1p3/{page}/{COURSE}/"' in found
    assert "1 course outline" in found
    row = CourseOutline.objects.get(course_key=COURSE)
    assert admin_client.get(f"/admin/lti_1p3_provider/courseoutline/{row.pk}/change/").status_code == 200
    assert admin_client.post(f"/admin/lti_1p3_provider/courseoutline/{row.pk}/change/").status_code == 403
    for page in ("add/", f"{row.pk}/delete/"):
        assert admin_client.post(f"/admin/lti_1p3_provider/courseoutline/{page}").status_code == 403


def test_the_admin_takes_a_course_key_for_no_markup(admin_client):
    bad = 'course-v1:A+"><script>+C'
    row = CourseOutline.objects.create(course_digest="d", course_key=bad, title="<i>")
    for page in ("", f"{row.pk}/change/"):
        got = admin_client.get(f"/admin/lti_1p3_provider/courseoutline/{page}")
        assert got.status_code == 200
        assert '"><script>' not in got.content.decode()

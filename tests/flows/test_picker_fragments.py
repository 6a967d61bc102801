"""What the picker's script asks for, and the page's own ways: parts one by one, filters, previews."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from demo.platform.dialogs import Dialog
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild
from tests.cases import every
from tests.connection import COURSE, OTHER_COURSE, OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT, UNPUBLISHED, usage
from tests.picking import Picker, begin, items_of

TEXT, SPEED = usage("html", "mixing_text"), usage("problem", "speed_of_light")
STRANGE = usage("problem", "today", OTHER_COURSE)
SHOWCASE = "course-v1:DemoX+SHOW+2026"
MOST_KB = 150
FRAGMENTS = ("tree", "search", "preview")


@pytest.fixture
def picker(lms, connection) -> Picker:
    """The page, just opened."""
    return begin(connection)


def ask(picker: Picker, path: str, **fields: str):
    """Ask as the script does; return the JSON."""
    got = picker.post(path, token=picker.token, **fields)
    assert got.headers["Content-Type"] == "application/json", got.text
    assert "Set-Cookie" not in got.headers
    assert "no-store" in got.headers["Cache-Control"]
    return got.json()


def test_a_course_opens_into_its_tree(picker: Picker):
    html = ask(picker, "tree", course=COURSE)["html"]
    assert SUBSECTION in html
    assert PROBLEM not in html
    assert PROBLEM in ask(picker, "tree", course=COURSE, parent=UNIT)["html"]
    assert COURSE in ask(picker, "tree")["html"]


def test_a_search_finds_courses_by_name_and_content(picker: Picker):
    found = ask(picker, "search", q="light")
    assert 'value="course-v1:DemoX+LTI101+2026"' in found["html"]
    assert SPEED in found["html"]
    assert found["count"] >= 3
    only = ask(picker, "search", q="light", type="problem", graded="1")["html"]
    assert SPEED in only
    assert usage("sequential", "numbers") not in only


@pytest.mark.parametrize("field", ["type", "graded"])
def test_in_a_course_a_filter_needs_no_words(picker: Picker, field: str):
    html = ask(picker, "search", course=COURSE, **{field: {"type": "problem", "graded": "1"}[field]})["html"]
    assert PROBLEM in html
    assert usage("html", "welcome_text") not in html


def test_the_parts_of_a_subsection_are_what_can_be_chosen_instead(picker: Picker, connection):
    assert [one["key"] for one in ask(picker, "tree", apart=SUBSECTION)["items"]] == [UNIT]
    types = {"all": ["sequential", "problem"]}
    LaunchGate.objects.update_or_create(
        registration=connection.registration, defaults={"allowed_courses": [COURSE], "block_filter": types}
    )
    assert [one["key"] for one in ask(picker, "tree", apart=SUBSECTION)["items"]] == [PROBLEM, OTHER_PROBLEM]


def test_without_scripts_parts_are_added_by_a_button_and_sent_in_order(picker: Picker, connection):
    picker.go().open(SUBSECTION)
    picker.press("apart", UNIT)
    assert picker.chosen == [TEXT, PROBLEM, OTHER_PROBLEM]
    assert picker.send().status_code == 200
    assert [item["custom"]["openedx_target"] for item in items_of(connection)] == [TEXT, PROBLEM, OTHER_PROBLEM]


def test_without_scripts_a_button_previews(picker: Picker):
    page = picker.go().open(SUBSECTION, UNIT).press("preview", PROBLEM)
    assert "Which are the primary colours of lamps?" in page.text
    assert "Yellow" in page.text


def test_a_preview_says_what_a_learner_reads_and_nothing_else(picker: Picker):
    html = ask(picker, "preview", preview=PROBLEM)["html"]
    assert "Yellow" in html
    assert "correct=" not in html
    assert "300000" not in ask(picker, "preview", preview=SPEED)["html"]
    whole = ask(picker, "preview", preview=UNIT)["html"]
    assert "White light" in whole
    assert "Brown" in whole


def test_a_preview_of_a_video_is_its_picture_its_length_and_how_it_begins(picker: Picker):
    rebuild(CourseKey.from_string(SHOWCASE))
    html = ask(picker, "preview", preview=usage("video", "spectrum", SHOWCASE))["html"]
    for shown in ("/static/demo_lms/spectrum.svg", "Length: 4:05", "Hold a glass of water into the sun"):
        assert shown in html


def test_what_cannot_be_shown_says_so_with_what_it_is(picker: Picker):
    rebuild(CourseKey.from_string(SHOWCASE))
    html = ask(picker, "preview", preview=usage("discussion", "seen", SHOWCASE))["html"]
    assert "Discussion · cannot be shown here; learners will see it" in html
    whole = ask(picker, "preview", preview=usage("vertical", "watching", SHOWCASE))["html"]
    assert "Length: 4:05" in whole
    assert "cannot be shown here" in whole


@every(
    "path, fields",
    [
        ("preview", {"preview": UNPUBLISHED}),
        ("preview", {"preview": STRANGE}),
        ("preview", {"preview": "no key"}),
        ("tree", {"course": OTHER_COURSE}),
        ("tree", {"course": COURSE, "parent": UNPUBLISHED}),
        ("tree", {"apart": STRANGE}),
    ],
)
def test_what_the_gate_or_publication_keeps_back_is_not_there(picker: Picker, connection, path, fields):
    rebuild(CourseKey.from_string(OTHER_COURSE))
    LaunchGate.objects.update_or_create(registration=connection.registration, defaults={"allowed_courses": [COURSE]})
    said = ask(picker, path, **fields)
    assert set(said) == {"error", "advice"}


def test_a_course_in_preparation_is_said(picker: Picker, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    CourseOutline.objects.all().delete()
    said = ask(picker, "tree", course=COURSE)
    assert said["error"] == "This course is being prepared"


@every("path", FRAGMENTS)
def test_a_token_is_needed_and_a_page_says_so(picker: Picker, path: str):
    for got in (picker.post(path), picker.post(path, token="wrong")):
        assert got.status_code == 400
        assert "text/html" in got.headers["Content-Type"]
        assert "choice_unknown" in got.text
    assert picker.browser.get(f"{picker.connection.lms}/lti/1p3/deep-linking/{path}/", timeout=5).status_code == 405


@every("path", FRAGMENTS)
def test_an_expired_page_gets_no_more_parts(picker: Picker, path: str):
    token = picker.token
    DeepLinkingRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert picker.post(path, token=token, course=COURSE).status_code == 410


def test_the_page_is_strict_about_what_it_runs_and_small(picker: Picker):
    picker.go()
    csp = picker.page.headers["Content-Security-Policy"]
    for directive in (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "img-src 'self'",
    ):
        assert directive in csp
    assert "Set-Cookie" not in picker.page.headers
    assert len(picker.page.content) < MOST_KB * 1024


def test_where_one_is_taken_nothing_offers_several(lms, connection):
    one = begin(connection, dialog=Dialog(kind="one")).go().open(SUBSECTION)
    assert set(one.offered.values()) == {"radio"}
    assert 'name="apart"' not in one.page.text


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@every(
    "after",
    [
        cursor('["\\ud800", "x"]'),
        cursor('["a\\u0000", "x"]'),
        cursor('["\\ud83d\\ude00", "course-v1:\\ud835\\udd18+B+C"]'),
        cursor('["a"]'),
        cursor('["a", 1]'),
        cursor('{"a": "b"}'),
        cursor("[" * 20_000),
        cursor('["' + "a" * 20_000 + '", "x"]'),
        cursor("NaN"),
        "%%%",
        "\u00e9\u0000",
        "9" * 5000,
    ],
)
@every("path", ["tree", "search", "pick"])
def test_a_forged_place_in_a_list_is_no_error(picker: Picker, path: str, after: str):
    got = picker.post(path, token=picker.token, after=after, q="colour" if path == "search" else "")
    assert got.status_code == 200, got.text


@every("name", ["course-v1:\U0001d518+B+C", "course-v1:A\u0000+B+C", "course-v1:\ufffd+\ufffd+\ufffd", "\u0000"])
@every("path", ["tree", "search", "preview", "pick", "answer"])
def test_keys_that_no_database_keeps_are_of_no_course(picker: Picker, path: str, name: str):
    block = f"{name.replace('course-v1', 'block-v1')}+type@problem+block@one"
    asked = {"course": name, "go": name, "chosen": block, "parent": block, "preview": block, "apart": block, "q": name}
    for fields in ({"course": name, "graded": "1"}, *({field: value} for field, value in asked.items())):
        got = picker.post(path, token=picker.token, **fields)
        assert got.status_code < 500 or "content_not_ready" in got.text, (fields, got.text)
    assert DeepLinkingRequest.objects.get().used_at is None, "or the next cases would be told so"

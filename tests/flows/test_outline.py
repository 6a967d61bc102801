"""The outline: old rows serve until a worker has written new ones, and no request reads a whole course."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host.current import _load
from lti_1p3_provider.outline import access, find
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock
from lti_1p3_provider.outline.rebuild import add, rebuild, stale
from lti_1p3_provider.outline.wake import TASK
from lti_1p3_provider.scores.models import PendingScore
from tests.accidents import after_a_look
from tests.connection import OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT
from tests.publishing import PublishingCourses, PublishingHost

COURSE = CourseKey.from_string("course-v1:DemoX+LTI101+2026")
KEY = UsageKey.from_string(PROBLEM)


@pytest.fixture
def outlined() -> None:
    """None, until a test has it built."""


@pytest.fixture
def courses(settings, transactional_db, no_worker) -> Iterator[PublishingCourses]:
    """The host's courses, which a test may publish anew. Workers rest: a test rebuilds by itself."""
    settings.LTI_1P3_PROVIDER_HOST = "tests.publishing.PublishingHost"
    _load.cache_clear()
    find._recent.clear()
    cache.clear()
    current = host.current()
    assert isinstance(current, PublishingHost)
    yield current.courses
    _load.cache_clear()
    find._recent.clear()


@pytest.fixture
def asked(no_worker: Mapping[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """What workers were asked for."""
    return no_worker[TASK]


def publish(
    courses: PublishingCourses, version: str, *changes: tuple[str, dict[str, object]], without: str = ""
) -> None:
    """Publish the demo course with some blocks changed, or without one."""
    blocks = courses.blocks(COURSE)
    for name, values in changes:
        key = UsageKey.from_string(name)
        blocks[key] = replace(blocks[key], **values)  # type: ignore[arg-type]
    courses.publish(COURSE, version, [block for key, block in blocks.items() if str(key) != without])


def test_an_unknown_block_is_read_once_and_written_down(courses, asked):
    for _ in range(3):
        assert find.block(COURSE, KEY).title == "Primary colours"
    assert (courses.reads["block"], courses.reads["course"]) == (1, 0)
    assert OutlineBlock.objects.get().usage_key == PROBLEM
    assert asked == [(str(COURSE),)]  # once a minute


def test_what_is_in_step_is_not_asked_of_the_lms(courses, asked):
    rebuild(COURSE)
    courses.reads.clear()
    assert find.block(COURSE, KEY).title == "Primary colours"
    with pytest.raises(ContentNotFound):
        find.block(COURSE, COURSE.make_usage_key("problem", "nowhere"))
    assert (courses.reads["block"], courses.reads["course"]) == (0, 0)
    assert asked == []


def test_a_block_of_a_known_version_is_remembered_in_the_process(courses, asked):
    rebuild(COURSE)
    find.block(COURSE, KEY)
    with CaptureQueriesContext(database) as queries:
        assert find.block(COURSE, KEY).title == "Primary colours"
    assert len(queries) == 0  # the stand-in's version costs none
    publish(courses, "2", (PROBLEM, {"title": "Other colours"}))
    rebuild(COURSE)
    assert find.block(COURSE, KEY).title == "Other colours"


def test_old_rows_serve_until_a_worker_has_written_new_ones(courses, asked):
    rebuild(COURSE)
    publish(courses, "2", (PROBLEM, {"title": "Other colours"}))
    courses.reads.clear()
    assert find.block(COURSE, KEY).title == "Primary colours"
    assert asked == [(str(COURSE),)]
    assert (courses.reads["block"], courses.reads["course"]) == (0, 0)
    assert list(stale()) == [COURSE]
    assert rebuild(COURSE) == 1
    assert list(stale()) == []
    assert find.block(COURSE, KEY).title == "Other colours"


def test_a_block_of_a_newer_version_is_found_before_its_rows_are(courses, asked):
    publish(courses, "1", without=PROBLEM)
    rebuild(COURSE)
    with pytest.raises(ContentNotFound):
        find.block(COURSE, KEY)
    courses.published.clear()
    assert find.block(COURSE, KEY).title == "Primary colours"
    assert courses.reads["block"] == 1


def test_a_block_whose_rows_come_between_two_looks_is_found(courses, asked):
    with after_a_look(OutlineBlock, lambda: rebuild(COURSE)) as looks:
        assert find.block(COURSE, KEY).title == "Primary colours"
        assert find.above(COURSE, KEY)
    assert looks
    assert courses.reads["block"] == 0


def test_a_block_that_does_not_exist_is_refused_though_rows_come_between_two_looks(courses, asked):
    nowhere = COURSE.make_usage_key("problem", "nowhere")
    with after_a_look(OutlineBlock, lambda: rebuild(COURSE)), pytest.raises(ContentNotFound):
        find.block(COURSE, nowhere)
    assert courses.reads["block"] == 0


def test_a_block_that_was_deleted_while_it_was_read_is_not_written_down(courses, asked):
    read = host.current().courses.read_block(COURSE, KEY)
    publish(courses, "2", without=PROBLEM)
    rebuild(COURSE)
    add(COURSE, read)
    with pytest.raises(ContentNotFound):
        find.block(COURSE, KEY)


def test_an_outline_that_goes_while_a_block_is_written_down_loses_nothing(courses, asked):
    add(COURSE, host.current().courses.read_block(COURSE, KEY))
    OutlineBlock.objects.all().delete()
    with after_a_look(CourseOutline, lambda: CourseOutline.objects.all().delete()):
        add(COURSE, host.current().courses.read_block(COURSE, KEY))
    assert find.block(COURSE, KEY).title == "Primary colours"


def test_a_deleted_block_goes_with_the_next_version(courses, asked):
    rebuild(COURSE)
    publish(courses, "2", without=PROBLEM)
    rebuild(COURSE)
    with pytest.raises(ContentNotFound):
        find.block(COURSE, KEY)
    assert find.above(COURSE, KEY) == frozenset()
    assert not OutlineBlock.objects.filter(usage_key=PROBLEM).exists()


def test_a_deleted_course_takes_its_outline_along(courses, asked):
    rebuild(COURSE)
    courses.delete(COURSE)
    with pytest.raises(ContentNotFound):
        find.block(COURSE, KEY)
    assert list(stale()) == [COURSE]
    rebuild(COURSE)
    assert not CourseOutline.objects.exists()


def test_rows_that_did_not_change_are_left_alone(courses, asked):
    rebuild(COURSE)
    before = dict(OutlineBlock.objects.values_list("usage_key", "pk"))
    publish(courses, "2", (PROBLEM, {"title": "Other colours"}))
    rebuild(COURSE)
    after = dict(OutlineBlock.objects.values_list("usage_key", "pk"))
    assert {key for key in before if before[key] != after[key]} == {PROBLEM}


def test_an_interrupted_rebuild_leaves_what_was_there(courses, asked):
    rebuild(COURSE)
    publish(courses, "2", (PROBLEM, {"title": None}))  # nothing can be made of it
    with pytest.raises(TypeError):
        rebuild(COURSE)
    assert CourseOutline.objects.get().version != "2"
    assert find.block(COURSE, KEY).title == "Primary colours"
    publish(courses, "3", (PROBLEM, {"title": "Other colours"}))
    assert rebuild(COURSE)


def test_a_slower_worker_does_not_bring_back_an_older_version(courses, asked):
    rebuild(COURSE)
    publish(courses, "2", (PROBLEM, {"title": "Second"}))
    read_course = courses.read_course

    def slowly(course_key):
        course = read_course(course_key)
        courses.read_course = read_course
        publish(courses, "3", (PROBLEM, {"title": "Third"}))
        assert rebuild(COURSE)
        return course

    courses.read_course = slowly
    assert rebuild(COURSE) is None
    assert find.block(COURSE, KEY).title == "Third"


def test_what_is_above_a_block_with_two_parents(courses, asked):
    other = UsageKey.from_string(OTHER_PROBLEM)
    above = courses.blocks(COURSE)[KEY].above
    publish(courses, "2", (PROBLEM, {"above": (*above, other)}))
    rebuild(COURSE)
    assert find.above(COURSE, KEY) == {*above, other}


def test_looking_upwards_writes_nothing(courses, asked):
    """It happens in the transaction of a learner's answer."""
    with CaptureQueriesContext(database) as queries:
        assert UsageKey.from_string(UNIT) in find.above(COURSE, KEY)
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in written if "demo_cache" not in sql] == []


def test_a_cache_that_does_not_answer_does_no_harm(courses, asked, settings):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.BrokenCache"}}
    assert find.block(COURSE, KEY).title == "Primary colours"


@pytest.mark.parametrize(
    ("values", "error"),
    [({"start": timezone.now() + timedelta(days=1)}, ContentNotStarted), ({"staff_only": True}, None)],
)
def test_what_is_not_open_to_everybody_is_asked_of_the_lms(courses, asked, values, error, django_user_model):
    asked_about: list[UsageKey] = []

    class Content:
        def require_access(self, user, course_key, usage_key):
            asked_about.append(usage_key)
            if error:
                raise error("the LMS says no")

    host.current().content = Content()  # type: ignore[assignment]
    user = django_user_model.objects.create_user("ada")
    block = courses.blocks(COURSE)[KEY]
    access.require(user, COURSE, block)
    assert asked_about == []
    if error:
        with pytest.raises(error):
            access.require(user, COURSE, replace(block, **values))
    else:
        access.require(user, COURSE, replace(block, **values))  # the LMS makes an exception
    assert asked_about == [KEY]


def test_a_switched_off_account_sees_nothing(courses, asked, django_user_model):
    user = django_user_model.objects.create_user("ada", is_active=False)
    with pytest.raises(ContentNotAccessible):
        access.require(user, COURSE, courses.blocks(COURSE)[KEY])


def test_a_launch_and_an_answer_read_no_whole_course(courses, asked, connection):
    link = connection.link(PROBLEM, graded=True)
    unit = connection.link(UNIT, graded=True)
    for each in (link, unit, link):
        assert connection.launch(each).status_code == 200
    assert courses.reads["course"] == 0
    assert courses.reads["block"] == 2
    assert PendingScore.objects.count() == 2


def test_a_hidden_block_is_refused_with_its_reason_after_an_old_row_let_the_launch_in(courses, asked, connection):
    """The rows do not know yet; the page's own check does, and its answer is what people read."""
    link = connection.link(PROBLEM, graded=True)
    rebuild(COURSE)

    class Content(type(host.current().content)):  # type: ignore[misc]
        def require_access(self, user, course_key, usage_key):
            raise ContentNotStarted("moved to next week")

    host.current().content = Content()  # type: ignore[assignment]
    page = connection.launch(link)
    assert page.status_code == ContentNotStarted.status
    assert LaunchAttempt.objects.first().outcome == "content_not_started"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("lti_1p3_outline", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_writes_linked_courses_and_passes_over_what_is_in_step(courses, asked, connection):
    connection.launch(connection.link(PROBLEM))
    assert json.loads(run("--json")) == {"rebuilt": 1, "in_step": 0, "failed": []}
    assert json.loads(run("--json")) == {"rebuilt": 0, "in_step": 1, "failed": []}
    assert "in step" in run()
    assert json.loads(run("--json", "--force"))["rebuilt"] == 1


def test_the_command_takes_one_course_or_all(courses, asked):
    run("--course", str(COURSE))
    assert [str(outline) for outline in CourseOutline.objects.all()] == [str(COURSE)]
    run("--all")
    assert CourseOutline.objects.count() == len(list(courses.all_keys())) > 1
    with pytest.raises(CommandError, match="not a course key"):
        run("--course", "physics")


def test_cron_brings_in_step_what_no_worker_did(courses, asked):
    rebuild(COURSE)
    other = next(key for key in courses.all_keys() if key != COURSE)
    rebuild(other)
    publish(courses, "2", (PROBLEM, {"title": None}))  # cannot be read
    courses.publish(other, "2", courses.blocks(other).values())
    out = StringIO()
    call_command("lti_1p3_deliver_scores", stdout=out)
    assert json.loads(out.getvalue())["outlines_rebuilt"] == 1
    assert list(stale()) == [COURSE]


def test_a_course_that_cannot_be_read_does_not_stop_the_others(courses, asked):
    publish(courses, "2", (SUBSECTION, {"title": None}))
    with pytest.raises(CommandError, match="1 course"):
        run("--all")
    assert CourseOutline.objects.exclude(version="").count() == len(list(courses.all_keys())) - 1

"""The stand-in LMS counts what it reads of its courses."""

import time

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import RequestFactory

from demo.lms import meter
from demo.lms.course import LARGE, SMALL, Course, block, courses
from demo.lms.generated import generate
from demo.lms.meter import MeterMiddleware, metered

PROBLEM = LARGE.make_usage_key("problem", "7-3-2-2")
UNIT = LARGE.make_usage_key("vertical", "7-3-2")


@pytest.fixture
def course() -> Course:
    return courses()[LARGE]


def test_one_block_is_one_read_and_not_a_whole_course(course):
    with metered() as costs:
        assert course.read(PROBLEM).key == PROBLEM
    assert (costs.blocks, costs.whole_courses) == (1, 0)


def test_a_block_with_all_above_is_a_read_each(course):
    for key, depth in ((PROBLEM, 4), (UNIT, 3), (LARGE.make_usage_key("course", "course"), 0)):
        with metered() as costs:
            found = course.read_with_above(key)
        assert found[0].key == key
        assert found[-1].key.block_type == "course"
        assert (costs.blocks, costs.whole_courses) == (depth + 1, 0)


def test_what_is_below_a_block_is_a_read_each(course):
    with metered() as costs:
        below = list(course.read_below(course.read(UNIT)))
    assert costs.blocks == len(below) == 1 + len(below[0].children)
    assert costs.whole_courses == 0


def test_a_block_that_is_not_there_costs_a_read_too(course):
    for key in (LARGE.make_usage_key("problem", "nowhere"), SMALL.make_usage_key("problem", "1-1-1-2")):
        with metered() as costs:
            assert course.read(key) is None
            assert course.read_with_above(key) == ()
        assert costs.blocks == 1


def test_a_block_counts_once_in_a_request_and_again_in_the_next(course):
    with metered() as both:
        for _ in range(2):
            with metered() as costs:
                block(LARGE, PROBLEM)
                course.read_with_above(PROBLEM)
            assert costs.blocks == 5
    assert both.blocks == 10


def test_a_whole_course_counts_each_time_and_is_made_anew(course):
    with metered() as costs:
        first, second = course.read_whole(), course.read_whole()
    assert (costs.blocks, costs.whole_courses) == (0, 2)
    assert first == second
    assert first.nodes[PROBLEM] is not second.nodes[PROBLEM]


def test_a_whole_course_takes_longer_the_larger_it_is(course):
    def fastest(of):
        of.read_whole()
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            of.read_whole()
            taken.append(time.perf_counter() - started)
        return min(taken)

    assert fastest(course) > 20 * fastest(courses()[SMALL])  # it has 105 times the blocks


def test_nothing_is_counted_after_the_block_nor_without_one(course):
    with metered() as costs:
        pass
    block(LARGE, PROBLEM)
    course.read_whole()
    assert (costs.blocks, costs.whole_courses) == (0, 0)
    with pytest.raises(KeyError), metered():
        raise KeyError
    assert meter._current.get() is None


def test_each_request_says_what_it_has_read(course):
    def answer(request):
        course.read(PROBLEM)
        course.read_whole()
        return HttpResponse()

    with metered() as costs:
        for _ in range(2):
            assert MeterMiddleware(answer)(RequestFactory().get("/"))["X-Course-Reads"] == "blocks=1, whole-courses=1"
    assert (costs.blocks, costs.whole_courses) == (2, 2)


def test_another_content_has_another_version():
    versions = [Course(SMALL, "One", lambda size=size: generate(SMALL, "One", size)).version for size in (20, 20, 21)]
    assert versions[0] == versions[1] != versions[2]


def test_host_and_views_report_what_they_read(db):
    """What the LMS has in its cache of courses only is had with the whole course; the rest block by block."""
    from demo.lms.host import DemoHost

    content, courses_, grades = DemoHost.content, DemoHost.courses, DemoHost.grades
    request = RequestFactory().get("/")
    request.user = get_user_model()(pk=1)
    beneath = len(courses()[LARGE].read(UNIT).children)
    for ask, blocks, whole in (
        (lambda: courses_.published_version(LARGE), 0, 0),
        (lambda: courses_.read_course(LARGE), 0, 1),
        (lambda: courses_.read_block(LARGE, PROBLEM), 5, 0),
        (lambda: grades.read(1, LARGE, [PROBLEM, UNIT]), 0, 1),
        (lambda: content.render(request, LARGE, PROBLEM), 5, 0),
        (lambda: content.render(request, LARGE, UNIT), 4 + beneath, 0),
    ):
        with metered() as costs:
            ask()
        assert (costs.blocks, costs.whole_courses) == (blocks, whole)

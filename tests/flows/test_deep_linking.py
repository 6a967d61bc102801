"""Deep Linking by rule (DL-01 to DL-10, SEC-22): an instructor chooses over the emulated platform, which takes no answer
that the strictest of platforms would refuse."""

from __future__ import annotations

import pytest
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.outline.rebuild import rebuild
from tests.connection import COURSE, PROBLEM, SUBSECTION, UNIT
from tests.picking import begin, items_of


@pytest.fixture(autouse=True)
def outline(lms):
    """What there is to choose is written down."""
    rebuild(CourseKey.from_string(COURSE))


def test_an_instructor_chooses_a_problem_which_is_launched(connection):
    picker = begin(connection).go().open(SUBSECTION, UNIT)
    assert "added to the course" in picker.send(PROBLEM).text
    item = items_of(connection)[0]
    print(item)
    link = connection.platform.store.links()[-1]
    page = connection.launch(link)
    assert page.url == connection.content_url(PROBLEM)

"""Makes courses of any size in the shape of a real one: the same course each time, out of nothing but its size.

A section has 5 or 6 subsections, these have 5 or 6 units, and these 3 to 5 components; about 13 sections are 2,100
blocks. Names say the place: problem ``7-3-2-4`` is the fourth component of unit ``7-3-2``. The first component of a
unit is a text, the second a problem.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement

from opaque_keys.edx.keys import CourseKey

from demo.lms import olx, subjects
from demo.lms.structure import Structure

BELOW = {"course": "chapter", "chapter": "sequential", "sequential": "vertical"}
SIZES = {"chapter": (5, 6), "sequential": (6, 5), "vertical": (4, 3, 5)}  # children, in turn
COMPONENTS = ("html", "problem", "problem", "html", "problem")
FORMATS = {1: "Homework", 3: "Homework", 5: "Quiz"}  # by a subsection's place in its section; the others do not count
BEGINS = datetime(2025, 1, 6, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def generate(course_key: CourseKey, title: str, blocks: int, titles: subjects.Titles = subjects.plain) -> Structure:
    """Return a course of exactly this many blocks, its own included; all of them are published and have started.

    ``titles`` makes a block's title of its type and place.
    """
    root = Element("course", display_name=title)
    _fill(root, (), blocks - 1, titles)
    return olx.structure(course_key, root, _source)


def _fill(parent: Element, place: tuple[int, ...], left: int, titles: subjects.Titles) -> int:
    """Put children below an element, and so on, ``left`` blocks at most; return how many are left then."""
    sizes = SIZES.get(parent.tag)
    most = sizes[sum(place) % len(sizes)] if sizes else left
    for number in range(1, most + 1):
        if not left:
            break
        tag = BELOW.get(parent.tag) or COMPONENTS[number - 1]
        child = _add(parent, tag, (*place, number), titles)
        left -= 1
        if tag in SIZES:
            left = _fill(child, (*place, number), left, titles)
    return left


def _add(parent: Element, tag: str, place: tuple[int, ...], titles: subjects.Titles) -> Element:
    name = "-".join(map(str, place))
    child = SubElement(parent, tag, url_name=name, display_name=titles(tag, place))
    if tag == "chapter":
        child.set("start", (BEGINS + (place[0] - 1) * WEEK).isoformat())
    elif tag == "sequential" and place[1] in FORMATS:
        child.set("graded", "true")
        child.set("format", FORMATS[place[1]])
        child.set("due", (BEGINS + (place[0] + 1) * WEEK).isoformat())
    elif tag == "problem":
        child.set("weight", str(1 + sum(place) % 3))
    return child


def _source(tag: str, name: str) -> str:
    """Return a text of a few lines, or a problem that can be answered."""
    numbers = [int(number) for number in name.split("-")]
    if tag == "html":
        return f"<p>This is text {name}. {'Read it before you answer. ' * (3 + sum(numbers) % 5)}</p>"
    one, two = 10 + numbers[0], sum(numbers)
    label = f"<label>How much is {one} times {two}?</label>"
    if numbers[-1] % 2:
        return f'<problem><numericalresponse answer="{one * two}">{label}</numericalresponse></problem>'
    choices = "".join(
        f'<choice correct="{str(right).lower()}">{html.escape(str(said))}</choice>'
        for said, right in ((one + two, False), (one * two, True), (one * two + 10, False))
    )
    group = f"<choicegroup>{choices}</choicegroup>"
    return f"<problem><multiplechoiceresponse>{label}{group}</multiplechoiceresponse></problem>"

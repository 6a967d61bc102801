"""All courses of the stand-in: the few that it is made of, and the many of a generated site, which a table lists."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from opaque_keys.edx.keys import CourseKey

from demo.lms import subjects
from demo.lms.course import Course, courses
from demo.lms.generated import generate
from demo.lms.models import ManyCourse
from lti_1p3_provider.host.listing import CourseCard, CourseChoice


def course(course_key: CourseKey) -> Course | None:
    """Return a course; None if there is none."""
    if found := courses().get(course_key):
        return found
    row = ManyCourse.objects.filter(course_key=str(course_key)).first()
    return _generated(course_key, row.title, row.number, row.blocks) if row else None


def keys() -> Iterator[CourseKey]:
    """Yield the keys of all."""
    yield from courses()
    yield from map(CourseKey.from_string, ManyCourse.objects.values_list("course_key", flat=True))


def listed(choice: CourseChoice, after: tuple[str, str] | None, most: int) -> list[CourseCard]:
    """Return courses as ``host.port.Courses.listed`` wants them. One query."""
    titles = [(str(key), found.title) for key, found in courses().items()]
    titles += ManyCourse.objects.values_list("course_key", "title")
    first = {str(key): at - len(choice.first) for at, key in enumerate(choice.first)}
    among = [(key, title) for key, title in titles if _is_chosen(choice, key, title)]
    places = sorted((first.get(key, 0), title.casefold(), key, title) for key, title in among)
    if after is not None:
        places = [place for place in places if place[0] == 0 and place[1:3] > after]
    return [CourseCard(CourseKey.from_string(key), title, (low, key)) for _, low, key, title in places[:most]]


def _is_chosen(choice: CourseChoice, key: str, title: str) -> bool:
    org = key.removeprefix("course-v1:").partition("+")[0]
    if not (choice.everything or org in choice.orgs or CourseKey.from_string(key) in choice.keys):
        return False
    text = f"{title} {key}".casefold()
    return all(word.casefold() in text for word in choice.words)


class _Many(Course):
    """A course whose version is known without making it."""

    def __init__(self, key: CourseKey, title: str, number: int, blocks: int) -> None:
        super().__init__(key, title, partial(generate, key, title, blocks, subjects.about(number)))
        self._version = f"many-{number}"

    @property
    def version(self) -> str:
        return self._version


@lru_cache(50)
def _generated(course_key: CourseKey, title: str, number: int, blocks: int) -> Course:
    return _Many(course_key, title, number, blocks)

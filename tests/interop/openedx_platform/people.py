"""The course and its people."""

from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey, UsageKey

COURSE_KEY = CourseKey.from_string("course-v1:Interop+LTI+1")
COURSE_TITLE = "Interoperability - Interop"


@dataclass(frozen=True)
class Person:
    """Somebody in the course; a name and an address are shared with the tool where there are any."""

    username: str
    course_role: str
    forum_role: str | None = None
    name: str = ""
    email: str = ""

    @property
    def launch_role(self) -> str:
        return self.forum_role or self.course_role


PEOPLE = {
    person.username: person
    for person in (
        Person("learner_one", "student", name="Ada Learner", email="ada@example.org"),
        Person("learner_two", "student"),
        Person("instructor", "instructor"),
        Person("teaching_assistant", "student", forum_role="Community TA"),
    )
}


def link_location(link: str) -> UsageKey:
    return COURSE_KEY.make_usage_key("lti_consumer", link)

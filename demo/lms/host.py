"""The stand-in LMS as a host of the app: the same protocols that ``host.openedx`` fulfils inside a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.contrib.auth import get_user_model, login, logout
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import grades
from demo.lms.course import courses
from demo.lms.models import Enrolment, Profile
from demo.lms.rendering import render_block
from demo.lms.signals import PROBLEM_WEIGHTED_SCORE_CHANGED
from demo.lms.structure import Node
from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host.port import Block, Grade, GradeChanged
from lti_1p3_provider.host.sessions import renew_key

BACKEND = "django.contrib.auth.backends.ModelBackend"
TEAM = "staff of {}"  # name of a course team's group
RENDERED = ("sequential", "vertical", "html", "problem")
OPENED = ("course", *RENDERED)


class DemoIdentity:
    """Django's users and sessions, and a profile."""

    def create_user(self, username: str, email: str | None, name: str) -> AbstractUser:
        """Create an account; an email that somebody has already is not used again."""
        address = email if email and not _taken(email) else f"{username}@{conf.email_domain}"
        user = get_user_model().objects.create_user(username=username, email=address)
        Profile.objects.create(user=user, name=name[:255])
        return user

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Write what changed."""
        if name:
            Profile.objects.filter(user_id=user.pk).exclude(name=name[:255]).update(name=name[:255])
        if email and user.email != email and not _taken(email):
            user.email = email
            user.save(update_fields=["email"])

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Log in; a session that is this user's already only gets a new key."""
        if request.user.is_authenticated and request.user.pk == user.pk:
            renew_key(request.session)
        else:
            login(request, user, backend=BACKEND)  # type: ignore[arg-type]

    def sign_out(self, request: HttpRequest) -> None:
        """Log out."""
        logout(request)

    def forget(self, response: HttpResponseBase) -> None:
        """Nothing: there is no other front end."""

    def decorate(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Nothing: there is no other front end."""

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Everybody of the site's staff, and the members of a group that is named after the course."""
        name = TEAM.format(course_key)
        return user.is_active and (user.is_staff or user.groups.filter(name=name).exists())


class DemoContent:
    """The courses, read as the LMS reads them: what it has in its course cache is had with the whole course only."""

    def describe(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Return a published block of a type that has a page. A whole-course read."""
        course = courses().get(course_key)
        node = _shown(course.read_whole().nodes.get(usage_key) if course else None, usage_key)
        return Block(node.key, node.key.block_type, node.title)

    def require_access(self, user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
        """Check the account and the start date. The LMS also asks each block above what it allows: depth + 1 reads."""
        if not user.is_active:
            raise ContentNotAccessible(f"user {user.pk} is inactive")
        if usage_key.block_type == "course" and not is_enrolled(user, course_key):
            raise ContentNotAccessible("not enrolled: a whole course needs an enrolment mode in the registration")
        start = _with_above(course_key, usage_key)[0].start
        if start is not None and start > timezone.now():
            raise ContentNotStarted(f"starts {start.isoformat()}")

    def enrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> None:
        """Note it; there are two modes."""
        if mode not in ("audit", "honor"):
            raise ContentNotAccessible(f"{course_key} has no enrolment mode {mode!r}")
        Enrolment.objects.get_or_create(user_id=user.pk, course_key=str(course_key), defaults={"mode": mode})

    def course_home(self, request: HttpRequest, course_key: CourseKey) -> str:
        """Return the course's outline."""
        return reverse("course_home", args=[str(course_key)])

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the block's page. Reads the block, what is above it and what is below."""
        node = _with_above(course_key, usage_key)[0]
        return render_block(request, course_key, list(courses()[course_key].read_below(node)))

    def graded_subsections(self, course_key: CourseKey) -> list[Block]:
        """Return the graded subsections. A whole-course read."""
        course = courses().get(course_key)
        nodes = course.read_whole().nodes.values() if course else ()
        graded = [node for node in nodes if node.key.block_type == "sequential" and node.graded and node.published]
        return [Block(node.key, node.key.block_type, node.title) for node in graded]

    def ancestors(self, course_key: CourseKey, usage_key: UsageKey) -> frozenset[UsageKey]:
        """Return the blocks above. A whole-course read."""
        course = courses().get(course_key)
        structure = course.read_whole() if course else None
        node = structure.nodes.get(usage_key) if structure else None
        if structure is None or node is None or not node.published:
            return frozenset()
        return frozenset(above.key for above in structure.above(usage_key))


class DemoGrades:
    """Signals and fresh grades."""

    def connect(self, receiver: Callable[[GradeChanged], None]) -> None:
        """Translate the signal."""

        def translate(sender: object, **said: object) -> None:
            course_key = CourseKey.from_string(str(said["course_id"]))
            receiver(
                GradeChanged(
                    user_id=int(str(said["user_id"])),
                    course_key=course_key,
                    usage_key=UsageKey.from_string(str(said["usage_id"])).map_into_course(course_key),
                    earned=float(str(said["weighted_earned"])),
                    possible=float(str(said["weighted_possible"])),
                    at=said["modified"],  # type: ignore[arg-type]
                    exact=float(str(said["weighted_possible"])) > 0 and not said["score_deleted"],
                )
            )

        PROBLEM_WEIGHTED_SCORE_CHANGED.connect(translate, weak=False, dispatch_uid=("lti_1p3_provider", receiver))

    def read(self, user_id: int, course_key: CourseKey, usage_keys: Iterable[UsageKey]) -> Mapping[UsageKey, Grade]:
        """Compute from the learner's work, not from stored subsection grades, which may be old. A whole-course read."""
        course = courses().get(course_key)
        if course is None:
            return {}
        structure, found = course.read_whole(), {}
        for usage_key in usage_keys:
            earned, possible, attempted = grades.fresh(user_id, structure, usage_key)
            if attempted and possible > 0:
                percent = usage_key.block_type == "course"
                found[usage_key] = Grade(earned / possible * 100, 100) if percent else Grade(earned, possible)
        return found


class DemoHost:
    """The three together."""

    identity = DemoIdentity()
    content = DemoContent()
    grades = DemoGrades()


def _with_above(course_key: CourseKey, usage_key: UsageKey) -> tuple[Node, ...]:
    """Return a block that has a page and all above it, nearest first. A block read each."""
    course = courses().get(course_key)
    found = course.read_with_above(usage_key) if course else ()
    _shown(found[0] if found else None, usage_key)
    return found


def _shown(node: Node | None, usage_key: UsageKey) -> Node:
    if node is None or not node.published or node.key.block_type not in OPENED:
        raise ContentNotFound(f"{usage_key} does not exist, is not published or has no page")
    return node


def is_enrolled(user: AbstractUser, course_key: CourseKey) -> bool:
    """Tell whether somebody takes part in a course."""
    return Enrolment.objects.filter(user_id=user.pk, course_key=str(course_key)).exists()


def _taken(email: str) -> bool:
    return get_user_model().objects.filter(email__iexact=email).exists()

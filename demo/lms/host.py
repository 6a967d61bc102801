"""The stand-in LMS as a host of the app: the same protocols that ``host.openedx`` fulfils inside a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.contrib.auth import login, logout
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import grades, login_cookies, shelf
from demo.lms.course import courses
from demo.lms.course_roles import DemoCourseRoles
from demo.lms.legacy import DemoLegacyProvider
from demo.lms.logins import DemoProof
from demo.lms.membership import DemoMembership, is_enrolled
from demo.lms.models import Enrolment, Profile
from demo.lms.people import DemoPeople, profile_of, sees_early
from demo.lms.published import as_block, as_published, as_source
from demo.lms.rendering import render_block
from demo.lms.retirement import DemoRetirement
from demo.lms.signals import PROBLEM_WEIGHTED_SCORE_CHANGED
from demo.lms.structure import Node
from demo.lms.surfaces import PAGE_QUERY, DemoSurfaces
from demo.lms.tenants import DemoTenants
from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host import last_login, recorded_login
from lti_1p3_provider.host.listing import CourseCard, CourseChoice
from lti_1p3_provider.host.port import Block, Course, Grade, GradeChanged
from lti_1p3_provider.host.sessions import renew_key
from lti_1p3_provider.host.sources import Source
from lti_1p3_provider.host.surface import keep_query

BACKEND = "django.contrib.auth.backends.ModelBackend"
RENDERED = ("sequential", "vertical", "html", "problem", "video", "discussion")
MODES = frozenset(("audit", "honor"))
OPENED = ("course", *RENDERED)


class DemoIdentity(DemoPeople):
    """Django's users and sessions, and a profile."""

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Log in; a session that is this user's already only gets a new key."""
        profile = profile_of(user.pk) or Profile.objects.create(user_id=user.pk)
        user.demo_profile = profile  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.user.pk == user.pk:
            before, meta = request.session.session_key, profile.meta
            renew_key(request.session)
            if conf.prevents_concurrent_logins and recorded_login.renewed(profile, before, request.session.session_key):
                Profile.objects.filter(pk=profile.pk, meta=meta).update(meta=profile.meta)
            return
        recorded_login.begin(request.session)
        if conf.prevents_concurrent_logins:
            recorded_login.spare_launched(profile, type(request.session))
        with last_login.written_once(user):
            login(request, user, backend=BACKEND)  # type: ignore[arg-type]

    def sign_out(self, request: HttpRequest) -> None:
        """Log out; a session that another one replaced only ends."""
        profile = Profile.objects.filter(user_id=request.user.pk or 0).first()
        if conf.prevents_concurrent_logins and profile and recorded_login.is_of_another(profile, request.session):
            request.session.flush()
            request.user = AnonymousUser()
        else:
            logout(request)

    def drop_login_cookies(self, response: HttpResponseBase) -> None:
        """Delete them as a frame of another site needs it."""
        for name in login_cookies.NAMES:
            response.delete_cookie(name, samesite="None" if conf.session_works_in_frames else None)

    def add_login_cookies(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Make them as the LMS does, which takes as long."""
        for name in login_cookies.NAMES:  # what was to be deleted is not any more
            response.cookies.pop(name, None)
        login_cookies.add(request, response, user)


class DemoCourses:
    """All courses, which never change while the process lives."""

    def published_version(self, course_key: CourseKey) -> str | None:
        """Return a digest of the course."""
        course = shelf.course(course_key)
        return course.version if course else None

    def published_versions(self, course_keys: Iterable[CourseKey]) -> Mapping[CourseKey, str]:
        """Return those of several courses."""
        return {key: version for key in course_keys if (version := self.published_version(key))}

    def listed(self, choice: CourseChoice, after: tuple[str, str] | None, most: int) -> list[CourseCard]:
        """List them."""
        return shelf.listed(choice, after, most)

    def all_keys(self) -> Iterable[CourseKey]:
        """Return all of them."""
        return shelf.keys()

    def read_course(self, course_key: CourseKey) -> Course | None:
        """Walk the course. A whole-course read."""
        course = shelf.course(course_key)
        return as_published(course) if course else None

    def read_block(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Return a published block: depth + 1 reads."""
        course = shelf.course(course_key)
        found = course.read_with_above(usage_key) if course else ()
        if not found or not found[0].published:
            raise ContentNotFound(f"{usage_key} does not exist or is not published")
        return as_block(found[0], found[1:])


class DemoContent:
    """Who may see the blocks, and their pages."""

    def require_access(self, user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
        """Check the account and the start date. The LMS also asks each block above what it allows: depth + 1 reads."""
        if not user.is_active:
            raise ContentNotAccessible(f"user {user.pk} is inactive")
        if usage_key.block_type == "course" and not is_enrolled(user, course_key):
            raise ContentNotAccessible("not enrolled: a whole course needs an enrolment mode in the registration")
        start = _with_above(course_key, usage_key)[0].start
        if start is not None and start > timezone.now() and not sees_early(user, course_key):
            raise ContentNotStarted(f"starts {start.isoformat()}")

    def enrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> None:
        """Note it; there are two modes."""
        if mode not in MODES:
            raise ContentNotAccessible(f"{course_key} has no enrolment mode {mode!r}")
        if not is_enrolled(user, course_key):
            now = {"mode": mode, "active": True}
            Enrolment.objects.update_or_create(user_id=user.pk, course_key=str(course_key), defaults=now)

    def enrolment_modes(self, course_key: CourseKey) -> frozenset[str] | None:
        """All courses have the same."""
        return MODES if shelf.course(course_key) else None

    def newest_courses(self, org: str | None, most: int) -> list[CourseKey]:
        """Return the courses in files; nobody knows when they were made."""
        return [key for key in courses() if org in (None, key.org)][:most]

    def course_home(self, request: HttpRequest, course_key: CourseKey) -> str:
        """Return the course's outline."""
        return reverse("course_home", args=[str(course_key)])

    def sources(self, course_key: CourseKey, usage_keys: Sequence[UsageKey]) -> Mapping[UsageKey, Source]:
        """Return what is in their files."""
        course, found = shelf.course(course_key), {}
        for key in usage_keys if course else ():
            nodes = course.read_with_above(key)  # type: ignore[union-attr]
            if nodes and (source := as_source(nodes[0])):
                found[key] = source
        return found

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the block's page, for whoever may see it. Reads the block, what is above it and what is below."""
        self.require_access(request.user, course_key, usage_key)  # type: ignore[arg-type]
        node = _with_above(course_key, usage_key)[0]
        keep_query(request, PAGE_QUERY["xblock"])
        course = shelf.course(course_key)
        return render_block(request, course_key, list(course.read_below(node) if course else ()))


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
        course = shelf.course(course_key)
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
    """All together."""

    identity = DemoIdentity()
    course_roles = DemoCourseRoles()
    courses = DemoCourses()
    content = DemoContent()
    grades = DemoGrades()
    membership = DemoMembership()
    surfaces = DemoSurfaces()
    tenants = DemoTenants()
    legacy = DemoLegacyProvider()
    proof = DemoProof()
    retirement = DemoRetirement()


def _with_above(course_key: CourseKey, usage_key: UsageKey) -> tuple[Node, ...]:
    """Return a block that has a page and all above it, nearest first. A block read each."""
    course = shelf.course(course_key)
    found = course.read_with_above(usage_key) if course else ()
    if not found or not found[0].published or usage_key.block_type not in OPENED:
        raise ContentNotFound(f"{usage_key} does not exist, is not published or has no page")
    return found

"""Courses and blocks of the LMS."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import Http404, HttpRequest, HttpResponse
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host.port import Block

NO_PAGE = frozenset(("chapter",))  # render_xblock serves what is below; a course has pages of its own


class OpenEdxContent:
    """Reads the published course from the block structure, and lets ``render_xblock`` show it."""

    def describe(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Return a block of the published structure."""
        structure = _structure(course_key)
        if structure is None or usage_key not in structure or usage_key.block_type in NO_PAGE:
            raise ContentNotFound(f"{usage_key} does not exist, is not published or has no page")
        title = structure.get_xblock_field(usage_key, "display_name", None)
        return Block(usage_key, usage_key.block_type, title or "")

    def require_access(self, user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
        """Ask the LMS about course and block. ``render_xblock`` alone would answer every reason with "not found"."""
        from lms.djangoapps.courseware.access import has_access
        from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        if not user.is_active:  # the LMS lets open sessions of such an account go on
            raise ContentNotAccessible(f"user {user.pk} is inactive")
        try:
            course = CourseOverview.get_from_id(course_key)
        except CourseOverview.DoesNotExist as error:
            raise ContentNotFound(f"{course_key} does not exist") from error
        things = [course]
        if usage_key.block_type != "course":
            things.append(_published_block(course_key, usage_key))
        elif not _is_enrolled(user, course_key):
            raise ContentNotAccessible("not enrolled: a whole course needs an enrolment mode in the registration")
        for thing in things:
            answer = has_access(user, "load", thing, course_key)
            if not answer:
                raise _refusal(getattr(answer, "error_code", None))

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the page of ``render_xblock``."""
        from lms.djangoapps.courseware.exceptions import CourseAccessRedirect
        from lms.djangoapps.courseware.views.views import render_xblock

        try:
            page: HttpResponse = render_xblock(request, usage_key_string=str(usage_key), check_if_enrolled=False)
        except (Http404, CourseAccessRedirect) as error:
            raise ContentNotAccessible(f"render_xblock: {type(error).__name__}") from error
        if 300 <= page.status_code < 400 and not _is_enrolled(request.user, course_key):
            # A gated or timed section sends the browser to its own page, which turns away whoever is not enrolled.
            raise ContentNotAccessible("the section is gated or timed, and needs an enrolment")
        return page

    def enrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> None:
        """Enrol as the LMS does; the launch gate has decided, so dates of enrolment do not count."""
        from common.djangoapps.course_modes.models import CourseMode
        from common.djangoapps.student.models import CourseEnrollment, CourseEnrollmentException

        if _is_enrolled(user, course_key):
            return
        if not CourseMode.mode_for_course(course_key, mode):
            raise ContentNotAccessible(f"{course_key} has no enrolment mode {mode!r}")
        try:
            CourseEnrollment.enroll(user, course_key, mode=mode, check_access=False)
        except CourseEnrollmentException as error:
            raise ContentNotAccessible(f"enrolment: {type(error).__name__}") from error

    def enrolment_modes(self, course_key: CourseKey) -> frozenset[str] | None:
        """Ask the table of courses, and the modes that ``enrol`` asks."""
        from common.djangoapps.course_modes.models import CourseMode
        from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        if not CourseOverview.course_exists(course_key):
            return None
        return frozenset(mode.slug for mode in CourseMode.modes_for_course(course_key))

    def newest_courses(self, org: str | None, most: int) -> list[CourseKey]:
        """Ask the table of courses."""
        from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        courses = CourseOverview.objects.all() if org is None else CourseOverview.objects.filter(org=org)
        return list(courses.order_by("-created").values_list("id", flat=True)[:most])

    def course_home(self, request: HttpRequest, course_key: CourseKey) -> str:
        """Return the course's page in the learning front end."""
        from openedx.features.course_experience.url_helpers import get_learning_mfe_home_url

        return str(get_learning_mfe_home_url(course_key=course_key, url_fragment="home"))

    def graded_subsections(self, course_key: CourseKey) -> list[Block]:
        """Return what the cached structure says is graded."""
        structure = _structure(course_key)
        if structure is None:
            return []
        return [
            Block(key, key.block_type, structure.get_xblock_field(key, "display_name", None) or "")
            for key in structure.topological_traversal()
            if key.block_type == "sequential" and structure.get_xblock_field(key, "graded", False)
        ]

    def ancestors(self, course_key: CourseKey, usage_key: UsageKey) -> frozenset[UsageKey]:
        """Walk up in the cached structure; a block may have several parents."""
        structure = _structure(course_key)
        if structure is None or usage_key not in structure:
            return frozenset()
        found: set[UsageKey] = set()
        below = [usage_key]
        while below:
            parents = {parent for key in below for parent in structure.get_parents(key)} - found
            found |= parents
            below = list(parents)
        return frozenset(found)


def _structure(course_key: CourseKey) -> Any:
    """Return the published blocks of the course, None if there is no such course."""
    from openedx.core.djangoapps.content.block_structure.api import get_course_in_cache
    from xmodule.modulestore.exceptions import ItemNotFoundError

    try:
        return get_course_in_cache(course_key)
    except ItemNotFoundError:
        return None


def _published_block(course_key: CourseKey, usage_key: UsageKey) -> Any:
    from xmodule.modulestore import ModuleStoreEnum
    from xmodule.modulestore.django import modulestore
    from xmodule.modulestore.exceptions import ItemNotFoundError

    if usage_key.context_key != course_key:
        raise ContentNotFound(f"{usage_key} is not in {course_key}")
    store = modulestore()
    try:
        with store.branch_setting(ModuleStoreEnum.Branch.published_only, course_key):
            return store.get_item(usage_key)
    except ItemNotFoundError as error:
        raise ContentNotFound(f"{usage_key} does not exist or is not published") from error


def _refusal(code: str | None) -> ContentNotStarted | ContentNotAccessible:
    started = (code or "").startswith("course_not_started")
    return ContentNotStarted(str(code)) if started else ContentNotAccessible(f"the LMS says: {code}")


def _is_enrolled(user: Any, course_key: CourseKey) -> bool:
    from common.djangoapps.student.models import CourseEnrollment

    return bool(CourseEnrollment.is_enrolled(user, course_key))

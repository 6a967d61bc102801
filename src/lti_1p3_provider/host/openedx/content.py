"""Who may see a block of the LMS, and its page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import Http404, HttpRequest, HttpResponse
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host.openedx.courses import published
from lti_1p3_provider.host.openedx.surfaces import PAGE_QUERY
from lti_1p3_provider.host.openedx.videos import video
from lti_1p3_provider.host.sources import Source
from lti_1p3_provider.host.surface import keep_query

PATIENCE = 3  # seconds for the sources of a preview


class OpenEdxContent:
    """Asks the LMS about access, and lets ``render_xblock`` show the block. ``clock``: seconds since any moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def require_access(self, user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
        """Ask the LMS about course and block. This loads the block: 13 to 39 ms."""
        from lms.djangoapps.courseware.access import has_access
        from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        if not user.is_active:  # the LMS lets open sessions of such an account go on
            raise ContentNotAccessible(f"user {user.pk} is inactive")
        try:
            course = CourseOverview.get_from_id(course_key)
        except CourseOverview.DoesNotExist as error:
            raise ContentNotFound(f"{course_key} does not exist") from error
        if usage_key.block_type == "course" and not _is_enrolled(user, course_key):
            raise ContentNotAccessible("not enrolled: a whole course needs an enrolment mode in the registration")
        with published(course_key) as store:
            things = [course] if usage_key.block_type == "course" else [course, _block(store, course_key, usage_key)]
            for thing in things:
                answer = has_access(user, "load", thing, course_key)
                if not answer:
                    raise _refusal(getattr(answer, "error_code", None))

    def sources(self, course_key: CourseKey, usage_keys: Sequence[UsageKey]) -> Mapping[UsageKey, Source]:
        """Load the blocks, as ``require_access`` does. For videos, ask the lists of files and of transcripts. This may
        be slow if the files are far away, so what is not read in time is left out."""
        found: dict[UsageKey, Source] = {}
        ends = self._clock() + PATIENCE
        with published(course_key) as store:
            for key in usage_keys:
                if (read := READERS.get(key.block_type)) and self._clock() < ends:
                    with suppress(ContentNotFound):
                        found[key] = read(_block(store, course_key, key))
        return found

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the page of ``render_xblock``, which loads the block and checks access.

        It says "not found" for every reason, so only then the reason is looked for. It hands the whole query to the
        block, and some parameters skip the page of a hidden or timed section.
        """
        from lms.djangoapps.courseware.exceptions import CourseAccessRedirect
        from lms.djangoapps.courseware.views.views import render_xblock

        keep_query(request, PAGE_QUERY)
        try:
            page: HttpResponse = render_xblock(request, usage_key_string=str(usage_key), check_if_enrolled=False)
        except (Http404, CourseAccessRedirect) as error:
            self.require_access(request.user, course_key, usage_key)  # type: ignore[arg-type]
            raise ContentNotAccessible(f"render_xblock: {type(error).__name__}") from error
        if 300 <= page.status_code < 400 and not _is_enrolled(request.user, course_key):
            # A gated or timed section sends the browser to its own page, which turns away whoever is not enrolled.
            raise ContentNotAccessible("the section is gated or timed, and needs an enrolment")
        return page

    def enrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> None:
        """Enrol as the LMS does. The launch gate has decided, so the dates of enrolment do not count.

        The table is asked, in one query, and the LMS's cache for the request is brought in line with it: that may be
        from a transaction that was rolled back.
        """
        from common.djangoapps.course_modes.models import CourseMode
        from common.djangoapps.student.models import CourseEnrollment, CourseEnrollmentException
        from edx_django_utils.cache import RequestCache

        RequestCache(CourseEnrollment.MODE_CACHE_NAMESPACE).data.pop((user.pk, course_key), None)
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


def _written(block: Any) -> Source:
    from common.djangoapps.static_replace import replace_static_urls

    return Source(replace_static_urls(str(block.data or ""), course_id=block.location.course_key))


READERS: Mapping[str, Callable[[Any], Source]] = {
    "html": _written,
    "problem": _written,
    "video": lambda block: Source(video=video(block)),
}


def _block(store: Any, course_key: CourseKey, usage_key: UsageKey) -> Any:
    from xmodule.modulestore.exceptions import ItemNotFoundError

    if usage_key.context_key != course_key:
        raise ContentNotFound(f"{usage_key} is not in {course_key}")
    try:
        return store.get_item(usage_key)
    except ItemNotFoundError as error:
        raise ContentNotFound(f"{usage_key} does not exist or is not published") from error


def _refusal(code: str | None) -> ContentNotStarted | ContentNotAccessible:
    started = (code or "").startswith("course_not_started")
    return ContentNotStarted(str(code)) if started else ContentNotAccessible(f"the LMS says: {code}")


def _is_enrolled(user: Any, course_key: CourseKey) -> bool:
    from common.djangoapps.student.models import CourseEnrollment

    return bool(CourseEnrollment.is_enrolled(user, course_key))

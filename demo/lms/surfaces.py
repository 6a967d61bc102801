"""What of the stand-in LMS a request is about: a small table, as the LMS's own is a large one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import login_cookies
from lti_1p3_provider.host import keys
from lti_1p3_provider.host.surface import OPEN, Surface, closed

CLOSED = {"account": "accounts", "enrol": "enrolment", "courses": "other courses"}
NOT_LOOKED_AT = frozenset(("event",))
WHOLE_COURSE = frozenset(("login_refresh",))
IN_BODY = {"bookmarks": ("usage_id",)}
PAGE_QUERY = {"xblock": frozenset(("show_title",))}


class DemoSurfaces:
    """Reads the match of ``demo.lms.urls``."""

    def of(self, request: HttpRequest, view: Any, arguments: Mapping[str, Any]) -> Surface:
        """Return what the request is about."""
        name = str((request.resolver_match and request.resolver_match.url_name) or "")
        if name in NOT_LOOKED_AT:
            return OPEN
        if name in CLOSED:
            return closed(CLOSED[name])
        try:
            course = keys.course(arguments["course_key"]) if "course_key" in arguments else None
            block = keys.block(arguments["usage_key"], course) if "usage_key" in arguments else None
            found = [key for key in (block or course,) if key]
            found += keys.in_query(request)
            if request.method == "POST" and name in IN_BODY:
                found += keys.in_body(request, IN_BODY[name])
        except keys.Unreadable as error:
            return closed(str(error))
        return Surface(
            blocks=tuple(key for key in found if isinstance(key, UsageKey)),
            courses=tuple(key for key in found if isinstance(key, CourseKey)),
            whole_course=name in WHOLE_COURSE,
            gives_tokens=name in WHOLE_COURSE,
            query=PAGE_QUERY.get(name),
        )

    def token_names(self, request: HttpRequest) -> frozenset[str]:
        """Read the cookie."""
        name = keys.name_in_token(request.COOKIES.get(login_cookies.TOKEN, ""))
        return frozenset((name,) if name else ())

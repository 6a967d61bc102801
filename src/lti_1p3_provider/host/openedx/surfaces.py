"""Says what a request to the LMS is about. The view and its arguments decide: some patterns of the LMS have no
beginning or end, so the path alone says little.

Views are named by their modules, which releases change less often than names and addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host import keys
from lti_1p3_provider.host.surface import OPEN, Surface, closed

COURSE_ARGUMENTS = ("course_id", "course_key", "course_key_string", "course_key_str", "ccx_course_id")
BLOCK_ARGUMENTS = ("usage_id", "usage_key", "usage_key_string", "location", "mod_id", "subsection_id")
SAFE = ("GET", "HEAD", "OPTIONS")

UNHEARD = (  # what names content without showing or changing any
    "common.djangoapps.track.",
    "openedx.core.djangoapps.contentserver.",
)
ACCOUNT = (  # who somebody is, how they sign in, and tokens for it
    "common.djangoapps.student.views",
    "common.djangoapps.third_party_auth.",
    "edx_name_affirmation.",
    "lms.djangoapps.lti_provider.",
    "lms.djangoapps.verify_student.",
    "oauth2_provider.",
    "openedx.core.djangoapps.api_admin.",
    "openedx.core.djangoapps.auth_exchange.",
    "openedx.core.djangoapps.oauth_dispatch.",
    "openedx.core.djangoapps.profile_images.",
    "openedx.core.djangoapps.user_api.",
    "openedx.core.djangoapps.user_authn.",
    "social_django.",
)
OTHER_COURSES = (  # which courses there are, and enrolling in them
    "common.djangoapps.course_modes.",
    "common.djangoapps.entitlements.",
    "enterprise.",
    "lms.djangoapps.branding.views",
    "lms.djangoapps.bulk_enroll.",
    "lms.djangoapps.commerce.",
    "lms.djangoapps.learner_dashboard.",
    "lms.djangoapps.learner_home.",
    "lms.djangoapps.mobile_api.",
    "lms.djangoapps.program_enrollments.",
    "openedx.core.djangoapps.catalog.",
    "openedx.core.djangoapps.credit.",
    "openedx.core.djangoapps.enrollments.",
    "openedx.core.djangoapps.programs.",
    "organizations.",
)
CLOSED_VIEWS = frozenset(
    (
        *("about_course", "course_root", "enroll_staff", "courses", "course-list", "course-id-list"),
        *("course_discovery", "xblock_view", "courseenrollment", "change_enrollment", "edit_user_profile"),
    )
)
WHOLE_COURSE = (  # pages of a course that name a thread, team, article or certificate instead of it
    "django_notify.",
    "forum.",
    "lms.djangoapps.certificates.",
    "lms.djangoapps.course_wiki.",
    "lms.djangoapps.discussion.",
    "lms.djangoapps.teams.",
    "wiki.",
)
WHOLE_COURSE_VIEWS = frozenset(("login_refresh", "do_search"))
GIVES_TOKENS = frozenset(("login_refresh",))
STILL_OPEN = frozenset(  # of what is closed above: signing in as oneself, signing out, and what each page asks
    (
        *("logout", "signin_user", "login_api", "user_api_login_session", "user_api_login_session_legacy"),
        *("mfe_context", "third_party_auth_context", "get_public_signing_jwks", "branding_footer"),
    )
)
READABLE = frozenset(("accounts_api", "own_username_api", "preferences_api", "preferences_detail_api"))
SERVES_A_PAGE = frozenset(("get_token", "edxnotes_visibility"))  # notes in a text: the token is for their service alone
IN_BODY = {  # by view: fields of the body that name content
    "bookmarks": ("usage_id",),
    "completion-batch": ("blocks",),
    "course-experience-reset-course-deadlines": ("course_key",),
    "dismiss-welcome-message": ("course_id",),
    "reset_course_deadlines": ("course_id", "course_key"),
    "save-course-goal": ("course_id",),
    "teams_list": ("course_id",),
    "thread-list": ("course_id",),
}
BLOCK_IN_QUERY = {"proctored_exam.exam_attempts": "content_id"}
PAGE = "render_xblock"
PAGE_QUERY = frozenset(("show_title", "show_bookmark_button", "recheck_access", "exam_access", "jumpToId", "format"))


class OpenEdxSurfaces:
    """Reads the match of the LMS's addresses."""

    def of(self, request: HttpRequest, view: Any, arguments: Mapping[str, Any]) -> Surface:
        """Return what the request is about. A body is read only for the views that are known to name content there."""
        module, name = f"{_module(view)}.", _name(request)
        if module.startswith(UNHEARD):
            return OPEN
        if name not in STILL_OPEN and (why := _why_closed(request, module, name)):
            return closed(why)
        try:
            found = [*_in_arguments(_with_query(request, arguments, name)), *keys.in_query(request)]
            if request.method not in SAFE and name in IN_BODY:
                found += keys.in_body(request, IN_BODY[name])
        except keys.Unreadable as error:
            return closed(str(error))
        return Surface(
            blocks=tuple(key for key in found if isinstance(key, UsageKey)),
            courses=tuple(key for key in found if isinstance(key, CourseKey)),
            serves_a_page=name in SERVES_A_PAGE,
            whole_course=module.startswith(WHOLE_COURSE) or name in WHOLE_COURSE_VIEWS,
            gives_tokens=name in GIVES_TOKENS,
            query=PAGE_QUERY if name == PAGE else None,
        )

    def token_names(self, request: HttpRequest) -> frozenset[str]:
        """Read the header, and the cookies from which the LMS makes one."""
        from edx_rest_framework_extensions.auth.jwt.cookies import jwt_cookie_header_payload_name, jwt_cookie_name

        shown = [request.COOKIES.get(name(), "") for name in (jwt_cookie_name, jwt_cookie_header_payload_name)]
        shown.append(request.META.get("HTTP_AUTHORIZATION", "").rpartition(" ")[2])
        return frozenset(name for token in shown if token and (name := keys.name_in_token(token)))


def _module(view: Any) -> str:
    """Return the module of a view. For a class's function, that is the module of its base class."""
    inner = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return str(getattr(inner, "__module__", ""))


def _name(request: HttpRequest) -> str:
    """Return the view's name without namespaces, which releases change."""
    match = request.resolver_match
    return str((match.url_name if match else None) or "")


def _why_closed(request: HttpRequest, module: str, name: str) -> str:
    if name in WHOLE_COURSE_VIEWS or (name in READABLE and request.method in SAFE):
        return ""
    if module.startswith(ACCOUNT):
        return "accounts, sign-in and tokens"
    return "other courses and enrolment" if name in CLOSED_VIEWS or module.startswith(OTHER_COURSES) else ""


def _in_arguments(arguments: Mapping[str, Any]) -> list[CourseKey | UsageKey]:
    """Return the keys in a path's arguments. A course that only says where a block is does not count.

    Raises:
        keys.Unreadable: what is there is not a key.
    """
    courses = [keys.course(str(arguments[name])) for name in COURSE_ARGUMENTS if arguments.get(name)]
    named = [str(arguments[name]) for name in BLOCK_ARGUMENTS if arguments.get(name)]
    blocks = [keys.block(text, courses[0] if courses else None) for text in named]
    known = (*COURSE_ARGUMENTS, *BLOCK_ARGUMENTS)
    texts = [str(value) for name, value in arguments.items() if name not in known]
    others = [keys.either(text) for text in texts if keys.looks_like_one(text)]
    return [*(blocks or courses), *others, *courses[1:]]


def _with_query(request: HttpRequest, arguments: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the arguments, with the block that some views read from the query."""
    given = request.GET.get(BLOCK_IN_QUERY.get(name, ""))
    return {**arguments, "usage_id": given} if given else arguments

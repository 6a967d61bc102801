"""Our own limits on requests, applied before anything parses them: the LMS lifts Django's limits, and its middleware
reads forms.

The middleware comes first and looks at the size. A request that is too large is not read or parsed. It is refused once
there is a session, and before a CSRF token is looked for in its form. The doors check again, for sites that left the
middleware out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch

from lti_1p3_provider.conf import conf
from lti_1p3_provider.diagnostics.refuse import refuse
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import RequestTooLarge
from lti_1p3_provider.lti.token_size import MAX_WITH_DATA, limit
from lti_1p3_provider.web.own_addresses import address, look_up_as_others, look_up_first

MAX_BYTES = 256 * 1024  # a token has 64 kB at most
MAX_BYTES_WITH_DATA = MAX_WITH_DATA + 64 * 1024  # but that of a request for content
MAX_FIELDS = 100
MAX_TICKS = 1000  # fields of the page on which content is chosen
MAX_QUERY = 64 * 1024
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
FILE = re.compile(rb"content-disposition:[^\r\n]*filename", re.IGNORECASE)
TOKEN = re.compile(rb"(?:^|&)id_token=([A-Za-z0-9_.-]+)(?:&|$)")
KEY_SET = "lti_1p3_provider:key_set"
PICK, ANSWER = "lti_1p3_provider:deep_linking_pick", "lti_1p3_provider:deep_linking_answer"
DOOR_LENGTH = 16  # letters of a door's name in the record
_JUDGED = "_lti_1p3_too_large"


class LimitRequests:
    """Middleware. It comes before all others. Only requests to our own addresses are checked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Judge the request before others read it, and have its view found quickly."""
        if conf.enabled and _is_ours(request):
            problem(request)
            look_up_first(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Refuse what is too large. Here there is a session, and nobody has looked for a CSRF token in the form."""
        look_up_as_others(request)
        if not (said := getattr(request, _JUDGED, "")) or hasattr(getattr(view, "cls", None), "says_what_is_too_large"):
            return None
        match = request.resolver_match
        door = getattr(getattr(view, "view_class", None), "name", None) or (match.url_name if match else None)
        return refuse(request, RequestTooLarge(said), Trail(str(door or "")[:DOOR_LENGTH]))


def require(request: HttpRequest) -> None:
    """Return if the request is no larger than any that we expect.

    Raises:
        RequestTooLarge: nothing of it was parsed, or will be.
    """
    if said := problem(request):
        raise RequestTooLarge(said)


def problem(request: HttpRequest) -> str:
    """Return what is too large about a request, empty if nothing is. If there is something, its form and body are empty
    from now on."""
    said: str | None = getattr(request, _JUDGED, None)
    if said is None:
        said = _problem_with_query(request.META.get("QUERY_STRING", "")) or _problem_with_body(request)
        setattr(request, _JUDGED, said)
        if said:
            request._body = b""
            request._mark_post_parse_error()  # type: ignore[attr-defined]
            request.META["QUERY_STRING"] = ""
    return said


def _problem_with_query(query: str) -> str:
    if len(query) > MAX_QUERY:
        return f"a query of more than {MAX_QUERY} characters"
    return f"more than {MAX_FIELDS} parameters" if query.count("&") >= MAX_FIELDS else ""


def _problem_with_body(request: HttpRequest) -> str:
    """Check the announced length first, and only then the body."""
    if request.method in ("GET", "HEAD"):
        return ""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and "HTTP_TRANSFER_ENCODING" in request.META:
        return "a body of unknown length"
    if length and not (length.isascii() and length.isdigit()):
        return "a length that is no number"
    most = MAX_BYTES_WITH_DATA if request.content_type == FORM else MAX_BYTES
    if len(length) > len(str(most)) or int(length or 0) > most:
        return f"a body of more than {most} bytes"
    return _problem_with_form(request) if request.content_type in (FORM, MULTIPART) else ""


def _problem_with_form(request: HttpRequest) -> str:
    try:
        body = request.body
    except RequestDataTooBig:
        return "a body of more bytes than this site takes"
    if len(body) > (MAX_BYTES_WITH_DATA if _asks_for_content(request, body) else MAX_BYTES):
        return f"a body of more than {MAX_BYTES} bytes"
    if request.content_type == FORM:
        fields = body.count(b"&") + 1
    else:
        boundary = (request.content_params or {}).get("boundary", "").encode("ascii", "replace")
        fields = body.count(b"--" + boundary) - 1  # it ends the form, too
        if FILE.search(body):
            return "a file"
    most = MAX_TICKS if request.path.startswith((address(PICK), address(ANSWER))) else MAX_FIELDS
    return f"more than {most} fields" if fields > most else ""


def _asks_for_content(request: HttpRequest, body: bytes) -> bool:
    """Whether a form is so large because of the platform's own state, which a request for content may carry."""
    token = TOKEN.search(body) if request.content_type == FORM and len(body) > MAX_BYTES else None
    return token is not None and limit(token[1].decode("ascii")) == MAX_WITH_DATA


def _is_ours(request: HttpRequest) -> bool:
    try:
        return request.path.startswith(address(KEY_SET).removesuffix("pub/jwks/"))
    except NoReverseMatch:
        return False

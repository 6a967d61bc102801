"""Adds our script to the content's page. ``static/lti_1p3_provider/in_frame.js`` says what it does.

The page is the LMS's; nothing else on it is changed.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lti_1p3_provider.conf import conf
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.launches import class_scores, reconnect, way_back
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.users.models import Grant

MY_SCORES = "lti_1p3_provider:my_scores"
END = b"</body>"


def features(request: HttpRequest, target: Target, grant: Grant) -> dict[str, str]:
    """Return what the script is to do. Each name is a ``data-`` attribute, and a feature of the script."""
    found = {"reconnect": reconnect.feature(request.user, target)}  # type: ignore[arg-type]
    if way := way_back.feature(request, target, grant.deployment.registration):
        found["way-back"] = way
    if conf.show_score_status:
        found["score-status"] = reverse(MY_SCORES, args=[str(target.course_key), str(target.usage_key)])
    found["frame-height"] = ""
    if asked := class_scores.feature(grant, target):
        found["class-scores"] = asked
    return found


def with_script(page: HttpResponse, wanted: dict[str, str]) -> HttpResponse:
    """Put the script before the end of an HTML page. Any other answer stays as it is."""
    if not _is_plain_html(page) or not (script := address("in_frame.js")):
        return page
    before, end, after = _split(page.content)
    if end:
        page.content = b"".join((before, _tag(script, wanted).encode(), end, after))
        if "Content-Length" in page.headers:
            page.headers["Content-Length"] = str(len(page.content))
    return page


def _is_plain_html(page: HttpResponse) -> bool:
    kind = page.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_whole = page.status_code == 200 and not page.streaming and getattr(page, "is_rendered", True)
    return is_whole and kind == "text/html" and "Content-Encoding" not in page.headers


def _split(content: bytes) -> tuple[bytes, bytes, bytes]:
    at = content.lower().rfind(END)
    return (content, b"", b"") if at < 0 else (content[:at], content[at : at + len(END)], content[at + len(END) :])


def _tag(script: str, wanted: dict[str, str]) -> SafeString:
    attributes = {"src": script, **{f"data-{name}": value for name, value in wanted.items()}}
    return format_html("<script{} defer></script>\n", format_html_join("", ' {}="{}"', attributes.items()))

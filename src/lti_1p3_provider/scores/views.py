"""The course team's page: ``/lti/1p3/scores/<course key>/``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps, reduce
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.scores import nudge, of_course, outbox
from lti_1p3_provider.scores.of_course import Place

CHOICES = {
    "": _("all"),
    "waiting": _("will be sent"),
    "retrying": _("will be sent again"),
    "sent": _("sent"),
    "given_up": _("given up"),
    "not_sent": _("not sent"),
    of_course.DIFFERENT: _("the platform shows something else"),
}


@method_decorator([never_cache, xframe_options_deny], name="dispatch")
class CourseScores(View):
    """For whom the host calls staff of the course. Others cannot tell a course from none."""

    course_key: CourseKey

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the course team in, and no frame."""
        if not conf.enabled:
            raise Http404
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            self.course_key = CourseKey.from_string(kwargs["course_key"])
        except InvalidKeyError as error:
            raise PermissionDenied from error
        if not keeps(kwargs["course_key"]):
            raise PermissionDenied
        if not host.current().identity.is_course_staff(request.user, self.course_key):
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response

    def get(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Show one page of the course's scores."""
        learner, state = reduce(request.GET.get("learner", "").strip()[:150]), request.GET.get("state", "")
        rows = of_course.chosen(self.course_key, learner, state)
        lines, last = of_course.page(rows, self.course_key, _place(request.GET.get("after", "")))
        shown = {"learner": learner, "state": state}
        page = {
            "course_key": str(self.course_key),
            "mixed": of_course.mixed_links(self.course_key),
            "troubles": of_course.column_troubles(self.course_key),
            "figures": of_course.figures(self.course_key),
            "lines": lines,
            "choices": CHOICES.items(),
            **shown,
            "first": urlencode(shown) if "after" in request.GET else "",
            "further": urlencode({**shown, "after": f"{last[0]}.{last[1]}"}) if last else "",
            "done": _done(request),
            "script": address("local_times.js"),
        }
        return render(request, "lti_1p3_provider/course_scores.html", page)

    def post(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Resend or read back the rows that were ticked, as far as they are of this course."""
        ticked = [int(pk) for pk in request.POST.getlist("row") if _is_key(pk)]
        rows = of_course.rows_of(self.course_key).filter(pk__in=ticked[: of_course.PAGE])
        done = "read" if request.POST.get("do") == "read_back" else "sent"
        if done == "read":
            pks = list(rows.values_list("pk", flat=True))
            nudge.read_back_later(pks)
            number = len(pks)
        else:
            number = outbox.send_anew(rows)
            nudge.nudge(0)
        kept = {name: request.POST.get(name, "") for name in ("learner", "state")}
        return HttpResponseRedirect(f"{request.path}?{urlencode({**kept, done: number})}")


def _place(text: str) -> Place | None:
    item, _dot, person = text.partition(".")
    return (int(item), int(person)) if _is_key(item) and _is_key(person) else None


def _is_key(text: str) -> bool:
    """Whether a text may be a primary key."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _done(request: HttpRequest) -> str:
    """Say what the POST before this page did."""
    for name in ("sent", "read"):
        number = request.GET.get(name, "")
        if number.isascii() and number.isdigit() and len(number) < 9:
            if not int(number):
                return gettext("Nothing was done: tick at least one row.")
            if name == "sent":
                said = ngettext("%s score will be sent.", "%s scores will be sent.", int(number))
            else:
                said = ngettext(
                    "%s result is being read. Load this page again in a minute.",
                    "%s results are being read. Load this page again in a minute.",
                    int(number),
                )
            return said % number
    return ""

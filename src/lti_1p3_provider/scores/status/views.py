"""The course team's page: ``/lti/1p3/scores/<course key>/``."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.scores.outbox import outcomes, wake
from lti_1p3_provider.scores.status import comparing, course_page, odd_links
from lti_1p3_provider.scores.status.course_page import Place
from lti_1p3_provider.scores.status.team_page import TeamPage

CHOICES = {
    "": _("who did something"),
    "waiting": _("will be sent"),
    "retrying": _("will be sent again"),
    "sent": _("sent"),
    "given_up": _("given up"),
    "not_sent": _("not sent"),
    course_page.DIFFERENT: _("the platform shows something else"),
    course_page.OPENED: _("only opened it"),
    course_page.ALL: _("all"),
}
COMPARED = {
    "1": "",  # what was found is on the page
    "0": _("This course is being compared, or was a moment ago. Load this page again in a minute."),
    "-1": _("Nothing was compared: the site's cache does not answer. Tell the site's administrator."),
}
MAX_LENGTH = {"learner": 150, "state": 32, "activity": 255}  # what the page is asked for, and how long it may be


class CourseScoresView(TeamPage):
    """The scores, and what can be done about them."""

    def get(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Show one page of the course's scores."""
        shown = {name: reduce(request.GET.get(name, "").strip()[: MAX_LENGTH[name]]) for name in MAX_LENGTH}
        rows = course_page.chosen(self.course_key, shown["learner"], shown["state"], shown["activity"])
        after = place(request.GET.get("after", ""))
        figures = course_page.figures(self.course_key)
        is_first = figures.given_up and not shown["state"] and after is None
        urgent = course_page.urgent(rows, self.course_key) if is_first else []
        if not shown["state"]:
            rows = rows.not_given_up()  # the others come first, above
        lines, last = course_page.page(rows, self.course_key, after)
        page = {
            "course_key": str(self.course_key),
            "mixed": odd_links.mixed_links(self.course_key),
            "troubles": odd_links.column_troubles(self.course_key),
            "figures": figures,
            "groups": [(gettext("A person has to look at these"), urgent), ("", lines)] if urgent else [("", lines)],
            "any": bool(urgent or lines),
            "any_sent": any(line.sent for line in (*urgent, *lines)),
            "any_result": any(line.result for line in (*urgent, *lines)),
            "choices": CHOICES.items(),
            "activities": course_page.activities(self.course_key),
            **shown,
            "first": urlencode(shown) if "after" in request.GET else "",
            "further": urlencode({**shown, "after": f"{last[0]}.{last[1]}"}) if last else "",
            "done": _done(request),
            "found": comparing.last(self.course_key),
            "script": address("local_times.js"),
        }
        return render(request, "lti_1p3_provider/course_scores.html", page)

    def post(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Compare the course, or resend or read back the ticked rows that belong to it."""
        if request.POST.get("do") == "compare":
            return self._back(request, compared=self._compare())
        ticked = [int(pk) for pk in request.POST.getlist("row") if _is_key(pk)]
        rows = course_page.rows_of(self.course_key).with_column().filter(pk__in=ticked[: 2 * course_page.PAGE])
        done = "read" if request.POST.get("do") == "read_back" else "sent"
        if done == "read":
            pks = list(rows.values_list("pk", flat=True))
            wake.read_back_later(pks)
            number = len(pks)
        else:
            number = outcomes.send_anew(rows)
            wake.nudge(0)
        return self._back(request, **{done: number})

    def _compare(self) -> int:
        """Return 1 if a worker will compare, 0 if one does already; -1: nobody can know."""
        try:
            return int(comparing.begin(self.course_key))
        except StateStoreDown:
            return -1

    def _back(self, request: HttpRequest, **done: int) -> HttpResponse:
        kept = {name: request.POST.get(name, "")[:most] for name, most in MAX_LENGTH.items()}
        return HttpResponseRedirect(f"{request.path}?{urlencode({**kept, **done})}")


def place(text: str) -> Place | None:
    """Return where a page begins, as a query or form says it; None: at the beginning."""
    item, _dot, person = text.partition(".")
    return (int(item), int(person)) if _is_key(item) and _is_key(person) else None


def _is_key(text: str) -> bool:
    """Whether a text may be a primary key."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _done(request: HttpRequest) -> str:
    """Say what the POST before this page did."""
    if (compared := request.GET.get("compared")) is not None:
        return str(COMPARED.get(compared, ""))
    for name in ("sent", "read"):
        number = request.GET.get(name, "")
        if number.isascii() and number.isdigit() and len(number) < 9:
            if not int(number):
                return gettext("Nothing was done: tick at least one row of an activity that has a column.")
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

"""The page of rosters for a course's team: ``/lti/1p3/roster/<course key>/``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.memberships import course_page, refresh
from lti_1p3_provider.scores.status.team_page import TeamPage

ASKED = {
    "1": _("The platform is being asked. Load this page again in a minute."),
    "0": _("The platform was asked a moment ago. Load this page again in a minute."),
    "-1": _("Nobody was asked: the site's cache does not answer. Tell the site's administrator."),
}


class RosterView(TeamPage):
    """How many people of each platform's course have come, as of the last read."""

    def get(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Show what is stored."""
        found, is_more = course_page.lines(self.course_key)
        page = {
            "course_key": str(self.course_key),
            "lines": found,
            "more": is_more,
            "done": ASKED.get(request.GET.get("asked", ""), ""),
            "script": address("local_times.js"),
        }
        return render(request, "lti_1p3_provider/roster.html", page)

    def post(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Have a worker ask a platform, if its course links to this one."""
        named = request.POST.get("context", "")
        pk = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
        if not course_page.contexts_of(self.course_key).filter(pk=pk).exists():
            return HttpResponseRedirect(request.path)
        try:
            asked = int(refresh.ask(pk))
        except StateStoreDown:
            asked = -1
        return HttpResponseRedirect(f"{request.path}?asked={asked}")

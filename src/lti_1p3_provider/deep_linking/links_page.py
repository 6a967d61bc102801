"""The page of block addresses for a course's team, ``/lti/1p3/links/<course key>/``: for platforms without Deep
Linking."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from lti_1p3_provider.deep_linking.block_addresses import BlockAddresses
from lti_1p3_provider.errors import ContentNotFound, OutlineInPreparation
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.scores.status.team_page import TeamPage
from lti_1p3_provider.web.same_origin import base_url

TEMPLATES = "lti_1p3_provider/deep_linking"
SCRIPTS = ("tree.js", "links.js")


class CourseLinks(TeamPage):
    """Each block's address, which platforms may open it, and where it is already."""

    def get(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Show the course's tree. With ``below``, return what is below a block, for the page's script."""
        try:
            addresses = BlockAddresses(self.course_key, base_url(request))
        except (ContentNotFound, OutlineInPreparation) as error:
            said = {"course_key": str(self.course_key), "error": error}
            return render(request, f"{TEMPLATES}/links.html", said, status=error.status)
        if "below" in request.GET:
            marks = addresses.below(_key(request, "below"))
            return JsonResponse({"html": render_to_string(f"{TEMPLATES}/marks.html", {"marks": marks}, request)})
        about = {
            "course_key": str(self.course_key),
            "title": addresses.title,
            "everywhere": addresses.everywhere,
            "marks": addresses.first(_key(request, "at")),
            "scripts": [found for name in SCRIPTS if (found := address(name))],
        }
        return render(request, f"{TEMPLATES}/links.html", about)


def _key(request: HttpRequest, name: str) -> str:
    """Return a usage key. In a query, a plus that was not encoded arrives as a space."""
    return request.GET.get(name, "").replace(" ", "+")

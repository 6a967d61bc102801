"""The doors of the page on which content is chosen, after the launch that began it.

Each takes a form with a token that cannot be guessed. It proves what a CSRF token would, without a cookie. (SEC-22)
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider.deep_linking import fragments, views
from lti_1p3_provider.errors import LaunchNotPosted
from lti_1p3_provider.launches.door import DoorView


@method_decorator(csrf_exempt, name="dispatch")
class PickView(DoorView):
    """From page to page."""

    name = "deep_linking"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody opened or reloaded the address."""
        raise LaunchNotPosted("GET on an address that takes forms only")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Show what can be chosen."""
        return views.pick(request, self.trail)


@method_decorator(csrf_exempt, name="dispatch")
class AnswerView(PickView):
    """Back to the platform."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Send what was chosen, or an empty choice."""
        return views.answer(request, self.trail)


class TreeView(PickView):
    """For the page's script: what is below a course or block."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return lines of the tree."""
        return views.fragment(request, self.trail, fragments.tree)


class SearchView(PickView):
    """For the page's script: results while somebody types."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return what is found."""
        return views.fragment(request, self.trail, fragments.search)


class PreviewView(PickView):
    """For the page's script: what a block holds."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return its text."""
        return views.fragment(request, self.trail, fragments.preview)

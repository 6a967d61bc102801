"""Where the door of a whole course leads: to the LMS's other front ends, which need tokens.

A confined session of an account that has an owner gets no tokens (``front_ends``). The person is told why, and signs in
themselves. That session is then their own, and not a launch's.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider import host
from lti_1p3_provider.errors import BrowserMismatch, LaunchNotPosted
from lti_1p3_provider.host.recorded_login import LAUNCHED
from lti_1p3_provider.launches import browser_check, front_ends
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web import same_origin
from lti_1p3_provider.web.framing import frame_for


def page(request: HttpRequest, target: Target, registration: Registration) -> HttpResponse:
    """Send the browser to the course's first page, or ask the person to sign in first. The session may open the
    course."""
    if not request.session.get(LAUNCHED) or front_ends.may_tell(request, request.user):  # type: ignore[arg-type]
        return HttpResponseRedirect(host.current().content.course_home(request, target.course_key))
    about = {
        "account": request.user.get_username(),
        "course_key": str(target.course_key),
        "in_frame": browser_check.in_frame(request),
    }
    return frame_for(render(request, "lti_1p3_provider/course_sign_in.html", about), registration)


@method_decorator(csrf_exempt, name="dispatch")
class OwnSignInView(DoorView):
    """What that page's form is posted to."""

    name = "account"

    def get(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """Explain: somebody opened or reloaded the address."""
        raise LaunchNotPosted("GET on an address that takes forms only")

    def post(self, request: HttpRequest, course_key: str) -> HttpResponse:
        """End the launch's session, and ask the person to sign in. The login leads back to the course."""
        if not same_origin.posted_here(request):
            raise BrowserMismatch("not posted by a page of this site")
        back = reverse("lti_1p3_provider:course", args=[course_key])
        return front_ends.to_login(request, back)

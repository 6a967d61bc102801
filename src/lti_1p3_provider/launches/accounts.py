"""The pages on which a new person chooses an account, and their doors.

The first page is in the platform's frame and signs nobody in. The proof is made in a window of its own, where cookies
work: whoever is signed in there is signed out, and the launch waits in the anonymous session. Whoever is signed in to
that session afterwards has signed in for this, so nobody is taken for whoever used the computer before.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LaunchNotPosted, LinkingOver
from lti_1p3_provider.launches import front_ends, sessions, waiting_launch
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.launches.enter import enter
from lti_1p3_provider.launches.prefetch import Returning
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.registrations.models import AccountMode
from lti_1p3_provider.users.modes import AccountAsked, Choice
from lti_1p3_provider.web import same_origin
from lti_1p3_provider.web.framing import frame_for

CONFIRM = "lti_1p3_provider:account_confirm"
WAITING = "lti_1p3_waiting_launch"  # in the session: what is to go on once its person has signed in


def enter_or_ask(request: HttpRequest, launch: ResourceLinkLaunch, trail: Trail, returning: Returning) -> HttpResponse:
    """Let the launch's person in, or let them choose an account first.

    Raises:
        LtiError: the content, the gate or the account refuses.
    """
    try:
        return enter(request, launch, trail, returning)
    except AccountAsked as error:
        return _asked(request, launch, error)


class ChoiceView(DoorView):
    """What forms of that page are posted to. They need no cookie: only a page of ours can post what is sealed."""

    name = "account"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody opened or reloaded the address."""
        raise LaunchNotPosted("GET on an address that takes forms only")

    def _launch(self, request: HttpRequest, *, in_window: bool = False) -> ResourceLinkLaunch:
        if not same_origin.posted_here(request):
            raise LinkingOver("not posted by a page of this site")
        launch = waiting_launch.unseal(request.POST.get("token", ""), in_window=in_window)
        self.trail.registration, self.trail.deployment = launch.registration, launch.deployment
        return launch


@method_decorator(csrf_exempt, name="dispatch")
class NewAccountView(ChoiceView):
    """A new account. Where the mode leaves none, ``enter`` asks again."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go on with the launch."""
        launch = self._launch(request)
        try:
            return enter(request, launch, self.trail, waiting_launch.use_once(launch), Choice())
        except AccountAsked as error:
            raise LinkingOver("this registration makes no new accounts") from error


@method_decorator(csrf_exempt, name="dispatch")
class ProveView(ChoiceView):
    """An account that the person has; in a window of its own."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign out whoever is here, and ask to sign in."""
        self._launch(request, in_window=True)
        front_ends.hear_nothing(request)
        host.current().identity.sign_out(request)
        request.session.flush()
        request.session[WAITING] = request.POST["token"]
        response = HttpResponseRedirect(host.current().proof.login_address(reverse(CONFIRM)))
        front_ends.tell_nothing(response)
        return response


class ConfirmView(DoorView):
    """Where the login leads. Nobody may frame it, and its form has a CSRF token of the session that signed in."""

    name = "account"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show whose account it is."""
        launch = self._launch(request)
        if not request.user.is_authenticated:
            return HttpResponseRedirect(host.current().proof.login_address(reverse(CONFIRM)))
        about = {
            "platform": launch.registration.title,
            "person": launch.message.person.name,
            "account": request.user.get_username(),
            "token": request.session[WAITING],
        }
        response = render(request, "lti_1p3_provider/account_confirm.html", about)
        response["X-Frame-Options"] = "DENY"
        response["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response

    def post(self, request: HttpRequest) -> HttpResponse:
        """Link, and go on with the launch in this window."""
        launch = self._launch(request)
        if not request.user.is_authenticated or request.POST.get("account") != request.user.get_username():
            raise LinkingOver("the session is not the one that was shown")
        returning = waiting_launch.use_once(launch)
        del request.session[WAITING]
        return enter(request, launch, self.trail, returning, Choice(request.user.pk))

    def _launch(self, request: HttpRequest) -> ResourceLinkLaunch:
        """Return what waits in the session. A session that a launch signed in proves nothing."""
        if WAITING not in request.session or sessions.MARK in request.session:
            raise LinkingOver("no launch waits in this session")
        launch = waiting_launch.unseal(request.session[WAITING], in_window=True)
        self.trail.registration, self.trail.deployment = launch.registration, launch.deployment
        return launch


def _asked(request: HttpRequest, launch: ResourceLinkLaunch, error: AccountAsked) -> HttpResponse:
    """Return the page in place of the launch's content."""
    about = {
        "token": waiting_launch.seal(request, launch),
        "only": error.mode is AccountMode.ONLY,
        "platform": launch.registration.title,
    }
    return frame_for(render(request, "lti_1p3_provider/account_choice.html", about), launch.registration)

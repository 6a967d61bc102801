"""The pages on which a new person chooses an account, and their doors.

The first page is in the platform's frame and signs nobody in. The person signs in to their own account in a separate
window, where cookies work: whoever is signed in there is signed out first, and the launch waits in the anonymous
session. So an account that is signed in to this session afterwards was signed in to for this launch, and belongs to
nobody who used the computer before. A login may have many pages, throw the session away (``proof_asked``), and end
anywhere: the first page's button then leads on.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider import host
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.refuse import return_url
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import (
    AccountChosenBefore,
    AccountInactive,
    AccountPrivileged,
    AccountRetiring,
    AccountTaken,
    LaunchNotPosted,
    LinkingOver,
    LtiError,
)
from lti_1p3_provider.launches import front_ends, proof_asked, sessions, waiting_launch
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.launches.enter import enter
from lti_1p3_provider.launches.prefetch import Returning
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.registrations.models import AccountMode
from lti_1p3_provider.users import linking
from lti_1p3_provider.users.modes import AccountAsked, Choice, mode_of, require_choice
from lti_1p3_provider.web import same_origin
from lti_1p3_provider.web.framing import frame_for

CONFIRM = "lti_1p3_provider:account_confirm"
CONFLICTS = (AccountChosenBefore, AccountInactive, AccountPrivileged, AccountRetiring, AccountTaken)
WAITING = "lti_1p3_waiting_launch"  # in the session: what is to go on once its person has signed in


def enter_or_ask(request: HttpRequest, launch: ResourceLinkLaunch, trail: Trail, returning: Returning) -> HttpResponse:
    """Let the launch's person in, or ask them to choose an account first.

    Raises:
        LtiError: the content, the gate or the account refuses.
    """
    try:
        return enter(request, launch, trail, returning)
    except AccountAsked as error:
        return _asked(request, launch, error)


class ChoiceView(DoorView):
    """What the forms of that page are posted to. They need no cookie: only a page of ours can post what we
    encrypted."""

    name = "account"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody opened or reloaded the address."""
        raise LaunchNotPosted("GET on an address that takes forms only")

    def _launch(self, request: HttpRequest, *, in_window: bool = False) -> ResourceLinkLaunch:
        if not same_origin.posted_here(request):
            raise LinkingOver("not posted by a page of this site")
        return _waiting(self.trail, request.POST.get("token", ""), in_window=in_window)


@method_decorator(csrf_exempt, name="dispatch")
class NewAccountView(ChoiceView):
    """The person goes on with a new account, or with one that they got meanwhile. If the mode allows no new one,
    ``enter`` asks again."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go on with the launch, in the frame, or in the window that said why the other account cannot be used."""
        launch = self._launch(request, in_window="window" in request.POST)
        try:
            with waiting_launch.used_once(launch) as returning:
                return enter(request, launch, self.trail, returning, Choice())
        except AccountAsked as error:
            raise LinkingOver("this registration makes no new accounts") from error


@method_decorator(csrf_exempt, name="dispatch")
class ProveView(ChoiceView):
    """The person has an account, and proves it in a window of its own."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign out whoever is here, and ask to sign in; go on with whoever has signed in for this launch, unless they
        want another account."""
        self._launch(request, in_window=True)
        token = request.POST["token"]
        if "another" not in request.POST and request.user.is_authenticated and _waits(request) == token:
            return HttpResponseRedirect(reverse(CONFIRM))
        response = front_ends.to_login(request, reverse(CONFIRM), **{WAITING: token})
        proof_asked.remember(request, response, token)
        return response


@method_decorator(csrf_exempt, name="dispatch")
class ConfirmView(DoorView):
    """The page to which the login leads. Nobody may frame it. The CSRF token of its form is checked here, against the
    session that signed in: a form from an earlier login of this browser is answered with the page as it is now."""

    name = "account"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show whose account it is, or why it cannot be used."""
        launch = self._launch(request)
        if not request.user.is_authenticated:
            return _to_login()
        user_pk = int(request.user.pk)
        require_choice(launch, Choice(user_pk))
        try:
            linking.foresee(launch.registration, launch.message.subject or "", user_pk)
        except CONFLICTS as error:
            return self._conflict(request, launch, error)
        return _unframed(render(request, "lti_1p3_provider/account_confirm.html", _about(request, launch)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Link the account, and go on with the launch in this window."""
        launch = self._launch(request)
        if not _has_token(request) or request.POST.get("account") != request.user.get_username():
            return HttpResponseRedirect(reverse(CONFIRM))
        try:
            with waiting_launch.used_once(launch) as returning:
                response = enter(request, launch, self.trail, returning, Choice(request.user.pk))
        except CONFLICTS as error:
            return self._conflict(request, launch, error)
        request.session.pop(WAITING, None)
        proof_asked.forget(request, response)
        return response

    def _launch(self, request: HttpRequest) -> ResourceLinkLaunch:
        """Return what waits for whoever is here."""
        token = _waits(request)
        if token is None:
            raise LinkingOver("no launch waits in this session")
        if WAITING not in request.session:
            request.session[WAITING] = token
        return _waiting(self.trail, token, in_window=True)

    def _conflict(self, request: HttpRequest, launch: ResourceLinkLaunch, error: LtiError) -> HttpResponse:
        """Return the page that says why the account cannot be used, and what can be done instead."""
        code = record.refusal(self.trail, error)
        about = {
            **_about(request, launch),
            "title": error.title,
            "code": error.code,
            "support_code": code,
            "return_url": return_url(self.trail.return_url, error, code),
            "has_another": isinstance(error, AccountChosenBefore),
            "only": mode_of(launch) is AccountMode.ONLY,
        }
        return _unframed(render(request, "lti_1p3_provider/account_conflict.html", about, status=error.status))


def _waits(request: HttpRequest) -> str | None:
    """Return what waits in the session, or for the browser. A session that a launch signed in proves nothing."""
    if sessions.MARK in request.session:
        return None
    return request.session.get(WAITING) or proof_asked.token(request)


def _waiting(trail: Trail, token: str, *, in_window: bool) -> ResourceLinkLaunch:
    waiting_launch.lead_back(trail, token)
    launch = waiting_launch.unseal(token, in_window=in_window)
    trail.registration, trail.deployment = launch.registration, launch.deployment
    return launch


def _to_login() -> HttpResponse:
    return HttpResponseRedirect(host.current().proof.login_address(reverse(CONFIRM)))


def _about(request: HttpRequest, launch: ResourceLinkLaunch) -> dict[str, Any]:
    """Return what a page in the window says, and what its form carries on."""
    return {
        "platform": launch.registration.title,
        "person": launch.message.person.name,
        "account": request.user.get_username(),
        "token": request.session[WAITING],
    }


def _unframed(response: HttpResponse) -> HttpResponse:
    response["X-Frame-Options"] = "DENY"
    response["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


def _has_token(request: HttpRequest) -> bool:
    """Tell whether a form has the CSRF token of the session. An anonymous session has nothing to confirm."""

    def unused(*_: Any) -> HttpResponse:
        raise AssertionError("only the token is looked at")

    return request.user.is_authenticated and CsrfViewMiddleware(unused).process_view(request, unused, (), {}) is None


def _asked(request: HttpRequest, launch: ResourceLinkLaunch, error: AccountAsked) -> HttpResponse:
    """Return the page that is shown instead of the launch's content."""
    about = {
        "token": waiting_launch.seal(request, launch),
        "only": error.mode is AccountMode.ONLY,
        "platform": launch.registration.title,
    }
    return frame_for(render(request, "lti_1p3_provider/account_choice.html", about), launch.registration)

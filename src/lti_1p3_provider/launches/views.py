"""The doors of a launch, and two that the script on the content's page asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.deep_linking.begin import begin
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import (
    BrowserMismatch,
    GrantMissing,
    LaunchNotPosted,
    LtiError,
    OtherAccount,
)
from lti_1p3_provider.gates import policy
from lti_1p3_provider.launches import (
    accounts,
    another_account,
    browser_check,
    front_ends,
    grants,
    handover,
    login_cookies,
    logins,
    reconnect,
    sessions,
    targets,
    teaching,
    way_back,
    whole_course,
)
from lti_1p3_provider.launches.announce import announce
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.launches.in_frame import features, with_script
from lti_1p3_provider.launches.prefetch import Returning
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.lti import launch
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.lti.resource_link import ResourceLinkMessage
from lti_1p3_provider.outline import access
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.registrations.find import registration_by_pk
from lti_1p3_provider.scores.status import learner
from lti_1p3_provider.users.models import Grant
from lti_1p3_provider.web import same_origin
from lti_1p3_provider.web.framing import frame_for

Entrance = Callable[[HttpRequest, Launch[Any], Trail, Returning], HttpResponse]
ENTRANCES: Mapping[type[Message], Entrance] = {  # what a message of each kind leads to
    ResourceLinkMessage: accounts.enter_or_ask,
    DeepLinkingMessage: lambda request, launch, trail, _returning: _begun(request, launch, trail),
}


@method_decorator(csrf_exempt, name="dispatch")
class LoginView(DoorView):
    """Where a platform begins. (Security Framework 1.0, 5.1.1.1)"""

    name = "login"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Send the browser back to the platform to sign in."""
        begun = logins.begun(request, self.trail)
        if browser_check.is_needed(request):
            return frame_for(browser_check.login_page(request, begun), begun.registration)
        return logins.to_platform(request, begun)

    post = get


@method_decorator(csrf_exempt, name="dispatch")
class LaunchView(DoorView):
    """Where the platform's answer arrives: our redirect URI. (Security Framework 1.0, 5.1.1.3)"""

    name = "launch"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody opened, bookmarked or reloaded the address."""
        raise LaunchNotPosted("GET on the launch URL")

    def post(self, request: HttpRequest, **target: str) -> HttpResponse:
        """Validate the message and let the person in. ``target``: the keys in the address to which it was posted; the
        message's own target counts."""
        form = request.POST.dict()
        if launch.STORED in form and not same_origin.posted_here(request):  # whoever began a login knows its proof
            raise BrowserMismatch("the proof was not posted by a page of this site")
        if waiting := launch.proof_is_elsewhere(form, request.COOKIES):
            registration = registration_by_pk(waiting.registration_pk)
            return frame_for(browser_check.stored_page(request, waiting, registration), registration)
        returning = Returning()
        received = launch.receive(form, request.COOKIES, self.trail, returning.registration_and_deployment)
        response = ENTRANCES[type(received.message)](request, received, self.trail, returning)
        login_cookies.forget(request, response, received.login.cookie_name)
        return response


@method_decorator(csrf_exempt, name="dispatch")
class ContinueView(DoorView):
    """Where a launch continues in a separate window; see ``launches.handover``."""

    name = "continue"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody reloaded the address."""
        raise LaunchNotPosted("GET on the address of a hand-over")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in here what was validated in the frame."""
        user, target = handover.redeem(request)
        grant = grants.find(user, target)
        self.trail.registration, self.trail.deployment = grant.deployment.registration, grant.deployment
        another_account.sign_in(request, user)
        sessions.mark(request, grant.deployment)
        response = HttpResponseRedirect(target.path)
        front_ends.tell(request, response, user, target)
        return response


@method_decorator(csrf_exempt, name="dispatch")
class ContentView(LaunchView):
    """The content itself, for a session that launched it. Platforms store its address as ``target_link_uri``.

    Some platforms post to it what belongs to the redirect URI; such a message is verified in the same way.
    """

    name = "content"

    def get(self, request: HttpRequest, course_key: str = "", usage_key: str = "") -> HttpResponse:
        """Show the block without the site's navigation. A whole course has pages of its own."""
        self.trail.target = request.path
        target, grant = _granted(request, course_key, usage_key, self.trail)
        if target.is_course:
            _require_access(request, target)
            return whole_course.page(request, target, grant.deployment.registration)
        page = host.current().content.render(request, target.course_key, target.usage_key)
        return frame_for(with_script(page, features(request, target, grant)), grant.deployment.registration)


class WayBackView(DoorView):
    """The link back to the platform. Only a session that launched the block knows where that is."""

    name = "back"

    def get(self, request: HttpRequest, course_key: str, usage_key: str) -> HttpResponse:
        """Send the browser on, without telling it which page it comes from."""
        target = targets.from_keys(course_key, usage_key)
        way = way_back.address(request, target)
        if not way:
            missing = GrantMissing("the session does not know the way back")
            raise another_account.explained(request, target, self.trail, missing)
        response = HttpResponseRedirect(way)
        response["Referrer-Policy"] = "no-referrer"
        return response


@method_decorator(never_cache, name="dispatch")
class ScriptView(View, ABC):
    """What the script on a content's page asks. Whatever the content door would refuse is refused here, too, but not
    recorded: a page asks again and again."""

    def get(self, request: HttpRequest, course_key: str, usage_key: str) -> JsonResponse:
        """Answer for exactly this block and the session's user."""
        if not self.is_there():
            raise Http404
        try:
            target, _ = _granted(request, course_key, usage_key, Trail("script"))
            _require_access(request, target)
        except OtherAccount as error:
            return JsonResponse({"error": error.code, "text": another_account.before_going_on()}, status=error.status)
        except LtiError as error:
            return JsonResponse({"error": error.code}, status=error.status)
        return JsonResponse(self.about(request, target))

    def is_there(self) -> bool:
        """Tell whether the feature is on."""
        return conf.enabled

    @abstractmethod
    def about(self, request: HttpRequest, target: Target) -> dict[str, Any]:
        """Return the answer."""


class MyScoresView(ScriptView):
    """Where the scores of the content's learner are."""

    def is_there(self) -> bool:
        """Operators may switch the strip off."""
        return conf.enabled and conf.show_score_status

    def about(self, request: HttpRequest, target: Target) -> dict[str, Any]:
        """Return sentences."""
        link_pk = grants.find(request.user, target).link_pk
        status = learner.status_of(request.user, target.course_key, target.usage_key, link_pk)  # type: ignore[arg-type]
        return teaching.added_to(status, request, target)


class SessionView(ScriptView):
    """Whether the page's learner is still signed in."""

    def about(self, request: HttpRequest, target: Target) -> dict[str, Any]:
        """Return who is signed in, and the token for the page's next answer."""
        return reconnect.still_here(request, request.user)  # type: ignore[arg-type]


def _begun(request: HttpRequest, launch: Launch[Any], trail: Trail) -> HttpResponse:
    """Begin the choice of content."""
    page = begin(request, launch, trail)
    announce(launch)
    return page


def _granted(request: HttpRequest, course_key: str, usage_key: str, trail: Trail) -> tuple[Target, Grant]:
    """Return the content that the session's user launched, and the grant that lets them open it.

    Raises:
        LtiError: the session has no grant, or the gate is closed.
    """
    target = targets.from_keys(course_key, usage_key)
    try:
        grant = grants.find(request.user, target)
    except GrantMissing as error:
        raise another_account.explained(request, target, trail, error) from error
    trail.registration = registration = grant.deployment.registration
    policy.require(registration, target.course_key, target.usage_key)
    return target, grant


def _require_access(request: HttpRequest, target: Target) -> None:
    """Check access to the block where no page of it is made: making the page checks that itself.

    Raises:
        LtiError: the user must not see it now.
    """
    block = outline.block(target.course_key, target.usage_key)
    access.require(request.user, target.course_key, block)  # type: ignore[arg-type]

"""Confines a session that a launch made to what was launched. See docs/decisions/0015.

The LMS's own pages and handlers know nothing of grants: they serve whoever is signed in. So each request of such a
session is checked here, wherever in the LMS it goes. It passes if it names no content, or content with a live grant.
Sessions that people signed in to themselves are not confined, even if they launch something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.refuse import page
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LtiError, OtherAccount, SessionConfined, StateStoreDown
from lti_1p3_provider.host.recorded_login import LAUNCHED
from lti_1p3_provider.host.surface import Surface, closed, keep_query
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import another_account, scope, sessions
from lti_1p3_provider.lti import store
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.sign_in import is_made_by_launch, only_launches_sign_in

OURS = "lti_1p3_provider"  # our own addresses have doors that check for themselves
DOOR = "lms"  # in the record
PAUSE = 600  # seconds for which the same refusal to the same person is not recorded again


@dataclass(frozen=True, slots=True)
class Confined:
    """A confined account, and a registration that it launched from."""

    user: int
    registration: Registration | None


class ConfineSessions:
    """Middleware. It comes after those of sessions and authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; ``process_view`` decides. If the LMS refuses its CSRF token before that, and the page
        belongs to the account before this one, say so."""
        response = self.get_response(request)
        if response.status_code == 403 and conf.enabled and not getattr(request, "csrf_processing_done", False):
            return _as_other_account(request) or response
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, arguments: Mapping[str, Any]
    ) -> HttpResponseBase | None:
        """Refuse what a confined session may not reach. Remove parameters from a page's query that it may not have."""
        match = request.resolver_match
        if not conf.enabled or (match and OURS in match.namespaces):
            return None
        people = list(_people(request))
        if not people:
            return None
        surface = host.current().surfaces.of(request, view, arguments)
        if surface.is_open:
            return None
        if surface.gives_tokens and request.user.is_authenticated and not only_launches_sign_in(request.user):
            return _refuse(request, people[0], closed("tokens of an account that people sign in to themselves"))
        for one in people:
            if not _opens(one.user, surface):
                return _of_other_account(request, surface) or _refuse(request, one, surface)
        if surface.query is not None:
            keep_query(request, surface.query)
        return None


def _people(request: HttpRequest) -> Iterator[Confined]:
    """Yield the account of a session that a launch made, and the accounts of tokens that came from one, if they are
    confined."""
    if conf.session_cookie_name in request.COOKIES and request.session.get(LAUNCHED):
        user, launched_from = request.session.get(SESSION_KEY), tuple(request.session.get(sessions.MARK, ()))
        found = scope.registrations.get(launched_from)
        confines = scope.confining(found)
        if user and (confines or not found):
            yield Confined(int(user), confines)
    for name in filter(is_made_by_launch, host.current().surfaces.token_names(request)):
        account = scope.accounts.get(name)
        if account and (confines := scope.confining(account[1])):
            yield Confined(account[0], confines)


def _opens(user: int, surface: Surface) -> bool:
    """Decide by what is cached. If that refuses, decide by what is in the database."""
    if surface.closed:
        return False
    return scope.scopes.get(user).opens(surface) or scope.scopes.get(user, fresh=True).opens(surface)


def _as_other_account(request: HttpRequest) -> HttpResponseBase | None:
    match = request.resolver_match
    if match is None or OURS in match.namespaces or conf.session_cookie_name not in request.COOKIES:
        return None
    if not another_account.former(request.session):
        return None
    surface = host.current().surfaces.of(request, match.func, match.kwargs)
    return None if surface.is_open else _of_other_account(request, surface)


def _of_other_account(request: HttpRequest, surface: Surface) -> HttpResponseBase | None:
    """Explain the refusal differently if the content was launched by an account that this browser had before."""
    if conf.session_cookie_name not in request.COOKIES:
        return None
    found = another_account.launched_by_former(request.session, surface)
    if found is None:
        return None
    user, registration = found
    signed_in = request.session.get(SESSION_KEY)
    return _said(request, OtherAccount(f"launched by user {user}, signed in: user {signed_in}"), registration)


def _refuse(request: HttpRequest, one: Confined, surface: Surface) -> HttpResponseBase:
    what = surface.closed or ", ".join(map(str, (*surface.blocks, *surface.courses))) or "pages of a whole course"
    return _said(request, SessionConfined(f"user {one.user}: {what}"), one.registration)


def _said(request: HttpRequest, error: LtiError, registration: Registration | None) -> HttpResponseBase:
    """Return a page if the browser opens one, and JSON for a script."""
    trail = Trail(DOOR, registration=registration, target=request.path)
    code = _support_code(trail, error)
    if _wants_a_page(request):
        return page(request, error, trail, code)
    said = {"error": error.code, "detail": f"{error.title}. {error.advice}", "support_code": code}
    answer = JsonResponse(said, status=error.status)
    add_never_cache_headers(answer)
    return answer


def _support_code(trail: Trail, error: LtiError) -> str:
    """Record the refusal. If a page asks for the same again, the code stays the same for some minutes."""
    name = f"lti1p3:confined:{digest(error.detail)}"
    with suppress(StateStoreDown):
        if known := store.get(name):
            return str(known)
    code = record.refusal(trail, error)
    with suppress(StateStoreDown):
        store.put(name, code, PAUSE)
    return code


def _wants_a_page(request: HttpRequest) -> bool:
    """Tell whether a browser opens a page, and not a script making a request."""
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    is_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    return not is_script and "text/html" in request.headers.get("Accept", "")

"""What all addresses of the API share: who asks, for which organization, and how a refusal looks."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import Error, transaction
from django.http import Http404, HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from lti_1p3_provider import host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.conflicts import described, traced
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import (
    ApiForgeryCheckFailed,
    ApiMethodUnknown,
    ApiNotFound,
    ApiNotJson,
    ApiNotSignedIn,
    ApiRequestInvalid,
    ApiTooLarge,
    ApiTooManyRequests,
    DatabaseRefused,
    LtiError,
    StateStoreDown,
)
from lti_1p3_provider.launches import limits
from lti_1p3_provider.lti import strict_json
from lti_1p3_provider.organizations import meant
from lti_1p3_provider.rest_api.v1 import found, members, throttle
from lti_1p3_provider.rest_api.v1.described import Description
from lti_1p3_provider.rest_api.v1.pages import MAX_PK

DOOR = "api"
NOT_RECORDED = (ApiNotFound, ApiNotSignedIn, ApiTooManyRequests, StateStoreDown)  # the same to all, and many
CAUSES: dict[type[Exception], LtiError] = {
    Http404: ApiNotFound(),
    exceptions.NotFound: ApiNotFound(),
    exceptions.NotAuthenticated: ApiNotSignedIn(),
    exceptions.AuthenticationFailed: ApiNotSignedIn(),
    exceptions.PermissionDenied: ApiForgeryCheckFailed(),
    exceptions.MethodNotAllowed: ApiMethodUnknown(),
    exceptions.UnsupportedMediaType: ApiNotJson(),
    RequestDataTooBig: ApiTooLarge("the site's own limit"),
    UnreadablePostError: ApiRequestInvalid({"body": ["It could not be read."]}),
}

log = logging.getLogger(__name__)


class JsonOnly(BaseContentNegotiation):
    """Answers in JSON, whatever the request asks for."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Take JSON, or a body without a declared type."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return parsers[0] if kind in ("", "application/json", "application/merge-patch+json") else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """Take the only one."""
        return renderers[0], renderers[0].media_type


class StrictJson(BaseParser):
    """Reads one JSON object, as strictly as those of platforms are read."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        """Return the object.

        Raises:
            ApiRequestInvalid
        """
        try:
            return strict_json.parse_object(stream.read())
        except ValueError as error:
            raise ApiRequestInvalid({"body": [f"It is not one JSON object: {_short(error)}."]}) from error


@method_decorator([transaction.non_atomic_requests, never_cache], name="dispatch")
class ApiView(APIView):
    """Answers 404 if the app is off, and turns an ``LtiError`` into a refusal. It is recorded, unless anybody could
    cause as many as they like.

    Requests are not atomic: a refusal is recorded even if everything else is undone. Every view that writes has a
    transaction of its own.
    """

    renderer_classes = (JSONRenderer,)
    parser_classes = (StrictJson,)
    permission_classes = ()
    throttle_classes = ()
    versioning_class = None
    content_negotiation_class = JsonOnly
    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    schema = Description()
    says_what_is_too_large = True  # in JSON; ``launches.limits`` would show a page
    author: Author

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or refuse."""
        if not conf.enabled:
            raise Http404
        kwargs["org"] = meant(kwargs["org"])
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_authenticators(self) -> list[Any]:
        """Accept what the LMS's own APIs accept."""
        return list(host.current().tenants.authenticators())

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Find out who asks, and whether they may."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        user = members.signed_in(request)
        throttle.require(user.pk, request.method not in members.SAFE)
        members.require(user, kwargs["org"])
        self.author = Author(user, Change.Way.API)
        if said := limits.problem(request._request):
            raise ApiTooLarge(said)

    @property
    def is_superuser(self) -> bool:
        """Whether the person may do everything on the site."""
        return bool(getattr(self.author.user, "is_superuser", False))

    def handle_exception(self, exc: Exception) -> Response:
        """Refuse."""
        error = _cause(exc)
        if error is None:
            raise exc
        response = Response(body_of(error, self._support_code(error)), error.status)
        response.exception = True
        if isinstance(error, ApiNotSignedIn):
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        if error.retry_after is not None:
            response["Retry-After"] = str(error.retry_after)
        return response

    def _support_code(self, error: LtiError) -> str:
        if isinstance(error, NOT_RECORDED):
            log.info("LTI API refused: %s: %s", error.code, error.detail)
            return ""
        trail = Trail(DOOR, target=self.request.path)
        if "author" in vars(self) and self.kwargs.get("registration", MAX_PK) < MAX_PK:
            mine = found.registrations(self.kwargs["org"])  # so that they find it by its support code
            trail.registration = mine.filter(pk=self.kwargs["registration"]).first()
        return record.refusal(trail, error)


def body_of(error: LtiError, support_code: str) -> dict[str, Any]:
    """Return a refusal's body. ``fields`` says what is wrong with which value, in sentences."""
    return {
        "code": error.code,
        "title": str(error.title),
        "advice": str(error.advice),
        "support_code": support_code,
        "fields": dict(getattr(error, "fields", {})),
    }


def _cause(problem: Exception) -> LtiError | None:
    if isinstance(problem, LtiError):
        return problem
    if isinstance(problem, exceptions.ValidationError):
        return ApiRequestInvalid(_sentences(problem.detail))
    if isinstance(problem, Error):
        log.error("LTI API: the database refused: %s", traced(problem))
        return DatabaseRefused(described(problem))
    return next((cause for kind, cause in CAUSES.items() if isinstance(problem, kind)), None)


def _sentences(detail: Any) -> dict[str, list[str]]:
    """Return all sentences, by the outermost name."""
    named = detail if isinstance(detail, dict) else {"body": detail}
    return {str(name): _flat(value) for name, value in named.items()}


def _flat(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {text}" for name, inner in value.items() for text in _flat(inner)]
    return [text for one in value for text in _flat(one)] if isinstance(value, list) else [str(value)]


def _short(error: ValueError) -> str:
    """Return why JSON cannot be read, without quoting it."""
    return str(error)[:80] if type(error) is ValueError else type(error).__name__

"""PyLTI1p3's calls of a platform's services, made through ``lti.service``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from pylti1p3.exception import LtiServiceException
from pylti1p3.service_connector import ServiceConnector

from lti_1p3_provider.errors import AnswerUnreadable
from lti_1p3_provider.lti import access_tokens, ags, nrps, service, transport
from lti_1p3_provider.lti.exchange import Answer, Request
from lti_1p3_provider.lti.requests_session import GuardedSession, response_of
from lti_1p3_provider.neighbour.validated import still_open
from lti_1p3_provider.registrations.models import Deployment

if TYPE_CHECKING:
    from pylti1p3.service_connector import TServiceConnectorResponse

    from lti_1p3_provider.neighbour.pylti.tool_conf import OurRegistration

RESULTS = "resultcontainer"  # in a media type


class Connector(ServiceConnector):
    """Calls the services for one deployment. The deployment is read anew for each call, so one that was switched off is
    not called."""

    def __init__(self, registration: OurRegistration, deployment_pk: int) -> None:
        super().__init__(registration, GuardedSession())
        self._deployment_pk = deployment_pk
        self._depths: dict[str, int] = {}  # pages by their addresses: how many come before

    def get_access_token(self, scopes: Sequence[str]) -> str:
        """Return the access token that all processes share.

        Raises:
            AccessTokenRefused, PlatformUnreachable, AddressForbidden, AnswerUnreadable, NoActiveKey, KeyInvalid
        """
        return access_tokens.access_token(self._deployment(), _together(scopes))

    def make_service_request(
        self,
        scopes: Sequence[str],
        url: str,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> TServiceConnectorResponse:
        """Make one request with an access token. A POST that was taken counts, whatever its answer's body is.

        Raises:
            LtiServiceException: the platform refuses.
            AddressForbidden: the address is not on the platform's own hosts.
            AccessTokenRefused, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid
            RegistrationDisabled, DeploymentDisabled, DeploymentUnknown: by now.
        """
        request = _post(url, data or "", content_type, accept) if is_post else Request("GET", url, {"Accept": accept})
        needed = _needed(scopes, is_post, content_type, accept)
        call = service.call_for_status if content_type == ags.SCORE_TYPE else service.call
        answer = transport.run(call(self._deployment(), _together(scopes), request, needed))
        if not answer.ok:
            raise LtiServiceException(response_of(answer, url))
        response = response_of(answer, url)
        return {
            "headers": cast(Any, response.headers if case_insensitive_headers else dict(response.headers)),
            "body": None if is_post and not _is_json(answer) else _body(answer),
            "next_page_url": self._next(url, answer, _most_pages(scopes)),
        }

    def _deployment(self) -> Deployment:
        return still_open(self._deployment_pk)

    def _next(self, url: str, answer: Answer, most: int) -> str | None:
        """Return the next page's address. Callers ask for pages until there is none, so a list that goes in a circle
        has to end somewhere. ``most``: how many pages it may have."""
        following = service.next_page(answer.url or url, answer.header("link"))
        if not following:
            return None
        depth = self._depths.get(url, 0) + 1
        if depth >= most:
            raise AnswerUnreadable(f"a list goes in a circle, or has more than {most} pages")
        self._depths[following] = depth
        return following


def _post(url: str, data: str, content_type: str, accept: str) -> Request:
    """Post a score. PyLTI1p3 asks for plain JSON in the answer, which strict platforms refuse."""
    accept = ags.SCORE_TYPE if content_type == ags.SCORE_TYPE else accept
    return Request("POST", url, {"Accept": accept, "Content-Type": content_type}, body=data.encode(), whole=False)


def _together(scopes: Sequence[str]) -> frozenset[str]:
    """Let calls of the grade service share their access token with our own."""
    return ags.ours(scopes) or frozenset(scopes)


def _most_pages(scopes: Sequence[str]) -> int:
    """Read a course's people as far as we read them ourselves."""
    return nrps.BOUNDS.pages if nrps.SCOPE in scopes else service.MAX_PAGES


def _needed(scopes: Sequence[str], is_post: bool, content_type: str, accept: str) -> str:
    """Return the scope that a call needs, by its media types."""
    if not ags.ours(scopes):
        return next(iter(scopes), "")
    if is_post:
        return ags.SCORE_SCOPE if content_type == ags.SCORE_TYPE else ags.LINE_ITEM_SCOPE
    return ags.RESULT_SCOPE if RESULTS in accept else ags.reading(scopes)


def _body(answer: Answer) -> Any:
    return answer.json() if answer.content().strip() else None


def _is_json(answer: Answer) -> bool:
    try:
        _body(answer)
    except AnswerUnreadable:
        return False
    return True

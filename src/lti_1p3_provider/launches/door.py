"""What all doors share. This is the one place where an ``LtiError`` becomes a refusal."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import Error, transaction
from django.http import Http404, HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.conflicts import described, traced
from lti_1p3_provider.diagnostics.refuse import refuse
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import DatabaseRefused, LtiError, RequestTooLarge, TokenMalformed
from lti_1p3_provider.launches import interrupted, limits

log = logging.getLogger(__name__)


@method_decorator([transaction.non_atomic_requests, never_cache], name="dispatch")
class DoorView(View):
    """Answers 404 if the app is off, and turns an ``LtiError`` into a recorded refusal.

    Requests are not atomic: keys may be fetched over HTTP, and a refusal must be recorded even if everything else is
    undone.
    """

    name: ClassVar[str]
    trail: Trail

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or refuse."""
        if not conf.enabled:
            raise Http404
        self.trail = Trail(self.name)
        response = self._answer(request, *args, **kwargs)
        interrupted.note(request, response, self.trail)
        return response

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (request.encoding or "utf-8").lower() != "utf-8":
            request.encoding = "utf-8"  # other codecs make characters that no database stores
        try:
            limits.require(request)
            return super().dispatch(request, *args, **kwargs)
        except LtiError as error:
            return refuse(request, error, self.trail)
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent) as error:  # the site has limits of its own
            return refuse(request, RequestTooLarge(type(error).__name__), self.trail)
        except (MultiPartParserError, UnreadablePostError) as error:
            return refuse(request, TokenMalformed(type(error).__name__), self.trail)
        except Error as error:  # the LMS's, too: a page with a support code says more than none
            log.error("LTI %s: the database refused: %s", self.name, traced(error))
            return refuse(request, DatabaseRefused(described(error)), self.trail)

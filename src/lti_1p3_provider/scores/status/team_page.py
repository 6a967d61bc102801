"""What the pages for a course's team share: whom they let in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.users import given


@method_decorator([never_cache, xframe_options_deny], name="dispatch")
class TeamPage(View):
    """A page for people whom the host calls staff of the course. Others cannot tell whether the course exists."""

    course_key: CourseKey

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the course's team in, in no frame."""
        if not conf.enabled:
            raise Http404
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            self.course_key = CourseKey.from_string(kwargs["course_key"])
        except InvalidKeyError as error:
            raise PermissionDenied from error
        if not keeps(kwargs["course_key"]):
            raise PermissionDenied
        if not host.current().identity.is_course_staff(request.user, self.course_key):
            raise PermissionDenied
        if given.made_staff(request.user.pk, self.course_key):  # one platform's teacher: here is everybody's work
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response

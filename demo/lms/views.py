"""The stand-in LMS's own pages: a front page, and the handler that takes answers."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import grades
from demo.lms.course import block, courses
from demo.lms.problems import fraction


@require_safe
def front_page(request: HttpRequest) -> HttpResponse:
    """Say what this is."""
    return render(request, "demo_lms/front_page.html", {"courses": courses().values()})


@require_POST
def problem_check(request: HttpRequest, course_key: str, usage_key: str) -> HttpResponse:
    """Take and grade an answer, as the XBlock handler ``problem_check`` does. Needs a session and a CSRF token."""
    if not request.user.is_authenticated:
        return JsonResponse(
            {"error": "Your session has ended. Go back to your course and open this again."}, status=403
        )
    try:
        course, usage = CourseKey.from_string(course_key), UsageKey.from_string(usage_key)
    except InvalidKeyError as error:
        raise Http404 from error
    node = block(course, usage)
    if node is None or usage.block_type != "problem":
        raise Http404
    answers = {name: request.POST.getlist(name) for name in request.POST if name.startswith("input_")}
    earned = round(node.weight * fraction(node.source, answers), 2)
    grades.record(request.user, course, usage, earned, node.weight, answers)
    return JsonResponse({"earned": earned, "possible": node.weight})

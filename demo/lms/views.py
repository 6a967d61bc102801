"""The stand-in LMS's own pages: a front page, and the handler that takes answers."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from demo.lms import grades
from demo.lms.course import block, courses
from demo.lms.models import Enrolment
from demo.lms.pages import handled_key
from demo.lms.problems import fraction
from demo.lms.rendering import render_block

ENDED = "Your session has ended, so this answer was not taken. Go back to your course and open this activity again."


@require_safe
def front_page(request: HttpRequest) -> HttpResponse:
    """Say what this is."""
    return render(request, "demo_lms/front_page.html", {"courses": courses().values()})


@require_safe
def course_home(request: HttpRequest, course_key: str) -> HttpResponse:
    """The course's own page, for those who take part; the LMS has a front end of its own for that."""
    course = next((one for key, one in courses().items() if str(key) == course_key), None)
    if course is None:
        raise Http404
    if not request.user.is_authenticated or not _is_enrolled(request, course_key):
        return render(request, "demo_lms/front_page.html", {"courses": courses().values()}, status=403)
    return render_block(request, course.key, list(course.read_whole().nodes.values()))


@require_POST
def problem_check(request: HttpRequest, course_key: str, usage_key: str) -> HttpResponse:
    """Take and grade an answer, as the XBlock handler ``problem_check`` does. Needs a session and a CSRF token."""
    # A page that was made for somebody else, before another person launched in this browser, is not theirs to answer.
    if not request.user.is_authenticated or request.POST.get("answered_by", str(request.user.pk)) != str(
        request.user.pk
    ):
        return JsonResponse({"error": ENDED}, status=403)
    try:
        course = CourseKey.from_string(course_key)
        usage = handled_key(course, usage_key)
    except InvalidKeyError as error:
        raise Http404 from error
    node = block(course, usage)
    if node is None or usage.block_type != "problem":
        raise Http404
    answers = {name: request.POST.getlist(name) for name in request.POST if name.startswith("input_")}
    earned = round(node.weight * fraction(node.source, answers), 2)
    grades.record(request.user, course, usage, earned, node.weight, answers)
    return JsonResponse({"earned": earned, "possible": node.weight})


def _is_enrolled(request: HttpRequest, course_key: str) -> bool:
    return Enrolment.objects.filter(user_id=request.user.pk or 0, course_key=course_key, active=True).exists()

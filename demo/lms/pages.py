"""Pages and interfaces of the stand-in LMS that launches do not need: somebody who is signed in can use them, as in the
LMS. They are here so that tests can try to reach them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import login_cookies
from demo.lms.course import block, courses
from demo.lms.models import Enrolment
from demo.lms.rendering import render_block

SIGN_IN = "Sign in first."


def page(title: str) -> HttpResponse:
    """Return a page that says no more than its title."""
    return HttpResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1>")


def account(request: HttpRequest) -> HttpResponse:
    """Show the account, or change its address."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": SIGN_IN}, status=403)
    if request.method == "POST":
        request.user.email = request.POST["email"]
        request.user.save(update_fields=["email"])
    return page("Your account")


@require_safe
def course_list(request: HttpRequest) -> HttpResponse:
    """Name all courses."""
    return page(", ".join(str(key) for key in courses()))


@require_POST
def enrol(request: HttpRequest) -> HttpResponse:
    """Enrol whoever is signed in."""
    key = request.POST.get("course_id", "")
    if not request.user.is_authenticated or key not in map(str, courses()):
        return JsonResponse({"error": SIGN_IN}, status=403)
    now = {"mode": "audit", "active": True}
    Enrolment.objects.update_or_create(user_id=request.user.pk, course_key=key, defaults=now)
    return JsonResponse({"enrolled": key})


@csrf_exempt
@require_POST
def login_refresh(request: HttpRequest) -> HttpResponse:
    """Give a new token to whoever has a session."""
    if not isinstance(request.user, AbstractUser):
        return JsonResponse({"error": SIGN_IN}, status=401)
    response = JsonResponse({"success": True})
    login_cookies.add(request, response, request.user)
    return response


@require_safe
def xblock(request: HttpRequest, usage_key: str) -> HttpResponse:
    """Show a block by its key alone. ``view=public_view`` shows it whatever its section says, as in the LMS."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": SIGN_IN}, status=403)
    try:
        key = UsageKey.from_string(usage_key)
    except InvalidKeyError as error:
        raise Http404 from error
    node = block(key.course_key, key)
    if node is None:
        raise Http404
    shown = render_block(request, key.course_key, list(courses()[key.course_key].read_below(node)))
    shown["X-View"] = request.GET.get("view", "student_view")
    return shown


def bookmarks(request: HttpRequest) -> HttpResponse:
    """Note a block that the body names; list those of a course that the query names."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": SIGN_IN}, status=403)
    if request.method == "POST":
        return JsonResponse({"noted": json.loads(request.body)["usage_id"]}, status=201)
    return JsonResponse({"course": request.GET.get("course_id")})


@csrf_exempt
@require_POST
def event(request: HttpRequest) -> HttpResponse:
    """Take note of what somebody did."""
    return JsonResponse({"success": True})


@require_safe
def course_api(request: HttpRequest, course_key: str) -> HttpResponse:
    """List a course's blocks for a session or, as the LMS's interfaces do, for a token without one."""
    user: Any = request.user if request.user.is_authenticated else login_cookies.user_of(request) or AnonymousUser()
    found = {str(key): course for key, course in courses().items()}.get(course_key)
    if not user.is_authenticated or found is None:
        return JsonResponse({"error": SIGN_IN}, status=403)
    return JsonResponse({"blocks": [str(key) for key in found.read_whole().nodes], "for": user.username})


def handled_key(course: CourseKey, text: str) -> UsageKey:
    """Return the block that a handler's path means, as the LMS reads it: slashes are quoted, the path's course counts,
    and an aside stands for its block.

    Raises:
        InvalidKeyError
    """
    key = UsageKey.from_string(text.replace(";_", "/").replace(";;", ";"))
    return getattr(key, "usage_key", key).map_into_course(course)

"""Finds out at login, before the browser goes to the platform, how it can prove at the launch that it is the same
browser.

In a frame, a page of ours tries cookies: ordinary ones, then partitioned ones. If the browser accepts neither, the
platform's own frame may keep the proof (LTI Client Side postMessages Storage). If the platform does not offer that, the
person opens a window, where our cookies are not those of another site. The login's hint is not used up before this is
known.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from lti_1p3_provider.conf import conf
from lti_1p3_provider.launches import login_cookies, partitioned
from lti_1p3_provider.lti.launch import STORED
from lti_1p3_provider.lti.login import Login
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import origin

LOGIN = "lti_1p3_provider:login"
PROOF = "lti1p3-cookies"  # a cookie that says which cookies work in this frame
ORDINARY, PARTITIONED = "ordinary", "partitioned"
FRAMES = ("iframe", "frame", "embed", "object")
ASK = "_ask"  # in place of a frame's name: lti.capabilities tells it
SENT_ON = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")


def in_frame(request: HttpRequest) -> bool:
    """Whether the page is shown inside another, if the browser says so."""
    return request.headers.get("Sec-Fetch-Dest") in FRAMES


def is_needed(request: HttpRequest) -> bool:
    """Whether it is still unknown which cookies work in this frame."""
    return in_frame(request) and PROOF not in request.COOKIES


def login_page(request: HttpRequest, login: Login) -> HttpResponse:
    """Return the page that tries cookies, and goes on to the platform by itself."""
    asked, stored = login.authentication_request(), login.authentication_request(login.storage_frame or ASK)
    response = render(
        request,
        "lti_1p3_provider/browser_check.html",
        {
            "data": {
                **_storage(stored.state, login.registration),
                "next": asked.url,
                "storedNext": stored.url,
                "again": f"{reverse(LOGIN)}?{urlencode(_fields(request, *SENT_ON, 'lti_storage_target'))}",
                "proof": {"name": PROOF, "path": _path(), "secure": request.is_secure() or conf.uses_https},
            },
            "login_url": reverse(LOGIN),
            "fields": _fields(request, *SENT_ON),  # a window needs no storage
        },
    )
    login_cookies.remember(request, response, asked.state)
    return response


def stored_page(request: HttpRequest, login: LoginState, registration: Registration) -> HttpResponse:
    """Return the page that asks the platform's frame for the proof, and posts the launch again with it."""
    data = {**_storage(login, registration), "value": ""}
    fields = {name: request.POST[name] for name in ("id_token", "state")}
    page = {"data": data, "fields": fields, "stored": STORED}
    return render(request, "lti_1p3_provider/stored_proof.html", page)


def note(request: HttpRequest) -> None:
    """Remember in a launch's session which cookies it needs."""
    if request.COOKIES.get(PROOF) == PARTITIONED:
        request.session[partitioned.MARK] = True


def _storage(login: LoginState, registration: Registration) -> dict[str, str]:
    frame = "" if login.storage_frame == ASK else login.storage_frame
    platform = origin(registration.auth_login_url)
    return {"frame": frame, "origin": platform, "key": login.storage_key, "value": login.proof}


def _fields(request: HttpRequest, *names: str) -> dict[str, str]:
    given = request.POST if request.method == "POST" else request.GET
    return {name: given[name] for name in names if name in given}


def _path() -> str:
    return reverse("lti_1p3_provider:launch").removesuffix("launch/")

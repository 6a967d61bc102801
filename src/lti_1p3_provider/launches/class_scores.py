"""The scores of the class, for people who teach it: a button on the content's page, and the page that it opens.

The button posts a signed form to a window of its own. That window needs no session: next to a frame it may have none,
or somebody else's, and nobody is signed in for it. Each time, the account must have a live grant from the same link, by
a launch of somebody who teaches.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import ClassScoresClosed, GrantMissing, LaunchNotPosted
from lti_1p3_provider.gates import policy
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.launches import grants, targets
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.lti.claims import Message
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.status import class_page, course_page
from lti_1p3_provider.scores.status.views import MAX_LENGTH, place
from lti_1p3_provider.users.models import Grant
from lti_1p3_provider.web import same_origin

DOOR = "lti_1p3_provider:class_scores"
SALT = "lti_1p3_provider.class_scores"
LIFETIME = 3600  # seconds for which a page's button works, as long as the grant does


def teaches(message: Message) -> bool:
    """Tell whether a launch's person teaches the platform's course. Test users and anonymous people do not count."""
    return message.subject is not None and message.roles.is_instructor and not message.roles.is_test_user


def feature(grant: Grant, target: Target) -> str | None:
    """Return the argument of the script's feature, as JSON; None for people who do not teach."""
    if grant.taught_link_pk is None:
        return None
    about = {
        "user": grant.user_id,
        "course": str(target.course_key),
        "block": str(target.usage_key),
        "link": grant.taught_link_pk,
    }
    said = {"address": reverse(DOOR), "token": signing.dumps(about, salt=SALT), "text": _("Scores of your class")}
    return json.dumps(said)


@method_decorator([csrf_exempt, xframe_options_deny], name="dispatch")
class ClassScoresView(DoorView):
    """The page that the button opens. It shows, and changes nothing."""

    name = "class_scores"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody reloaded the address."""
        raise LaunchNotPosted("GET on the address of a class's scores")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Show one page of the class's scores."""
        token = request.POST.get("token", "")
        link, target = self._class(request, token)
        activity = reduce(request.POST.get("activity", "")[: MAX_LENGTH["activity"]])
        rows = class_page.rows_of(link, target.course_key, activity)
        lines, last = course_page.page(rows, target.course_key, place(request.POST.get("after", "")))
        page = {
            "token": token,
            "class": link.context or link,
            "platform": link.deployment.registration.title,
            "lines": lines,
            "activity": activity,
            "activities": class_page.activities(link, target.course_key),
            "after": f"{last[0]}.{last[1]}" if last else "",
            "script": address("local_times.js"),
        }
        response = render(request, "lti_1p3_provider/class_scores.html", page)
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response

    def _class(self, request: HttpRequest, token: str) -> tuple[ResourceLink, Target]:
        """Return whose class is asked for, identified by its link, and the content that was launched.

        Raises:
            ClassScoresClosed
            GateClosed
        """
        about = _read(request, token)
        target = targets.from_keys(about["course"], about["block"])
        user = get_user_model().objects.filter(pk=about["user"]).first()
        try:
            grant = grants.find(user, target) if user is not None else None
        except GrantMissing as error:
            raise ClassScoresClosed(error.detail) from error
        if grant is None or grant.taught_link_pk != about["link"]:
            raise ClassScoresClosed("the account's newest launch of the block was another")
        self.trail.registration, self.trail.deployment = grant.deployment.registration, grant.deployment
        policy.require(grant.deployment.registration, target.course_key, target.usage_key)
        needed = ResourceLink.objects.select_related("context", "deployment__registration")
        link = needed.filter(pk=about["link"], deployment=grant.deployment).first()
        if link is None:
            raise ClassScoresClosed("the link is gone")
        return link, target


def _read(request: HttpRequest, token: str) -> dict[str, Any]:
    """Return what a form of ours names.

    Raises:
        ClassScoresClosed: it is not ours, not from a page of ours, or too old.
    """
    if not same_origin.posted_here(request):
        raise ClassScoresClosed("not posted by a page of this site")
    try:
        return dict(signing.loads(token, salt=SALT, max_age=LIFETIME))
    except signing.BadSignature as error:
        raise ClassScoresClosed(type(error).__name__) from error

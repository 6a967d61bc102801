"""What a content page in the browser needs when its session ends while somebody types. What they typed is kept until
they are signed in again as the same person.

A page cannot sign anybody in, because a platform's hint is good for one login. The person opens the link in their
course once more, in another tab or by reloading this one.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from lti_1p3_provider.launches.targets import Target

SESSION = "lti_1p3_provider:session"
SALT = "lti_1p3_provider.reconnect"


def feature(user: AbstractUser, target: Target) -> str:
    """Return the argument of the script's feature, as JSON."""
    address = reverse(SESSION, args=[str(target.course_key), str(target.usage_key)])
    words = {
        "ended": _(
            "You are no longer signed in here, so your answer was not taken. What you typed is kept: open this "
            "activity from your course once more, in another tab, and then come back here and submit it again."
        ),
        "other": _(
            "Since this page was opened, another activity was opened in this browser, with another account, so your "
            "answer was not taken. What you typed is kept: open this activity from its course once more, in another "
            "tab, and then come back here and submit it again."
        ),
        "back": _("You are signed in again. Please submit your answer once more."),
        "renewed": _(
            "Your answer was not taken, because another activity was opened at the same moment. "
            "Please submit it once more."
        ),
        "restored": _("What you had typed before is back. Please check and submit it."),
        "check": _("I am signed in again"),
    }
    return json.dumps({"address": address, "learner": _name(user), "words": words})


def still_here(request: HttpRequest, user: AbstractUser) -> dict[str, Any]:
    """Return a name for the account, and the CSRF token for the page's next answer, which each sign-in changes."""
    return {"learner": _name(user), "csrf": get_token(request)}


def _name(user: AbstractUser) -> str:
    """Return a name for the account that says nothing about it and is the same at each launch."""
    return salted_hmac(SALT, str(user.pk), algorithm="sha256").hexdigest()[:20]

"""Carries a validated launch from a frame without cookies to a separate window, where our cookies work.

It can be used once, within a minute, and only from a page of ours: a form on another site must not be able to sign
anybody in. (Security Framework 1.0, 5.1.1.1)
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lti_1p3_provider.errors import AccountInactive, HandOverInvalid
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import targets
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.lti import store
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.users import ordinary
from lti_1p3_provider.web import same_origin

LIFETIME = 60  # seconds
SALT = "lti_1p3_provider.handover"


def page(request: HttpRequest, launch: Launch[Message], user: AbstractUser, target: Target) -> HttpResponse:
    """Return the page with the button that opens the window."""
    about = {"user": user.pk, "course": str(target.course_key), "block": str(target.usage_key)}
    about |= {"registration": launch.registration.pk, "login": launch.login.digest}  # no two are equal
    token = signing.dumps(about, salt=SALT)
    return render(request, "lti_1p3_provider/handover.html", {"token": token, "seconds": LIFETIME})


def redeem(request: HttpRequest) -> tuple[AbstractUser, Target]:
    """Return the person and the target for which a launch was handed over.

    Raises:
        HandOverInvalid: it is not ours, not from a page of ours, too old or used.
        AccountInactive, AccountPrivileged, StateStoreDown
    """
    if not same_origin.posted_here(request):
        raise HandOverInvalid("not posted by a page of this site")
    token = request.POST.get("token", "")
    try:
        about = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.SignatureExpired as error:
        raise HandOverInvalid(f"older than {LIFETIME} s") from error
    except signing.BadSignature as error:
        raise HandOverInvalid("not signed by this site") from error
    if not store.add(f"lti1p3:handover:{digest(token)}", LIFETIME + 60):
        raise HandOverInvalid("used before, or the cache keeps nothing")
    return _user(about["user"], about.get("registration")), targets.from_keys(about["course"], about["block"])


def _user(pk: int, registration_pk: int | None) -> AbstractUser:
    user = get_user_model().objects.filter(pk=pk).first()
    if user is None or not user.is_active:
        raise AccountInactive(f"user {pk}")
    ordinary.require(user, registration_pk)
    found: AbstractUser = user
    return found

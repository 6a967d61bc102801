"""Accounts and sessions of the LMS."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model, load_backend, login, logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.database.storable import keeps, reduce
from lti_1p3_provider.host import last_login, recorded_login
from lti_1p3_provider.host.port import StaffRole
from lti_1p3_provider.host.sessions import renew_key

NO_STAFF = frozenset(("beta_testers",))  # of the roles in courses; they see content earlier, and nobody's scores

log = logging.getLogger(__name__)


@prepared
def _profile(user: int) -> QuerySet[Any]:
    from common.djangoapps.student.models import UserProfile

    return UserProfile.objects.filter(user_id=user)  # type: ignore[no-any-return]


class OpenEdxIdentity:
    """Django users with the LMS's UserProfile, in its safe sessions."""

    def create_user(self, username: str, email: str | None, name: str, *, signs_in: bool = False) -> AbstractUser:
        """Create an active account. The profile must exist: enrolment and concurrent-login checks rely on it."""
        from common.djangoapps.student.models import UserProfile

        user = get_user_model()(username=username, email=_free(email) or f"{username}@{conf.email_domain}")
        user.set_unusable_password()
        if signs_in:
            last_login.write_ahead(user)
        user.save()
        UserProfile.objects.create(user=user, name=reduce(name, UserProfile)[:255])
        return user

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Write what changed. If the profile is gone, make a new one."""
        from common.djangoapps.student.models import UserProfile

        name = reduce(name, UserProfile)[:255]
        profile, _ = UserProfile.objects.get_or_create(user=user, defaults={"name": name})
        if name and profile.name != name:
            UserProfile.objects.filter(pk=profile.pk).update(name=name)
        if email and email != user.email and _free(email):
            user.email = email
            user.save(update_fields=["email"])

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Log in. Safe sessions would flush a session whose user changes without notice."""
        from openedx.core.djangoapps.safe_sessions.middleware import mark_user_change_as_expected

        profile = _fresh_profile(user)
        if request.user.is_authenticated and request.user.pk == user.pk:
            # A fresh login would end this user's other session where concurrent logins are prevented.
            before = request.session.session_key
            renew_key(request.session)
            _record_renewal(profile, before, request.session.session_key)
            return
        mark_user_change_as_expected(user.pk)
        recorded_login.begin(request.session)
        if conf.prevents_concurrent_logins:
            recorded_login.spare_launched(profile, type(request.session))
        with last_login.written_once(user):
            login(request, user, backend=_backend_for(user))  # type: ignore[arg-type]

    def sign_out(self, request: HttpRequest) -> None:
        """Log out. Otherwise safe sessions would believe that users were mixed up."""
        from openedx.core.djangoapps.safe_sessions.middleware import mark_user_change_as_expected

        mark_user_change_as_expected(None)
        if conf.prevents_concurrent_logins and _would_end_another(request):
            # Nobody logs out: the person is signed in under another key.
            request.session.flush()
            request.user = AnonymousUser()
        else:
            logout(request)

    def drop_login_cookies(self, response: HttpResponseBase) -> None:
        """Let the LMS say which cookies these are; its own way of deleting them does not work in another site's
        frame."""
        from openedx.core.djangoapps.user_authn.cookies import delete_logged_in_cookies

        gone = delete_logged_in_cookies(HttpResponse())
        for name, cookie in gone.cookies.items():
            if conf.session_works_in_frames:
                cookie["samesite"], cookie["secure"] = "None", True
            response.cookies[name] = cookie

    def add_login_cookies(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Have the LMS set them. It loads a key, signs a token and writes two rows, which takes 40 ms."""
        from openedx.core.djangoapps.user_authn.cookies import set_logged_in_cookies
        from openedx.core.djangoapps.user_authn.exceptions import AuthFailedError

        self.drop_login_cookies(response)
        made = HttpResponse()
        try:
            set_logged_in_cookies(request, made, user)
        except AuthFailedError:  # the site has no OAuth client for them; our pages need none
            log.exception("LTI: the login cookies of other front ends cannot be made")
            return
        for name, cookie in made.cookies.items():
            response.cookies[name] = cookie

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Ask the LMS: where roles are kept is its own affair."""
        from lms.djangoapps.courseware.access import has_access

        return user.is_active and bool(has_access(user, "staff", course_key))

    def staff_roles(self, user: AbstractUser) -> frozenset[StaffRole]:
        """Ask the LMS's cache of roles, which newer releases fill from two sources. The check of access to content asks
        it anyway."""
        from common.djangoapps.student.role_helpers import get_role_cache

        site = {StaffRole("site")} if user.is_staff or user.is_superuser else set()
        held = (role for role in get_role_cache(user).all_roles_set if role.role not in NO_STAFF)
        return frozenset({StaffRole(role.role, role.org or "", str(role.course_id or "")) for role in held} | site)

    def names(self, user_ids: Iterable[int]) -> Mapping[int, str]:
        """Read profiles: the LMS leaves the names in Django's own table empty."""
        from common.djangoapps.student.models import UserProfile

        rows = UserProfile.objects.filter(user_id__in=list(user_ids)).exclude(name="")
        return dict(rows.values_list("user_id", "name"))

    def erase(self, user: AbstractUser) -> None:
        """Empty the profile, too. ``meta`` may hold whatever a site asked for at registration."""
        from common.djangoapps.student.models import UserProfile

        UserProfile.objects.filter(user_id=user.pk).update(name="", meta="")
        user.email, user.first_name, user.last_name = f"{user.username}@{conf.email_domain}", "", ""
        user.is_active = False
        user.set_unusable_password()
        user.save()


def _fresh_profile(user: AbstractUser) -> Any:
    """Return the profile as it is now, and put it where the LMS's receivers find it: they save it with all its
    fields. It is read even if this launch made it, because receivers of plugins may have changed it since."""
    from common.djangoapps.student.models import UserProfile

    profile = _profile.one(user.pk)
    if profile is None:  # somebody deleted it, and the LMS does not work without
        profile = UserProfile.objects.create(user=user)
    user.profile = profile  # type: ignore[attr-defined]
    return profile


def _record_renewal(profile: Any, before: str | None, now: str | None) -> None:
    """Store the renewed session's key. Where concurrent logins are prevented, the next login ends the session whose key
    is stored, and the old key has only a minute left.

    This is done only if nobody has logged in meanwhile: that session would be stored by now.
    """
    from common.djangoapps.student.models import UserProfile

    meta = profile.meta
    if conf.prevents_concurrent_logins and recorded_login.renewed(profile, before, now):
        UserProfile.objects.filter(pk=profile.pk, meta=meta).update(meta=profile.meta)


def _would_end_another(request: HttpRequest) -> bool:
    """Tell whether a logout would make the LMS end another session than this one."""
    from common.djangoapps.student.models import UserProfile

    profile = UserProfile.objects.filter(user_id=request.user.pk).first()
    return profile is not None and recorded_login.is_of_another(profile, request.session)


def _free(email: str | None) -> str | None:
    """Return the address if nobody has it, and nobody who left had it."""
    from common.djangoapps.student.models import is_email_retired

    if not email or len(email) > 254 or not keeps(email, get_user_model()):
        return None
    taken = get_user_model().objects.filter(email__iexact=email).exists() or is_email_retired(email)
    return None if taken else email


def _backend_for(user: AbstractUser) -> str:
    """Return a configured backend that knows the user: sites replace and reorder backends.

    Backends of single sign-on know every user, too, and come first. They are left out, because this is no session of
    theirs.
    """
    for path in _own_first(conf.authentication_backends):
        if _knows(load_backend(path), user):
            return path
    return "django.contrib.auth.backends.ModelBackend"


@lru_cache(maxsize=1)
def _own_first(paths: tuple[str, ...]) -> list[str]:
    return sorted(paths, key=lambda path: not isinstance(load_backend(path), ModelBackend))


def _knows(backend: Any, user: AbstractUser) -> bool:
    """Ask the backend, without a query where it would do as Django's own does."""
    if isinstance(backend, ModelBackend) and type(backend).get_user is ModelBackend.get_user:
        return bool(backend.user_can_authenticate(user))  # type: ignore[arg-type]
    find = getattr(backend, "get_user", None)
    return find is not None and find(user.pk) is not None

"""The page of the admin on which an operator moves a person: it asks for the account, shows what goes and what stays,
and asks for a confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import helpers
from django.contrib.auth import get_permission_codename, get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.people.find import Person
from lti_1p3_provider.people.move import Moved, NotMoved, move, said

CONFIRMED = "confirmed"
TO = "to"  # the username


def is_allowed(request: HttpRequest) -> bool:
    """Tell whether somebody may change accounts: moving a person lets a platform sign in to one."""
    account = get_user_model()._meta
    return request.user.has_perm(f"{account.app_label}.{get_permission_codename('change', account)}")


def moved_or_asked(request: HttpRequest, person: Person, context: dict[str, Any]) -> Moved | HttpResponse:
    """Move the person if the form names an account and confirms it; else return the page that asks for what is missing.
    ``context``: what all pages of the admin get."""
    username, found, refused = request.POST.get(TO, "").strip(), None, ""
    try:
        if username:
            author = Author(request.user, Change.Way.ADMIN)
            found = move(person, username, author, do_it=request.POST.get(CONFIRMED) == "yes")
            if request.POST.get(CONFIRMED) == "yes":
                return found
    except NotMoved as error:
        refused = str(error.args[0])
    page = {
        **context,
        "title": _("Move a person to another account"),
        "person": person,
        "username": username,
        "found": found,
        "lines": said(found) if found else (),
        "refused": refused,
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
    }
    return render(request, "lti_1p3_provider/person_move.html", page)

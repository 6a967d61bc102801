"""A course's team, and what its page of scores shows."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore

from demo.browser import Browser
from demo.lms.host import BACKEND
from demo.lms.people import TEAM
from tests.connection import COURSE


def signed_in(connection, user: Any) -> Browser:
    """Return the browser of somebody who signed in to the LMS itself."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    browser = Browser()
    browser.cookies.set("sessionid", session.session_key)
    return browser


def somebody(name: str, course: str = "", **values: Any) -> Any:
    """Return an account, in the team of a course if one is named."""
    user = get_user_model().objects.create_user(name, **values)
    if course:
        user.groups.add(Group.objects.get_or_create(name=TEAM.format(course))[0])
    return user


def address(connection, course: str = COURSE) -> str:
    return f"{connection.lms}/lti/1p3/scores/{course}/"


def rows(text: str) -> list[str]:
    """Return the page's table, row by row, without tags."""
    found = re.findall(r'<tr role="row">\s*<td(.*?)</tr>', text, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", "<td" + row).split()) for row in found]

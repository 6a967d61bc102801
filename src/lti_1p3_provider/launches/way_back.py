"""The link back to the platform below the content, if the launch named an address for it. (LTI 1.3 Core, 5.4.4)

The page has only the address of a door of ours. Platforms put tokens of their own sessions into theirs (Moodle its
``sesskey``), and scripts of other people run on the page.
"""

from __future__ import annotations

import json

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import split_url

DOOR = "lti_1p3_provider:way_back"
KEPT = "lti_1p3_ways_back"  # in the session: addresses by block
MAX_BLOCKS, MAX_URL = 20, 2000


def remember(request: HttpRequest, target: Target, return_url: str) -> None:
    """Store in the session where the launch of this block came from. The newest launch counts."""
    ways: dict[str, str] = dict(request.session.get(KEPT, {}))
    name = _name(target)
    known = ways.pop(name, "")
    if _is_address(return_url):
        ways[name] = return_url
    elif not known:
        return
    request.session[KEPT] = dict(list(ways.items())[-MAX_BLOCKS:])


def address(request: HttpRequest, target: Target) -> str:
    """Return where the session's launch of this block came from; empty if it named no such place."""
    return str(request.session.get(KEPT, {}).get(_name(target), ""))


def feature(request: HttpRequest, target: Target, registration: Registration) -> str | None:
    """Return the argument of the script's feature, as JSON; None if the launch named no address."""
    if not address(request, target):
        return None
    door = reverse(DOOR, args=[str(target.course_key), str(target.usage_key)])
    return json.dumps({"address": door, "text": _("Back to %s") % registration.title})


def _name(target: Target) -> str:
    return digest(str(target.usage_key))[:16]


def _is_address(url: str) -> bool:
    """Whether it is a web address: a link must not run a script."""
    return len(url) <= MAX_URL and split_url(url) is not None

"""Reads from one of our addresses what a launch wants to open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import require
from lti_1p3_provider.errors import TargetInvalid
from lti_1p3_provider.lti.claims import Message
from lti_1p3_provider.lti.resource_link import TARGET
from lti_1p3_provider.web.addresses import AROUND, origin_of, split_url, trimmed
from lti_1p3_provider.web.own_addresses import address
from lti_1p3_provider.web.same_origin import base_url

CONTENT, COURSE = "lti_1p3_provider:content", "lti_1p3_provider:course"
LAUNCH, URLS = "lti_1p3_provider:launch", "lti_1p3_provider.urls"
OF_LTI_1P1 = re.compile(r"/lti_provider/courses/(?P<course_key>[^/]+)/(?P<usage_key>[^/]+)")
MAX_ENCODED = 2  # times that an address was encoded too often


@dataclass(frozen=True, slots=True)
class Target:
    """A block of a course; the course's own block stands for all of it."""

    course_key: CourseKey
    usage_key: UsageKey

    @property
    def is_course(self) -> bool:
        """Whether this is a whole course."""
        return bool(self.usage_key.block_type == "course")

    @property
    def path(self) -> str:
        """The address of this block's content, or of the course."""
        if self.is_course:
            return address(COURSE, str(self.course_key))
        return address(CONTENT, str(self.course_key), str(self.usage_key))


def chosen(message: Message, request: HttpRequest) -> Target:
    """Return what a launch opens: what its custom parameter ``openedx_target`` names, else its ``target_link_uri``.

    The parameter is an address of ours, or the key of a block or course. (LTI 1.3 Core, 5.4.6)

    Raises:
        TargetInvalid, TextNotKept: as ``parse`` does.
    """
    named = trimmed(message.custom.get(TARGET, ""))
    if not named:
        return parse(message.target_link_uri, request)
    if "://" not in named:
        named = unquote(named).rstrip("/")
    if "://" in named:
        return parse(named, request)
    named = _key(named)
    try:
        course = str(UsageKey.from_string(named).context_key)
    except InvalidKeyError:
        return from_keys(named)
    return from_keys(course, named)


def parse(url: str, request: HttpRequest) -> Target:
    """Return what a ``target_link_uri`` names. (LTI 1.3 Core, 5.3.4) Links from LTI 1.1 have an address of the LMS's
    own provider, which names the same two keys.

    Raises:
        TargetInvalid: it is not the address of content here.
        TextNotKept: no course or block can have such a key.
    """
    url = trimmed(url)
    parts = split_url(url)
    if parts is None:
        raise TargetInvalid("target_link_uri is not a web address")
    if _host_and_port(url) not in (_host_and_port(base_url(request)), _host_and_port(conf.public_url)):
        raise TargetInvalid("target_link_uri is not on this host")
    path = unquote(parts.path).strip().rstrip("/")
    if old := OF_LTI_1P1.fullmatch(path):
        return from_keys(**old.groupdict())
    above = address(LAUNCH).removesuffix("/launch/")
    try:
        if not path.startswith(f"{above}/"):
            raise Resolver404
        match = resolve(path.removeprefix(above), URLS)  # among ours alone: an LMS has hundreds
    except Resolver404 as error:
        raise TargetInvalid("target_link_uri is no page of this site") from error
    if match.url_name not in (CONTENT.partition(":")[2], COURSE.partition(":")[2]):
        raise TargetInvalid("target_link_uri names no content: it must end in <course key>/<usage key>")
    return from_keys(**match.kwargs)


def from_keys(course_key: str, usage_key: str = "") -> Target:
    """Return the target with these keys; without a usage key it is the whole course.

    Raises:
        TargetInvalid: they cannot be read or do not belong together.
        TextNotKept: no course or block can have such a key.
    """
    course_key, usage_key = _key(course_key), _key(usage_key)
    try:
        course = CourseKey.from_string(course_key)
        usage = UsageKey.from_string(usage_key) if usage_key else course.make_usage_key("course", "course")
    except InvalidKeyError as error:
        raise TargetInvalid("the course key or usage key cannot be read") from error
    require(course_key, "the course key")
    require(usage_key, "the usage key")
    if not isinstance(course, CourseLocator) or course.branch or course.version_guid or course.deprecated:
        raise TargetInvalid("the course key does not name a published course")
    if usage.context_key != course:
        raise TargetInvalid("the block is not one of this course")
    return Target(course, usage)


def _key(text: str) -> str:
    """A key holds no white space and no percent sign. Around it, somebody copied too much; a blank in it was a plus
    before somebody took the address for a form's; and some encode an address that is encoded already."""
    for _ in range(MAX_ENCODED):
        text = unquote(text)
    return text.strip(AROUND).replace(" ", "+")


def _host_and_port(url: str) -> str:
    there = origin_of(url)
    return there.host_and_port if there else ""

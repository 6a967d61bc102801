"""Finds our own addresses before those of the LMS, and remembers those that were made.

The LMS has hundreds of addresses, and those of plugins come last. Finding ours among them takes longer than verifying a
launch's message. So until its view is found, a request to one of them uses the same addresses in another order
(Django's ``request.urlconf``). Our addresses are the same in every language, so each is made only once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver, get_script_prefix, get_urlconf, reverse, set_urlconf

NAMESPACE = "lti_1p3_provider"
KNOWN = 1024  # those of blocks too, which are as many as there are links


class OursFirst:
    """A site's addresses, with ours first. Everything else, like error pages, is the site's."""

    def __init__(self, site: URLResolver) -> None:
        self.urlpatterns: list[URLPattern | URLResolver] = sorted(site.url_patterns, key=_is_of_others)
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(self._site.urlconf_module, name)


def address(name: str, *args: str) -> str:
    """Return the path of one of our pages, as ``reverse`` does, with keys as ``args``.

    Raises:
        NoReverseMatch: the site has left our addresses out.
    """
    return _address(get_resolver(get_urlconf()), get_script_prefix(), name, args)


def look_up_first(request: HttpRequest) -> None:
    """Have the view of a request to one of our addresses looked up among ours first. If the site chose another order
    for this request, leave it.

    This does not change what one of our addresses means: no other pattern of the site can come before ours there.
    """
    if not hasattr(request, "urlconf"):
        request.urlconf = _ours_first(get_resolver())  # type: ignore[assignment]  # a module, or what is like one


def look_up_as_others(request: HttpRequest) -> None:
    """From now on, read and write addresses as in any other request: the view is found."""
    if isinstance(getattr(request, "urlconf", None), OursFirst):
        del request.urlconf
        set_urlconf(None)


@lru_cache(maxsize=KNOWN)
def _address(site: URLResolver, prefix: str, name: str, args: tuple[str, ...]) -> str:
    return reverse(name, args=args)


@lru_cache(maxsize=1)
def _ours_first(site: URLResolver) -> OursFirst:
    return OursFirst(site)


def _is_of_others(one: URLPattern | URLResolver) -> bool:
    return getattr(one, "namespace", None) != NAMESPACE

"""Our own addresses: they are written once, and looked up before those of the LMS.

The LMS has hundreds of addresses, and those of plugins come last. To find ours among them takes longer than to verify
a launch's message; so a request to one of them has its own order of the same addresses (Django's ``request.urlconf``),
until its view is found. Our addresses are the same in every language, so none is put together twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver, get_script_prefix, get_urlconf, reverse, set_urlconf

NAMESPACE = "lti_1p3_provider"
KNOWN = 1024  # those of blocks too, which are as many as there are links


class OursFirst:
    """A site's addresses, ours before all others; everything else, like pages for errors, is as the site has it."""

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
    """Have the view of a request to one of our addresses looked up among them first; leave a site's own choice alone.

    What one of our addresses means does not change by it: no other pattern of the site can come before ours there.
    """
    if not hasattr(request, "urlconf"):
        request.urlconf = _ours_first(get_resolver())  # type: ignore[assignment]  # a module, or what is like one


def look_up_as_others(request: HttpRequest) -> None:
    """The view is found: from now on addresses are read and written as in any other request."""
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

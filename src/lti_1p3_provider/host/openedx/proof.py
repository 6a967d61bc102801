"""The login of the LMS."""

from __future__ import annotations

from urllib.parse import urlencode

from django.shortcuts import resolve_url

from lti_1p3_provider.conf import conf


class OpenEdxProof:
    """``/login`` of the LMS, which leads to the page that the site uses, and to providers of single sign-on."""

    def login_address(self, back: str) -> str:
        """Return the address. The LMS accepts paths of its own as ``next``."""
        return f"{resolve_url(conf.login_url)}?{urlencode({'next': back})}"

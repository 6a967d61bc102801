"""Finds the host: the class that ``LTI_1P3_PROVIDER_HOST`` names, made once per process."""

from __future__ import annotations

from functools import cache

from django.utils.module_loading import import_string

from lti_1p3_provider.conf import conf
from lti_1p3_provider.host.port import Host


@cache
def _load(path: str) -> Host:
    host: Host = import_string(path)()
    return host


def current() -> Host:
    """Return the configured host.

    Raises:
        ImportError: the configured path leads nowhere.
    """
    return _load(conf.host)

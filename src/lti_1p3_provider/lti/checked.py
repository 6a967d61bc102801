"""Looks a platform's name up and lets only a public address through.

The connection is then made to the very address that was checked, so a name that changes its mind gains nothing.
"""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from lti_1p3_provider.lti.deadline import in_time

# Besides what the library refuses: old forms of IPv6 that lead to an IPv4 address or into a site's own network.
SPECIAL = tuple(map(ip_network, ("::/96", "::ffff:0:0:0/96", "fec0::/10")))


class CheckedAdapter(IPFilterAdapter):  # type: ignore[misc]  # the library is not typed
    """The library's check, in time, and what it leaves out."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return what names the connection; its host is an address.

        Raises:
            InvalidIPAddress, requests.ConnectionError, TimeoutError
        """
        resolve = partial(super().build_connection_pool_key_attributes, request, verify, cert)
        host_params, pool_kwargs = in_time(resolve)
        if any(ip_address(host_params["host"].strip("[]")) in network for network in SPECIAL):
            raise InvalidIPAddress(host_params["host"])
        return host_params, pool_kwargs

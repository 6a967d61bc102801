"""Looks up a platform's name, and accepts only a public address.

The connection is then made to the same address that was checked, so a name that changes its address gains nothing. For
a host that the operator allowed, any address will do, except those at which a cloud tells its machines their secrets.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress, filter_host
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from lti_1p3_provider.lti.deadline import Deadline, in_time

# Besides what the library refuses: old forms of IPv6 that lead to an IPv4 address or into a site's own network.
OLD_FORMS = tuple(map(ip_network, ("::/96", "::ffff:0:0:0/96", "fec0::/10")))
# Where clouds tell a machine its secrets: AWS, Azure, Google and most others (link-local), Azure's host (a public
# address, which the library lets through), Alibaba, Oracle, AWS and Google over IPv6.
METADATA = tuple(
    map(
        ip_network,
        (
            *("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32"),
            *("fd00:ec2::/32", "fd20:ce::/32", "fe80::a9fe:a9fe/128"),
        ),
    )
)
SPECIAL = (*OLD_FORMS, *METADATA)


class CheckedAdapter(IPFilterAdapter):  # type: ignore[misc]  # the library is not typed
    """The library's check, within the time limit, and for addresses that it leaves out."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return what names the connection; its host is an address.

        Raises:
            InvalidIPAddress, requests.ConnectionError, TimeoutError
        """
        resolve = partial(super().build_connection_pool_key_attributes, request, verify, cert)
        host_params, pool_kwargs = in_time(resolve)
        _refuse(host_params["host"].strip("[]"), SPECIAL)
        return host_params, pool_kwargs


class NamedAdapter(HTTPAdapter):
    """For hosts that the operator allowed. Their name is looked up again when the connection is made. Somebody who
    controls the name could change it in between, but that is the operator's own network."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return what names the connection.

        Raises:
            InvalidIPAddress, TimeoutError
        """
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, verify, cert)
        for address in _addresses(str(host_params["host"]).strip("[]")):
            _refuse(address, METADATA)
        return host_params, pool_kwargs


def is_forbidden(host: str, seconds: float) -> bool:
    """Tell whether a host leads to an address that is called only if the operator allows it. A host without an address,
    or none within so many seconds, is not forbidden: it may have one later."""
    try:
        with Deadline(seconds):
            _refuse(str(in_time(partial(filter_host, host, 443, allow_loopback=False))).strip("[]"), SPECIAL)
    except InvalidIPAddress:
        return True
    except (requests.RequestException, OSError, ValueError):
        return False
    return False


def _addresses(host: str) -> list[str]:
    """Return all addresses of a host. If it has none, the connection will report that."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    with suppress(OSError):
        return [str(found[4][0]) for found in in_time(partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM))]
    return []


def _refuse(text: str, networks: tuple[Any, ...]) -> None:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in networks):
        raise InvalidIPAddress(text)

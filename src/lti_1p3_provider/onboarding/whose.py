"""Whether a configuration speaks for the platform that shows it, and whether that one is invited."""

from __future__ import annotations

from collections.abc import Iterator

from lti_1p3_provider.errors import ConfigurationForeign, PlatformNotInvited
from lti_1p3_provider.lti.platform_configuration import ENDPOINTS, PlatformConfiguration
from lti_1p3_provider.platforms import Preset, of_family
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import Origin, is_within, origin, origin_of


def require_own(configuration: PlatformConfiguration) -> Preset:
    """Return the preset of a configuration whose issuer and addresses are on the host that shows it, or where its
    family has them. (Dynamic Registration 1.0, 3.4)

    Raises:
        ConfigurationForeign: somebody speaks for another platform.
    """
    known = of_family(configuration.family)
    there = origin(configuration.address)
    if origin(configuration.issuer) != there and configuration.issuer not in known.registering.issuers:
        raise ConfigurationForeign(f"issuer {configuration.issuer[:200]} is not on {there}")
    own = (there, *known.registering.hosts)
    for name, url in zip(ENDPOINTS, configuration.endpoints, strict=True):
        if not is_within(url, own):
            raise ConfigurationForeign(f"{name} is on {origin(url)}, not on {there}")
    return known


def has_own_audience(row: Registration, known: Preset) -> bool:
    """Tell whether what we sign for the registration's token address counts there, and nowhere else.

    Our assertions name a client ID and an audience, and one key may sign for all platforms. Whoever registers another
    platform's client ID, and that one's audience beside a token address of their own, would be handed what gets
    another's access tokens. So an audience is on the token address's host, or is that platform's as we know it.
    """
    own = origin(row.auth_token_url)
    usual = known.endpoints
    is_usual = row.auth_audience == usual.auth_audience and own == origin(usual.auth_token_url)
    return not row.auth_audience or is_usual or is_within(row.auth_audience, (own,))


def require_invited(url: str, host: str) -> None:
    """Return if an address is on the host that an invitation names, with or without its port; empty: on any.

    Raises:
        PlatformNotInvited
    """
    there = origin_of(url)
    if host and (there is None or there not in _meant(host, there)):
        raise PlatformNotInvited(f"invited is {host}, not {origin(url)}")


def _meant(host: str, there: Origin) -> Iterator[Origin]:
    named = host.partition("/")[0]
    if wanted := origin_of(f"{there.scheme}://{named}"):
        has_port = named.rpartition(":")[2].isdigit() and ":" in named
        yield wanted if has_port else wanted._replace(port=there.port)

"""Decides whether a configuration speaks for the platform that shows it, and whether that platform is invited."""

from __future__ import annotations

from collections.abc import Iterator

from lti_1p3_provider.errors import ConfigurationForeign, PlatformNotInvited
from lti_1p3_provider.lti.platform_configuration import ENDPOINTS, PlatformConfiguration
from lti_1p3_provider.onboarding.courses import Doubt
from lti_1p3_provider.platforms import PRESETS, Preset, of_family, preset
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


def foreign(row: Registration) -> str:
    """Return the field through which a registration would get another platform's access tokens; empty if there is none.
    This is for registrations that no operator of the site has checked.

    One key of ours may sign for all platforms, so a platform knows us only by a client ID and the address to which it
    is sent. Somebody could register another platform's client ID and token address, with a host of their own: we would
    fetch that platform's access tokens and hand them over. Or they could register its audience with a token address of
    their own: we would hand them our assertions. So all hosts must be the token address's own, or its vendor's. Some
    vendors have one token address for all customers, whose hosts may be anywhere; there, a client ID may be registered
    only once.
    """
    own = origin(row.auth_token_url)
    vendors = [one for one in PRESETS.values() if is_within(row.auth_token_url, _hosts(one))]
    hosts = (own, *(host for one in vendors for host in _hosts(one)))
    if _is_taken(row, hosts):
        return "client_id"
    usual = {(one.endpoints.auth_audience, _token_host(one)) for one in vendors}
    if row.auth_audience and not is_within(row.auth_audience, (own,)) and (row.auth_audience, own) not in usual:
        return "auth_audience"
    if own in map(_token_host, vendors):
        return ""
    known = preset(row.platform)
    hosts = (*hosts, *_hosts(known))  # what it says of itself: nobody's own host is among a vendor's
    named = {"auth_login_url": row.auth_login_url, "key_set_url": row.key_set_url}
    if row.issuer not in known.registering.issuers:
        named["issuer"] = row.issuer
    elsewhere = [name for name, url in named.items() if url and not is_within(url, hosts)]
    if any(source not in hosts for source in row.other_origins.split()):
        elsewhere.append("other_origins")
    return elsewhere[0] if elsewhere else ""


def doubts(row: Registration) -> list[Doubt]:
    """Return a doubt if an operator's registration would get another platform's access tokens, as ``foreign`` says. The
    operator may know better, but has to look."""
    field = foreign(row)
    if not field:
        return []
    label = row._meta.get_field(field).verbose_name  # type: ignore[union-attr]
    if field == "client_id":
        said = f"Another platform is registered with the {label} {row.client_id} and an access token URL there."
    else:
        said = (
            f"Its {label} is not on the host of its access token URL, {origin(row.auth_token_url)}, nor its vendor's."
        )
    return [Doubt("address", said, "Make sure that both belong to one platform: we would get its access tokens.")]


def _is_taken(row: Registration, hosts: tuple[str, ...]) -> bool:
    """Tell whether somebody else is known there by the same client ID. (The same issuer cannot have it twice
    anyway.)"""
    others = Registration.objects.filter(client_id=row.client_id).exclude(pk=row.pk).exclude(issuer=row.issuer)
    if row.org:
        others = others.exclude(org=row.org)
    return any(one.client_id == row.client_id and is_within(one.auth_token_url, hosts) for one in others)


def _hosts(known: Preset) -> tuple[str, ...]:
    """Return the hosts that are a vendor's own, for all its customers."""
    return (*filter(None, (_token_host(known),)), *known.registering.hosts, *(o for o in known.origins if "{" not in o))


def _token_host(known: Preset) -> str:
    """Return the host of a vendor's one token address for all customers; empty if each customer has their own."""
    url = known.endpoints.auth_token_url
    return "" if "{" in url else origin(url)


def require_invited(url: str, host: str) -> None:
    """Return if an address is on the host that an invitation names, with or without its port. An empty host allows any.

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

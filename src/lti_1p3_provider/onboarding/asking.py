"""What we ask of a platform that registers us: what it supports and this site uses, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _

from lti_1p3_provider.conf import conf
from lti_1p3_provider.host import static_files
from lti_1p3_provider.lti import ags, deep_linking, nrps
from lti_1p3_provider.lti.dynamic_registration import ToolDetails
from lti_1p3_provider.lti.platform_configuration import PlatformConfiguration
from lti_1p3_provider.lti.resource_link import HISTORY
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.platforms import Preset

SCOPES = (ags.SCORE_SCOPE, ags.LINE_ITEM_SCOPE, ags.LINE_ITEM_READ_SCOPE, ags.RESULT_SCOPE, nrps.SCOPE)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name")
EMAIL = "email"
ICON = "activity.png"


def details(configuration: PlatformConfiguration, known: Preset, invitation: Invitation) -> ToolDetails:
    """Return what to say and ask for; ``known`` is the platform's preset."""
    ours = guide(conf.public_url)
    logo = static_files.address(ICON)
    domain = urlsplit(ours.redirect_uri).netloc
    return ToolDetails(
        name=conf.tool_name,
        description=_("Problems, units and courses of %(site)s, with scores.") % {"site": conf.tool_name},
        domain=domain.removeprefix("www.") if known.registering.bare_domain else domain,
        login_url=ours.login_url,
        redirect_uri=ours.redirect_uri,
        jwks_url=ours.jwks_url,
        deep_linking_url=ours.deep_linking_url,
        deep_linking_label=_("Choose from %(site)s") % {"site": conf.tool_name},
        home_url=conf.public_url,
        logo_url=urljoin(f"{conf.public_url}/", logo) if logo else "",
        terms_url=conf.terms_url,
        privacy_url=conf.privacy_url,
        scopes=_supported(SCOPES, configuration.scopes),
        claims=_supported((*CLAIMS, EMAIL) if invitation.trust_emails else CLAIMS, configuration.claims),
        placements=_placements(configuration, known),
        resource_links=known.registering.asks_resource_links,
        custom=_custom(configuration),
    )


def _supported(wanted: tuple[str, ...], supported: frozenset[str] | None) -> tuple[str, ...]:
    """Return what the platform supports of these; all of them, if it does not say."""
    return tuple(one for one in wanted if supported is None or one in supported)


def _placements(configuration: PlatformConfiguration, known: Preset) -> tuple[str, ...] | None:
    """Return where content is chosen, in the platform's spelling. If it names no places, those of its family count."""
    if not configuration.supports(deep_linking.MESSAGE_TYPE):
        return None
    listed = (configuration.messages or {}).get(deep_linking.MESSAGE_TYPE, ())
    if not listed:
        is_known = known.registering.families or configuration.messages is None
        return known.registering.placements if is_known else ()
    spelt: Mapping[str, str] = {place.rstrip("/").rpartition("/")[2]: place for place in reversed(listed)}
    return tuple(spelt[place] for place in known.registering.placements if place in spelt)


def _custom(configuration: PlatformConfiguration) -> dict[str, str]:
    """Return parameters that tell from where a course or link was copied, if the platform has such variables."""
    return {name: value for name, value in HISTORY.items() if value.removeprefix("$") in configuration.variables}

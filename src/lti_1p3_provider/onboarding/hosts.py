"""Says at once that this site would not call a platform's host, so that the person who registers it can have the site
allow it."""

from __future__ import annotations

from lti_1p3_provider.lti.public_addresses import is_forbidden
from lti_1p3_provider.onboarding.courses import Doubt
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import is_private_host, split_url

PATIENCE = 2.0  # seconds for looking up a name
CALLED = ("auth_token_url", "key_set_url")  # by this server; the browser goes to the others


def doubts(registration: Registration) -> list[Doubt]:
    """Return a doubt for each host that leads to a private or special address and that the site does not allow."""
    found: dict[str, Doubt] = {}
    for name in CALLED:
        parts = split_url(getattr(registration, name) or "")
        if parts is None or is_private_host(parts) or parts.netloc in found:
            continue
        if is_forbidden(str(parts.hostname), PATIENCE):
            said = f"{parts.hostname} leads to a private or special address, which this site does not call."
            advice = (
                f"If it is in your own network, add it to LTI_1P3_PROVIDER_PRIVATE_HOSTS: ['{parts.netloc}']. If not, "
                "compare the address with what the platform shows."
            )
            found[parts.netloc] = Doubt("address", said, advice, refuses=True)
    return list(found.values())

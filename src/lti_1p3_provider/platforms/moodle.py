"""Moodle: everything lives under its wwwroot; one client id per deployment."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.preset import Endpoints, Preset
from lti_1p3_provider.platforms.registering import Registering

PRESET = Preset(
    name="moodle",
    label="Moodle",
    endpoints=Endpoints(
        issuer="https://{host}",
        auth_login_url="https://{host}/mod/lti/auth.php",
        auth_token_url="https://{host}/mod/lti/token.php",
        key_set_url="https://{host}/mod/lti/certs.php",
    ),
    steps=(
        "In Moodle: Site administration > Plugins > External tool > Manage tools > configure a tool manually.",
        "LTI version 1.3; public key type 'Keyset URL'; enter the JWKS URL, login URL and redirect URI shown here.",
        "Services > IMS LTI Assignment and Grade Services: 'Use this service for grade sync only'.",
        "Privacy: share name and email; 'Accept grades from the tool': as specified in Deep Linking definition.",
        "'Supports Deep Linking' on, 'Content Selection URL': the Deep Linking URL; 'Tool URL': the redirect URI.",
        "'Tool configuration usage': 'Show in activity chooser ...'. Teachers add the tool and press 'Select content'.",
        "Save, then open the tool's details: they show issuer, client ID and deployment ID.",
    ),
    score_interval=1,
    refusals={400: _("this person is not enrolled, is a teacher, or the message was not understood")},
    clamps=True,
    registering=Registering(
        families=("moodle",),
        where=_("Site administration > Plugins > External tool > Manage tools: 'Tool URL', then 'Add LTI Advantage'."),
        activate=(
            _("Manage tools shows the tool as pending: press 'Activate' on its card."),
            _(
                "Its settings (the cogwheel) > 'Tool configuration usage': 'Show in activity chooser and as a "
                "preconfigured tool'. Teachers find it there and press 'Select content'."
            ),
        ),
        bare_domain=True,
    ),
)

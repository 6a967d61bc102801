"""Moodle: everything lives under its wwwroot; one client id per deployment."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown
from lti_1p3_provider.platforms.registering import Registering

DETAILS = "Manage tools > the tool's card > View configuration details"

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
        proves_keys=True,
    ),
    key_care=KeyCare(
        reads="Nobody, if the tool has our JWKS URL: Moodle reads it when a key is new to it.",
        pasted="Moodle's administrator, if a key was pasted: switch the tool's Public key type to 'Keyset URL'.",
        moved="Moodle's administrator: enter the new address as the tool's Public keyset.",
    ),
    shows={
        "issuer": Shown(f"{DETAILS} > Platform ID.", ("Platform ID",)),
        "client_id": Shown(f"{DETAILS} > Client ID.", ("Client ID",), r"(?=.*\d)[A-Za-z0-9]{15}"),
        "deployment_id": Shown(f"{DETAILS} > Deployment ID.", ("Deployment ID",), r"\d{1,6}"),
        "auth_login_url": Shown(f"{DETAILS} > Authentication request URL.", ("Authentication request URL",)),
        "auth_token_url": Shown(f"{DETAILS} > Access token URL.", ("Access token URL",)),
        "key_set_url": Shown(f"{DETAILS} > Public keyset URL.", ("Public keyset URL",)),
    },
    takes={
        "login_url": "Initiate login URL",
        "redirect_uri": "Redirection URI(s), and Tool URL",
        "jwks_url": "Public keyset, with Public key type 'Keyset URL'",
        "target_link_uri": "Tool URL of an activity, where nobody chooses content",
        "deep_linking_url": "Content Selection URL, with 'Supports Deep Linking' on",
        "scopes": "Services > IMS LTI Assignment and Grade Services: 'Use this service for grade sync only'",
    },
)

"""Sakai: its token address holds the number that Sakai gives the tool."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown
from lti_1p3_provider.platforms.registering import Registering

DETAILS = "External Tools > the saved tool"

PRESET = Preset(
    name="sakai",
    label="Sakai",
    endpoints=Endpoints(
        issuer="https://{host}",
        auth_login_url="https://{host}/imsoidc/lti13/oidc_auth",
        auth_token_url="https://{host}/imsblis/lti13/token/{tool_id}",
        key_set_url="https://{host}/imsblis/lti13/keyset",
    ),
    steps=(
        "In Sakai: Administration Workspace > External Tools > Install LTI 1.x Tool.",
        "Choose LTI 1.3 and enter the login URL, redirect URI and JWKS URL shown here.",
        "'Allow External Tool to return grades' on; to enter addresses by hand also 'Allow launch URL to be changed'.",
        "To choose content in Lessons: allow the resource picker; Launch URL is the Deep Linking URL shown here.",
        "The saved tool shows client ID, token address (with the tool's number) and deployment ID (often 1).",
    ),
    variables=False,
    registering=Registering(
        families=("sakai",),
        where=_("Administration Workspace > External Tools > LTI Advantage Auto Provision."),
        activate=(
            _("External Tools: open the tool, and allow what its launches need: grades, and the resource picker."),
            _("Deploy it to the sites that are to have it, or let site owners add it."),
        ),
    ),
    key_care=KeyCare(
        pasted="Sakai's administrator, if a key was pasted: enter our JWKS URL as the tool's 'LTI 1.3 Tool Keyset'.",
        moved="Sakai's administrator: enter the new address as the tool's 'LTI 1.3 Tool Keyset'.",
    ),
    shows={
        "issuer": Shown(f"{DETAILS} > LTI 1.3 Platform Issuer.", ("LTI 1.3 Platform Issuer", "Platform Issuer")),
        "client_id": Shown(f"{DETAILS} > LTI 1.3 Client ID.", ("LTI 1.3 Client ID", "Client ID")),
        "deployment_id": Shown(
            f"{DETAILS} > LTI 1.3 Deployment Id; often 1.", ("LTI 1.3 Deployment Id", "Deployment Id")
        ),
        "auth_login_url": Shown(f"{DETAILS} > LMS OIDC Endpoint URL.", ("LMS OIDC Endpoint URL",)),
        "auth_token_url": Shown(
            f"{DETAILS} > LTI 1.3 LMS OAuth Token URL. It ends in the tool's number: copy it.",
            ("LTI 1.3 LMS OAuth Token URL", "LMS OAuth Token URL"),
        ),
        "key_set_url": Shown(f"{DETAILS} > LMS Keyset URL.", ("LMS Keyset URL",)),
    },
    takes={
        "login_url": "LTI 1.3 Tool OpenID Connect/Initialization Endpoint",
        "redirect_uri": "LTI 1.3 Tool Redirect Endpoint(s)",
        "jwks_url": "LTI 1.3 Tool Keyset / JWK URL",
        "target_link_uri": "Launch URL / Target Link URI, where nobody chooses content",
        "deep_linking_url": "Launch URL / Target Link URI",
        "scopes": "Services: 'Allow External Tool to return grades'",
    },
)

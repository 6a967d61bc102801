"""Sakai: its token address holds the number that Sakai gives the tool."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.preset import Endpoints, Preset
from lti_1p3_provider.platforms.registering import Registering

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
)

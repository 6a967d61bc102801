"""Sakai: its token address holds the number that Sakai gives the tool."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset

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
    key_care=KeyCare(
        pasted="Sakai's administrator, if a key was pasted: enter our JWKS URL as the tool's 'LTI 1.3 Tool Keyset'.",
        moved="Sakai's administrator: enter the new address as the tool's 'LTI 1.3 Tool Keyset'.",
    ),
)

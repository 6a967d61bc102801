"""Schoology: one shared issuer, registered by hand."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown

SERVICE = "https://lti-service.svc.schoology.com/lti-service"

PRESET = Preset(
    name="schoology",
    label="Schoology",
    endpoints=Endpoints(
        issuer="https://schoology.schoology.com",
        auth_login_url=f"{SERVICE}/authorize-redirect",
        auth_token_url=f"{SERVICE}/access-token",
        key_set_url=f"{SERVICE}/.well-known/jwks",
    ),
    steps=(
        "In Schoology: App Center > My Developer Apps > Add App, type LTI 1.3.",
        "Enter the login URL, redirect URI and JWKS URL shown here. 'API info' shows the client ID.",
        "Deep Linking on, Assignment and Grade Services on; Domain/URL: the redirect URI.",
        "Course Material Selection: tick 'Overwrite Domain/URL' and enter the Deep Linking URL shown here.",
        "Install the app in a course or school: each installation has a deployment ID of its own.",
    ),
    origins=("https://*.schoology.com",),
    variables=False,
    key_care=KeyCare(
        pasted="The app's owner, if a key was pasted: switch the app's Public key type to 'Keyset URL'.",
        moved="The app's owner: enter the new address as the app's keyset URL.",
    ),
    shows={
        "client_id": Shown(
            "App Center > My Developer Apps > the app > Options > API Info > Client ID.", ("Client ID",)
        ),
        "deployment_id": Shown(
            "Organization Apps > the app > Configure > Deployment ID; each installation has one.", ("Deployment ID",)
        ),
    },
    takes={
        "login_url": "OIDC Login Init URL",
        "redirect_uri": "Redirect URLs, and Domain/URL",
        "jwks_url": "JWKS URL, with Public key type 'Keyset URL'",
        "target_link_uri": "Domain/URL, where nobody chooses content",
        "deep_linking_url": "Course Material Selection > Overwrite Domain/URL",
        "scopes": "Assignment and Grade Services: on",
    },
)

"""A platform that we have no preset for."""

from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown

PRESET = Preset(
    name="generic",
    label="Other LTI 1.3 platform",
    endpoints=Endpoints(),
    steps=(
        "Add an LTI 1.3 tool there with the login URL, redirect URI and JWKS URL shown here.",
        "Copy issuer, client ID, deployment ID and the three addresses that the platform shows into this page.",
        "If it knows Deep Linking: message type LtiDeepLinkingRequest, target the Deep Linking URL shown here.",
        "Allow the scopes shown here, so that scores can be sent.",
    ),
    shows={
        "issuer": Shown("Also called platform ID or iss."),
        "client_id": Shown("What the platform calls this tool; some say application ID."),
        "deployment_id": Shown("Each installation of the tool has one."),
        "auth_login_url": Shown("Also called OIDC authorization endpoint, or login URL of the platform."),
        "auth_token_url": Shown("Also called token URL, or OAuth2 access token URL."),
        "auth_audience": Shown("Also called OAuth2 audience. Leave it empty if the platform shows none."),
        "key_set_url": Shown("Also called JWKS, or public keyset URL of the platform."),
    },
    takes={
        "login_url": "initiate login URL, OIDC login initiation",
        "redirect_uri": "redirection URI, tool redirect URL",
        "jwks_url": "public keyset, keyset URL, public JWK URL",
        "target_link_uri": "tool URL, launch URL, link URL",
        "deep_linking_url": "content selection URL",
        "domain": "domain of the tool",
        "scopes": "Assignment and Grade Services",
    },
)

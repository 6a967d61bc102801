"""A platform that we have no preset for."""

from lti_1p3_provider.platforms.preset import Endpoints, Preset

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
)

"""Blackboard Learn: one client id spans institutions, so the deployment is the tenant."""

from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown

PRESET = Preset(
    name="blackboard",
    label="Blackboard Learn",
    endpoints=Endpoints(
        issuer="https://blackboard.com",
        auth_login_url="https://developer.blackboard.com/api/v1/gateway/oidcauth",
        auth_token_url="https://developer.blackboard.com/api/v1/gateway/oauth2/jwttoken",
        key_set_url="https://developer.blackboard.com/api/v1/management/applications/{client_id}/jwks.json",
    ),
    steps=(
        "At developer.blackboard.com create an LTI application with the three addresses shown here.",
        "Its Application ID is the client ID; it is part of the key set address too.",
        "Each institution registers that Application ID: Administrator Panel > LTI Tool Providers.",
        "There: Tool Status Approved, 'Allow grade service access' Yes.",
        "Manage Placements: type 'Deep Linking content tool', no student access, target the Deep Linking URL.",
        "The institution's deployment ID appears there; approve it here.",
        "When our JWKS URL changes, each institution must register the same client ID again; never delete it.",
    ),
    origins=("https://*.blackboard.com",),
    subject_in_answers=True,
    shows={
        "client_id": Shown(
            "developer.blackboard.com > My Apps > Application ID. Not the key, and never the secret.",
            ("Application ID", "Client ID"),
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        ),
        "deployment_id": Shown(
            "Each institution has one: Administrator Panel > LTI Tool Providers > the tool > Deployment ID.",
            ("Deployment ID",),
        ),
    },
    takes={
        "login_url": "Login Initiation URL",
        "redirect_uri": "Tool Redirect URL(s)",
        "jwks_url": "Tool JWKS URL",
        "target_link_uri": "Manage Placements, type Course content tool: Target Link URI",
        "deep_linking_url": "Manage Placements, type Deep Linking content tool: Target Link URI",
        "domain": "Domain(s)",
        "scopes": "LTI Tool Providers, at each institution: 'Allow grade service access' Yes",
    },
)

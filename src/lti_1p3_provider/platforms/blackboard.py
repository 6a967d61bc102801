"""Blackboard Learn: one client id spans institutions, so the deployment is the tenant."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset

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
    key_care=KeyCare(
        reads="Nobody, as long as the JWKS URL stays the same.",
        pasted=(
            "You, if the application is from before 2021 and has a key that Blackboard made: enter our JWKS URL at "
            "developer.blackboard.com. Then each institution's administrator registers the same Application ID again. "
            "Nobody deletes the tool."
        ),
        moved=(
            "You enter the new JWKS URL at developer.blackboard.com. Then each institution's administrator registers "
            "the same Application ID again: Administrator Panel > LTI Tool Providers > Register LTI 1.3 Tool. Nobody "
            "deletes the tool there: its links and columns would go with it."
        ),
    ),
)

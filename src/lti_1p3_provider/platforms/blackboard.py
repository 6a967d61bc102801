"""Blackboard Learn: one client id spans institutions, so the deployment is the tenant."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown
from lti_1p3_provider.platforms.registering import Registering

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
    registering=Registering(
        families=("blackboardlearn", "blackboard"),
        where=_("At developer.anthology.com, in the group of your applications: Dynamic Registration."),
        activate=(
            _("Each institution now adds the application: Administrator Panel > LTI Tool Providers, by the client ID."),
            _("There: Tool Status Approved, 'Allow grade service access' Yes."),
            _("The first institution that launches is let in; those after it wait for the approval of this site."),
        ),
        issuers=("https://blackboard.com",),
        hosts=("https://*.blackboard.com", "https://*.anthology.com"),
    ),
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

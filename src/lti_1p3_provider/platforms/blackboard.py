"""Blackboard Learn: one client id spans institutions, so the deployment is the tenant."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.preset import Endpoints, Preset
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
)

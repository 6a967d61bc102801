"""Canvas: one issuer for all hosted customers; deployments multiply, one per course is common."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown

PRESET = Preset(
    name="canvas",
    label="Canvas (hosted by Instructure)",
    endpoints=Endpoints(
        issuer="https://canvas.instructure.com",
        auth_login_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
        auth_token_url="https://sso.canvaslms.com/login/oauth2/token",
        key_set_url="https://sso.canvaslms.com/api/lti/security/jwks",
    ),
    steps=(
        "In Canvas: Admin > Developer Keys > Add LTI Key. Enter the redirect URI, login URL and JWKS URL shown here.",
        "Enter this site's host as the key's domain, or 'Find' does not match an activity's address.",
        "Placements assignment_selection, link_selection: message LtiDeepLinkingRequest, target the Deep Linking URL.",
        "The placement editor_button makes links in texts: they get no column, so no scores.",
        "Switch on the scopes shown here, save, and turn the key on. The long number in its row is the client ID.",
        "Settings > Apps > add by client ID. The app's menu shows the deployment ID ({number}:{40 characters}).",
        "A beta or test Canvas has issuer and addresses with .beta. or .test. in them; set them by hand.",
    ),
    origins=("https://*.instructure.com",),
    stale_statuses=frozenset((400, 409)),
    refusals={
        401: _("the tool is not in this course there"),
        412: _("the column belongs to another tool"),
        422: _("this person is no student of the course, or the course has concluded"),
    },
    resubmission={
        "https://canvas.instructure.com/lti/submission": {"new_submission": False}
    },  # else it uses an attempt
    shows={
        "client_id": Shown(
            "Developer Keys, column Details: the long number in the key's row. On the Apps page: Client ID.",
            ("Client ID", "Client Id"),
            r"\d{11,20}",
        ),
        "deployment_id": Shown(
            "Settings > Apps > View App Configurations > the gear of the app > Deployment Id.",
            ("Deployment Id",),
            r"\d+:[0-9a-f]{40}",
        ),
    },
    takes={
        "login_url": "OpenID Connect Initiation Url",
        "redirect_uri": "Redirect URIs, and Target Link URI of the key",
        "jwks_url": "JWK Method 'Public JWK URL'",
        "target_link_uri": "an assignment with submission type External Tool, where nobody chooses content",
        "deep_linking_url": "Placements: Target Link URI of those with the message type LtiDeepLinkingRequest",
        "domain": "Additional Settings > Domain",
        "scopes": "LTI Advantage Services: 'Can create and update submission results for assignments ...'",
    },
)

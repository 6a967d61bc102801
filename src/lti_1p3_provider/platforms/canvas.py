"""Canvas: one issuer for all hosted customers; deployments multiply, one per course is common."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Environment, Preset, Shown
from lti_1p3_provider.platforms.registering import Registering


def _environment(name: str) -> Environment:
    """Canvas copies production to these hosts, weekly and monthly: the same ids under another issuer."""
    sso = f"https://sso.{name}.canvaslms.com"
    endpoints = Endpoints(
        issuer=f"https://canvas.{name}.instructure.com",
        auth_login_url=f"{sso}/api/lti/authorize_redirect",
        auth_token_url=f"{sso}/login/oauth2/token",
        key_set_url=f"{sso}/api/lti/security/jwks",
    )
    return Environment(name, endpoints, (f"https://*.{name}.instructure.com",))


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
        "In Canvas: Admin > Developer Keys > LTI Key, Method 'Enter URL': this site's /lti/1p3/config/canvas.json.",
        "By hand instead: enter the redirect URI, login URL and JWKS URL shown here.",
        "Enter this site's host as the key's domain, or 'Find' does not match an activity's address.",
        "Placements assignment_selection, link_selection: message LtiDeepLinkingRequest, target the Deep Linking URL.",
        "The placement editor_button makes links in texts: they get no column, so no scores.",
        "Switch on the scopes shown here, save, and turn the key on. The long number in its row is the client ID.",
        "Settings > Apps > add by client ID. The app's menu shows the deployment ID ({number}:{40 characters}).",
        "Beta and test are registrations of their own: an action in the list of registrations makes both.",
    ),
    origins=("https://*.instructure.com",),
    members_page=50,  # it gives no more
    stale_statuses=frozenset((400, 409)),
    refusals={
        401: _("the tool is not in this course there"),
        412: _("the column belongs to another tool"),
        422: _("this person is no student of the course, or the course has concluded"),
    },
    resubmission={
        "https://canvas.instructure.com/lti/submission": {"new_submission": False}
    },  # else it uses an attempt
    registering=Registering(
        families=("canvas",),
        where=_("Admin > Developer Keys > + Developer Key > LTI Registration, or Admin > Apps > Install a New App."),
        activate=(
            _("Look through what Canvas shows next: placements and data that you take away there do not work here."),
            _("Admin > Developer Keys: turn the key of this tool ON, if Canvas did not do so."),
            _("Settings > Apps > View App Configurations > + App: by client ID, unless the tool is there already."),
        ),
        # Hosted schools share issuers and addresses; one that hosts its own Canvas often keeps the issuer.
        issuers=tuple(f"https://canvas.{kind}instructure.com" for kind in ("", "beta.", "test.")),
        hosts=("https://*.instructure.com", "https://*.canvaslms.com"),
        placements=("assignment_selection", "link_selection", "module_index_menu_modal", "course_assignments_menu"),
        asks_resource_links=False,  # Canvas would make a placement of it, in the place of the one that chooses content
    ),
    environments=(_environment("beta"), _environment("test")),
    key_push="/api/lti/developer_key/update_public_jwk",
    key_care=KeyCare(
        pasted=(
            "You, if a key was pasted or sent there: Canvas has one key, without an overlap. Send it a new one with "
            "'lti_1p3_keys push' or the action of the registration, or let Canvas's administrator switch the developer "
            "key's JWK Method to 'Public JWK URL'."
        ),
        moved=(
            "Canvas's administrator: enter the new JWKS URL in the developer key before the old one stops answering."
        ),
    ),
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

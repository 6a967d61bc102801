"""Canvas: one issuer for all hosted customers; deployments multiply, one per course is common."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.preset import Endpoints, Preset
from lti_1p3_provider.platforms.registering import Registering

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
)

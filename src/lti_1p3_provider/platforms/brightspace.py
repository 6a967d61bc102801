"""Brightspace: its token service wants an audience that differs from its address; keys rotate hourly."""

from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown
from lti_1p3_provider.platforms.registering import Registering

DETAILS = "The window after Register Tool"

PRESET = Preset(
    name="brightspace",
    label="Brightspace (D2L)",
    endpoints=Endpoints(
        issuer="https://{host}",
        auth_login_url="https://{host}/d2l/lti/authenticate",
        auth_token_url="https://auth.brightspace.com/core/connect/token",
        auth_audience="https://api.brightspace.com/auth/token",
        key_set_url="https://{host}/d2l/.well-known/jwks",
    ),
    steps=(
        "In Brightspace: Admin Tools > Manage Extensibility > LTI Advantage > Register Tool (standard).",
        "Enter domain, redirect URI, login URL and JWKS URL shown here.",
        "Extensions: Assignment and Grade Services, Deep Linking. Deployment: the same and 'Auto Create Grade Items'.",
        "In the deployment, View Links > New Link: type Deep Linking Quicklink, URL the Deep Linking URL shown here.",
        "Switch on the user and context claims there, or learners arrive without a name.",
        "Copy client ID and deployment ID into this page.",
    ),
    key_care=KeyCare(
        reads="Nobody: Brightspace reads our JWKS URL again by itself.",
        pasted="Nobody: a key cannot be pasted into Brightspace.",
        moved="Brightspace's administrator: enter the new address as Keyset URL of the registered tool.",
    ),
    lists_everybody=False,  # unless the deployment says so, which nobody tells us
    refusals={422: _("this person's role cannot be graded there")},
    registering=Registering(
        families=("desire2learn", "brightspace", "d2l"),
        where=_("Admin Tools > Manage Extensibility > LTI Advantage > Register Tool > Dynamic."),
        activate=(
            _("Manage Extensibility > LTI Advantage: open the tool and switch 'Enabled' on; it arrives switched off."),
            _("View Deployments > New Deployment: the same extensions, and 'Auto Create Grade Items'."),
            _("In the deployment, View Links > New Link: type Deep Linking Quicklink; its URL is shown below."),
        ),
        hosts=("https://auth.brightspace.com",),
    ),
    shows={
        "issuer": Shown(f"{DETAILS} > Issuer.", ("Issuer",)),
        "client_id": Shown(f"{DETAILS} > Client Id.", ("Client Id",)),
        "deployment_id": Shown("The deployment's window, after Create Deployment > Deployment Id.", ("Deployment Id",)),
        "auth_login_url": Shown(
            f"{DETAILS} > OpenID Connect Authentication Endpoint.", ("OpenID Connect Authentication Endpoint",)
        ),
        "auth_token_url": Shown(
            f"{DETAILS} > Brightspace OAuth2 Access Token URL.", ("Brightspace OAuth2 Access Token URL",)
        ),
        "auth_audience": Shown(f"{DETAILS} > Brightspace OAuth2 Audience.", ("Brightspace OAuth2 Audience",)),
        "key_set_url": Shown(f"{DETAILS} > Brightspace Keyset URL.", ("Brightspace Keyset URL",)),
    },
    takes={
        "login_url": "OpenID Connect Login URL",
        "redirect_uri": "Redirect URLs",
        "jwks_url": "Keyset URL",
        "target_link_uri": "View Links > New Link, type Basic Launch: URL",
        "deep_linking_url": "View Links > New Link, type Deep Linking Quicklink: URL",
        "domain": "Domain, with https:// before it",
        "scopes": "Extensions: Assignment and Grade Services, in the registration and in the deployment",
    },
)

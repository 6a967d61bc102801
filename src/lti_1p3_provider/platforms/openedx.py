"""Another Open edX, with the LTI Consumer component: addresses hold the component's own id."""

from lti_1p3_provider.platforms.key_care import KeyCare
from lti_1p3_provider.platforms.preset import Endpoints, Preset, Shown

VIEW = "Studio > the component, as authors see it"

PRESET = Preset(
    name="openedx",
    label="Open edX (LTI Consumer component)",
    endpoints=Endpoints(
        issuer="https://{host}",
        auth_login_url="https://{host}/api/lti_consumer/v1/launch/",
        auth_token_url="https://{host}/api/lti_consumer/v1/token/{configuration_id}",
        key_set_url="https://{host}/api/lti_consumer/v1/public_keysets/{configuration_id}",
    ),
    steps=(
        "In Studio add an LTI Consumer component, LTI version 1.3, with the addresses shown here.",
        "Registered Redirect URIs: the redirect URI shown here; left empty, only the launch URL is allowed.",
        "Tool Public Key Mode: Keyset URL, with the JWKS URL shown here.",
        "To choose content in Studio: Deep linking Enabled, Deep Linking Launch URL: the Deep Linking URL shown here.",
        "Its author view shows client ID, deployment ID (1), login, token and key set addresses: copy them here.",
        "For scores choose 'Assignment and Grades: Declarative', make the component graded, and publish the unit.",
    ),
    origins=("https://apps.{host}",),
    stale_statuses=frozenset((400, 409)),
    expired_statuses=frozenset((401, 403)),
    whole_maximum=True,
    longest_label=100,
    pages_results=False,
    members_page=1000,  # it reads the whole course for each page, and refuses courses with more people
    variables=False,
    key_care=KeyCare(
        pasted="Each course's author, if a key was pasted: switch Tool Public Key Mode to 'Keyset URL'.",
        moved="Each course's author: enter the new address as the component's Tool Keyset URL, and publish it.",
    ),
    shows={
        "issuer": Shown("It is not shown: https:// and the host of the LMS, not of Studio."),
        "client_id": Shown(f"{VIEW} > Client ID.", ("Client ID",)),
        "deployment_id": Shown(f"{VIEW} > Deployment ID; it is 1.", ("Deployment ID",)),
        "auth_login_url": Shown(f"{VIEW} > Login URL.", ("Login URL",)),
        "auth_token_url": Shown(
            f"{VIEW} > Access Token URL. It ends in the component's own id: copy it.", ("Access Token URL",)
        ),
        "key_set_url": Shown(f"{VIEW} > Keyset URL. It ends in the same id: copy it.", ("Keyset URL",)),
    },
    takes={
        "login_url": "Tool Initiate Login URL",
        "redirect_uri": "Registered Redirect URIs, in brackets and quotes",
        "jwks_url": "Tool Keyset URL, with Tool Public Key Mode 'Keyset URL'",
        "target_link_uri": "Launch URL",
        "deep_linking_url": "Deep Linking Launch URL, with Deep linking Enabled",
        "scopes": "Assignment and Grades: 'Declarative'",
    },
)

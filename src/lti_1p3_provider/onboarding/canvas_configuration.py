"""``/lti/1p3/config/canvas.json``: everything that Canvas needs to know of us. Canvas's administrator enters this one
address.

Canvas's servers fetch it without signing in. It is the same for everybody, and holds no secret. Canvas allows the
global ``target_link_uri`` as redirect URI, so that is our launch address, and each placement names its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.http import Http404, HttpRequest, JsonResponse, QueryDict
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import NoActiveKey
from lti_1p3_provider.host import static_files
from lti_1p3_provider.lti import nrps, public_jwk
from lti_1p3_provider.lti.ags import LINE_ITEM_SCOPE, RESULT_SCOPE, SCORE_SCOPE
from lti_1p3_provider.lti.content_items import SIZES
from lti_1p3_provider.lti.resource_link import HISTORY
from lti_1p3_provider.onboarding.guide import Guide, guide
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations import keys

PLATFORM = "canvas.instructure.com"
DESCRIPTION = "Courses, units and problems of an Open edX site, with their scores."
SCOPES = (SCORE_SCOPE, RESULT_SCOPE, LINE_ITEM_SCOPE, nrps.SCOPE)
USUAL = preset("canvas").registering.placements
PLACEMENTS = (*USUAL, "module_menu_modal", "editor_button")
PRIVACY = ("public", "name_only", "email_only", "anonymous")
KEYS = ("url", "jwk")
DIALOG = {"selection_width": SIZES["iframe"]["width"], "selection_height": SIZES["iframe"]["height"]}
ICON = "activity.png"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for. ``key``: ``url`` for the address of our key set, ``jwk`` for the key itself."""

    placements: Sequence[str] = USUAL
    privacy: str = "public"
    key: str = "url"


class ChoiceUnknown(ValueError):
    """The address asks for something that does not exist; the message says what does."""


@require_safe
def canvas_configuration(request: HttpRequest) -> JsonResponse:
    """Answer with the configuration. ``placements``, ``privacy_level`` and ``key`` in the query choose."""
    if not conf.enabled:
        raise Http404
    try:
        found = configuration(guide(conf.public_url), chosen(request.GET))
    except ChoiceUnknown as error:
        return JsonResponse({"errors": [str(error)]}, status=400)
    except NoActiveKey:
        return JsonResponse({"errors": ["There is no signing key yet: lti_1p3_keys create"]}, status=503)
    response = JsonResponse(found, json_dumps_params={"indent": 2})
    patch_cache_control(response, public=True, max_age=keys.MAX_AGE)
    return response


def chosen(query: QueryDict) -> Choice:
    """Read the query: ``placements`` separated by commas or repeated.

    Raises:
        ChoiceUnknown
    """
    named = [name.strip() for value in query.getlist("placements") for name in value.split(",") if name.strip()]
    if any(name not in PLACEMENTS for name in named):
        raise ChoiceUnknown(f"placements: choose some of {', '.join(PLACEMENTS)}")
    privacy, key = query.get("privacy_level", PRIVACY[0]), query.get("key", KEYS[0])
    if privacy not in PRIVACY:
        raise ChoiceUnknown(f"privacy_level: choose one of {', '.join(PRIVACY)}")
    if key not in KEYS:
        raise ChoiceUnknown(f"key: choose one of {', '.join(KEYS)}")
    return Choice(tuple(dict.fromkeys(named)) or USUAL, privacy, key)


def configuration(ours: Guide, choice: Choice) -> dict[str, Any]:
    """Return the configuration as JSON's values.

    Raises:
        NoActiveKey: the key itself is wanted, and there is none.
    """
    icon = _icon(ours)
    return {
        "title": conf.tool_name,
        "description": DESCRIPTION,
        "oidc_initiation_url": ours.login_url,
        "target_link_uri": ours.redirect_uri,
        "redirect_uris": [ours.redirect_uri],
        **_key(ours, choice.key),
        "scopes": [*SCOPES, *([public_jwk.SCOPE] if choice.key == "jwk" else [])],
        "custom_fields": dict(HISTORY),
        "extensions": [
            {
                "platform": PLATFORM,
                "domain": urlsplit(ours.redirect_uri).netloc,
                "tool_id": urlsplit(ours.redirect_uri).netloc,
                "privacy_level": choice.privacy,
                "settings": {
                    "text": conf.tool_name,
                    **icon,
                    **DIALOG,
                    "display_type": "full_width_in_context",
                    "placements": [_placement(name, ours, icon) for name in choice.placements],
                },
            }
        ],
    }


def _placement(name: str, ours: Guide, icon: dict[str, str]) -> dict[str, Any]:
    """A place where teachers choose content. It is shown only to people who may edit the course: nobody else may
    choose."""
    return {
        "placement": name,
        "enabled": True,
        "message_type": ours.deep_linking_message,
        "target_link_uri": ours.deep_linking_url,
        "text": conf.tool_name,
        "visibility": "admins",
        "custom_fields": dict(HISTORY),
        **icon,
        **DIALOG,
    }


def _key(ours: Guide, kind: str) -> dict[str, Any]:
    return {"public_jwk_url": ours.jwks_url} if kind == "url" else {"public_jwk": keys.signing_key().public_jwk}


def _icon(ours: Guide) -> dict[str, str]:
    address = static_files.address(ICON)
    return {"icon_url": urljoin(ours.redirect_uri, address)} if address else {}

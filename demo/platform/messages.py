"""The claims of LTI messages: resource link launches and deep-linking requests."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from demo.platform.config import Context, Link, Person, Tool
from demo.platform.dialogs import Dialog, PendingSelection
from demo.platform.emulator import Platform
from demo.platform.vocabulary import (
    AGS_ENDPOINT,
    AGS_SCOPES,
    DEEP_LINKING,
    DEEP_LINKING_REQUEST,
    LTI,
    NRPS_SERVICE,
    RESOURCE_LINK_REQUEST,
    SCOPE_MEMBERSHIP,
)

VERSION = "1.0"


def resource_link_claims(
    platform: Platform, tool: Tool, person: Person, link: Link, document_target: str
) -> dict[str, Any]:
    """A complete LtiResourceLinkRequest (LTI 1.3 Core, 5.3), without the envelope."""
    resource_link = {"id": link.id, "title": link.title, "description": link.description}
    context = platform.context(link.context_id)
    claims = _common_claims(platform, tool, person, document_target, context) | {
        LTI + "message_type": RESOURCE_LINK_REQUEST,
        LTI + "target_link_uri": link.target_link_uri,
        LTI + "resource_link": {name: value for name, value in resource_link.items() if value},
    }
    claims[LTI + "launch_presentation"]["return_url"] = f"{platform.base_url}/return?{urlencode({'link': link.id})}"
    if tool.custom or link.custom:
        claims[LTI + "custom"] = custom_values(platform, person, {**tool.custom, **link.custom}, link)
    item = platform.store.line_item_of(link.id)
    if link.ags == "none":
        claims.pop(AGS_ENDPOINT, None)
    elif link.ags == "coupled" and item and AGS_ENDPOINT in claims:
        claims[AGS_ENDPOINT]["lineitem"] = platform.line_item_url(item)
    return claims


def deep_linking_claims(
    platform: Platform, tool: Tool, person: Person, document_target: str, dialog: Dialog
) -> dict[str, Any]:
    """An LtiDeepLinkingRequest (Deep Linking 2.0, 4.4); it can be answered once."""
    settings = dialog.settings(platform.config.context.title)
    if dialog.like == "plain":
        settings["data"] = secrets.token_urlsafe(24)
    settings = {name: value for name, value in (settings | platform.next_settings()).items() if value is not None}
    ticket = platform.pending_selections.issue(PendingSelection(tool.client_id, dialog, settings), platform.now)
    return_url = f"{platform.base_url}/deep-linking/return?{dialog.return_query(ticket)}"
    common = _common_claims(platform, tool, person, document_target, platform.context())
    custom = {LTI + "custom": custom_values(platform, person, tool.custom)} if tool.custom else {}
    return (
        common
        | custom
        | dialog.claims()
        | {
            LTI + "message_type": DEEP_LINKING_REQUEST,
            LTI + "target_link_uri": tool.deep_link_url or tool.redirect_uris[0],
            DEEP_LINKING + "deep_linking_settings": {"deep_link_return_url": return_url, **settings},
        }
    )


def custom_values(
    platform: Platform, person: Person, custom: Mapping[str, str], link: Link | None = None
) -> dict[str, str]:
    """Custom parameters with $Variables replaced; unknown ones stay as they are (LTI 1.3 Core, appendix B)."""
    context = platform.context(link.context_id if link else "")
    personal = person.personal_data()
    known: dict[str, str | None] = {
        "$User.id": person.id,
        "$Context.id": context.id,
        "$Context.title": context.title,
        "$Context.label": context.label,
        "$Context.id.history": "",  # no course here is a copy
        "$Person.name.full": personal.get("name"),
        "$Person.email.primary": personal.get("email"),
    }
    if link:
        known |= {"$ResourceLink.id": link.id, "$ResourceLink.title": link.title, "$ResourceLink.id.history": ""}
    return {name: value if (said := known.get(value)) is None else said for name, value in custom.items()}


def _common_claims(
    platform: Platform, tool: Tool, person: Person, document_target: str, context: Context
) -> dict[str, Any]:
    config = platform.config
    claims: dict[str, Any] = {
        **{name: value for name, value in person.personal_data().items() if name in tool.personal_claims},
        "sub": person.id,
        LTI + "version": "1.3.0",
        LTI + "deployment_id": tool.deployment_id,
        LTI + "roles": list(person.roles),
        LTI + "context": {
            "id": context.id,
            "label": context.label,
            "title": context.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        LTI + "launch_presentation": {"document_target": document_target, "locale": "en"},
        LTI + "tool_platform": {
            "guid": uuid.uuid5(uuid.NAMESPACE_URL, platform.issuer).hex,
            "name": config.name,
            "version": VERSION,
            "product_family_code": config.product_family_code,
        },
        LTI + "lis": {"course_section_sourcedid": f"SIS-{context.label}"},
    }
    if person.share_personal_data:
        claims[LTI + "lis"]["person_sourcedid"] = f"SIS-{person.id}"
    granted = tool.granted_scopes()
    if ags := [scope for scope in AGS_SCOPES if scope in granted]:
        claims[AGS_ENDPOINT] = {"scope": ags, "lineitems": platform.line_items_url_of(context.id)}
    if SCOPE_MEMBERSHIP in granted:
        claims[NRPS_SERVICE] = {"context_memberships_url": platform.memberships_url, "service_versions": ["2.0"]}
    return claims

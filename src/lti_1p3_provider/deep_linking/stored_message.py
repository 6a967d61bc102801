"""The form in which a request's message is stored until it is answered: ASCII, whatever it contains.

Who sent it is left out. So are custom parameters, which often name people, except those that the site wants for its
filter.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from lti_1p3_provider.conf import conf
from lti_1p3_provider.lti.claims import ContextClaim, Person
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage, DeepLinkingSettings
from lti_1p3_provider.lti.roles import parse


def text_of(message: DeepLinkingMessage) -> str:
    """Return what ``message_of`` reads."""
    said = {
        "deployment_id": message.deployment_id,
        "target_link_uri": message.target_link_uri,
        "roles": message.roles.named,
        "context": asdict(message.context) if message.context else None,
        "return_url": message.return_url,
        "placement": message.placement,
        "custom": {name: text for name, text in message.custom.items() if name in conf.deep_linking_custom},
        "settings": asdict(message.settings),
    }
    return json.dumps(said)


def message_of(text: str) -> DeepLinkingMessage:
    """Return the stored message, without what was left out."""
    said = json.loads(text)
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said["settings"].items()
    }
    return DeepLinkingMessage(
        deployment_id=said["deployment_id"],
        subject=None,
        person=Person(),
        roles=parse(said["roles"]),
        context=ContextClaim(**said["context"]) if said["context"] else None,
        target_link_uri=said["target_link_uri"],
        return_url=said["return_url"],
        grade_service=None,
        custom=said.get("custom", {}),
        placement=said["placement"],
        settings=DeepLinkingSettings(**settings),
    )

"""Deep Linking: a platform asks what to place in its course, and gets what somebody chose as answer. (Deep Linking
2.0)"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.lti.claims import Message, shared
from lti_1p3_provider.lti.reader import Reader, is_empty
from lti_1p3_provider.web.addresses import trimmed

MESSAGE_TYPE = "LtiDeepLinkingRequest"
CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{CLAIM}deep_linking_settings"
PLACEMENT = "https://www.instructure.com/placement"  # Canvas says from where in its pages somebody came
UNGRADED = frozenset(("editor_button",))  # of these: links in texts, which never get a column there
MAX_RETURN_URL = 16_000  # some platforms keep all of their state in it
MAX_DATA = 512 * 1024

RESOURCE_LINK, LINK = "ltiResourceLink", "link"


@dataclass(frozen=True, slots=True)
class DeepLinkingSettings:
    """What the platform takes, and where it wants the answer. (Deep Linking 2.0, 4.4.1)

    ``accept_lineitem`` None: the platform does not say. ``data`` None: there is nothing to give back. ``title`` and
    ``text``: what the platform proposes for the item.
    """

    return_url: str
    accept_types: tuple[str, ...]
    accept_targets: tuple[str, ...]
    accept_multiple: bool = False
    accept_lineitem: bool | None = None
    title: str = ""
    text: str = ""
    data: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingMessage(Message):
    """Somebody wants to add content to the platform's course. ``placement``: where in Canvas they came from."""

    settings: DeepLinkingSettings
    placement: str = ""


def read(reader: Reader) -> DeepLinkingMessage:
    """Read the claims of a request for content.

    Raises:
        ClaimMissing, ClaimInvalid, TextNotKept: as ``claims.shared`` does, and of the settings.
    """
    settings = read_settings(reader.require_object(SETTINGS))
    return DeepLinkingMessage(**shared(reader), settings=settings, placement=reader.label(PLACEMENT, 64))


def read_settings(claim: Reader) -> DeepLinkingSettings:
    """Read the settings. Those that we do not use are ignored.

    Raises:
        ClaimMissing, ClaimInvalid
    """
    data = claim.values.get("data")
    return DeepLinkingSettings(
        return_url=trimmed(claim.require_text("deep_link_return_url", MAX_RETURN_URL)),
        accept_types=claim.require_texts("accept_types"),
        accept_targets=claim.require_texts("accept_presentation_document_targets"),
        accept_multiple=claim.flag("accept_multiple") or False,
        accept_lineitem=claim.flag("accept_lineitem"),
        title=claim.label("title", 255),
        text=claim.label("text"),
        data=claim.text("data", MAX_DATA) if data == "" or not is_empty(data) else None,
    )

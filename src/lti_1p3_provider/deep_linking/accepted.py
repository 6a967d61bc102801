"""What a platform takes, as far as it limits what can be chosen. (Deep Linking 2.0, 4.4.1)"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.errors import ContentTypesNotAccepted
from lti_1p3_provider.lti.deep_linking import LINK, RESOURCE_LINK, UNGRADED, DeepLinkingMessage

MAX_ITEMS = 100  # items of one answer
FRAME, WINDOW = "iframe", "window"


@dataclass(frozen=True, slots=True)
class Accepted:
    """``type``: of the items. ``most``: how many of them. ``no_column``: why none gets a gradebook column (``link``,
    ``placement``, ``declined``), or empty. ``targets``: where the platform can show an item."""

    type: str
    most: int
    no_column: str
    targets: frozenset[str]

    def presentation(self, block_type: str) -> str:
        """Return how a block is to be shown: in a frame if possible. A whole course gets a window, because its pages
        work in no frame."""
        wishes = (WINDOW, FRAME) if block_type == "course" else (FRAME, WINDOW)
        return next((one for one in wishes if one in self.targets), "")


def accepted(message: DeepLinkingMessage) -> Accepted:
    """Return what the platform takes.

    Raises:
        ContentTypesNotAccepted: nothing that we have.
    """
    settings = message.settings
    kind = next((one for one in (RESOURCE_LINK, LINK) if one in settings.accept_types), "")
    if not kind:
        raise ContentTypesNotAccepted(f"accepted: {', '.join(settings.accept_types)[:200] or 'nothing'}")
    no_column = ""
    if kind == LINK:
        no_column = "link"
    elif message.placement in UNGRADED:
        no_column = "placement"
    elif settings.accept_lineitem is False:
        no_column = "declined"
    return Accepted(kind, MAX_ITEMS if settings.accept_multiple else 1, no_column, frozenset(settings.accept_targets))

"""What a course's "Add content" asks a tool for: by the place it is opened from, and as some platforms word it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

KINDS = {
    "one": "One item, like an assignment's form",
    "several": "Several items, like a list of modules",
    "editor": "A text editor: links without grades",
}
BEHAVIOURS = {
    "plain": "As the specification says, with data",
    "canvas": "Canvas-like: no data, no accept_lineitem, state in the return address",
    "moodle": "Moodle-like: no data, no accept_lineitem, an empty text",
}
PLACEMENT = "https://www.instructure.com/placement"
PLACEMENTS = {"one": "assignment_selection", "several": "module_index_menu_modal", "editor": "editor_button"}
LINKS, ANYTHING = ["ltiResourceLink"], ["link", "file", "html", "ltiResourceLink", "image"]
TICKETS = {"plain": "selection", "canvas": "data", "moodle": "sesskey"}  # in the return address


@dataclass(frozen=True)
class Dialog:
    """A place to add content. Raises ValueError for one that there is not."""

    kind: str = "several"
    like: str = "plain"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.like not in BEHAVIOURS:
            raise ValueError("there is no such dialog")

    def settings(self, course_title: str) -> dict[str, Any]:
        """What is asked for, but for data and return address (Deep Linking 2.0, 4.4.1)."""
        is_editor = self.kind == "editor"
        settings: dict[str, Any] = {
            "accept_types": ANYTHING if is_editor and self.like != "moodle" else LINKS,
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": self.kind == "several",
            "auto_create": False,
        }
        if self.like == "plain":
            words = {"title": course_title, "text": "Content for the course"}
            return settings | words | {"accept_lineitem": not is_editor}
        if self.like == "moodle":
            settings["accept_presentation_document_targets"] = ["frame", "iframe", "window"]
            extras = {"accept_copy_advice": False, "accept_unsigned": False, "can_confirm": False}
            return settings | extras | {"title": "External tool", "text": ""}
        return settings | {"auto_create": self.kind == "several", "accept_media_types": "image/*,text/html"}

    def claims(self) -> dict[str, Any]:
        """What a message says besides."""
        return {PLACEMENT: PLACEMENTS[self.kind]} if self.like == "canvas" else {}

    def return_query(self, ticket: str) -> str:
        """What the return address carries, which a tool must leave alone."""
        before = {"canvas": {"modal": "true", "placement": PLACEMENTS[self.kind]}, "moodle": {"course": "2", "id": "2"}}
        return urlencode({**before.get(self.like, {}), TICKETS[self.like]: ticket})


SEVERAL = Dialog()


@dataclass(frozen=True)
class PendingSelection:
    """An open request for content: the settings that were sent, but for the return address."""

    client_id: str
    dialog: Dialog
    settings: Mapping[str, Any]

    @property
    def grades(self) -> bool:
        """Whether what is chosen may have a column."""
        return self.dialog.kind != "editor" and self.settings.get("accept_lineitem") is not False

"""What the page's script says, in the reader's language. ``{...}`` is filled in by the script."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _


def for_script() -> Mapping[str, str]:
    """Return the sentences by name."""
    return {
        "count": _("Chosen: {number}"),
        "found": _("Found: {number}"),
        "foundMore": _("Found: more than {number}"),
        "full": _("At most {most} can be sent at once."),
        "none": _("Nothing is chosen yet."),
        "offline": _("This site cannot be reached. Try again in a moment."),
        "here": _("Open a course, or type a word, to use these filters."),
        "moved": _("{title} is now number {number}."),
        "kept": _("You had chosen {number} here before and did not send them."),
    }

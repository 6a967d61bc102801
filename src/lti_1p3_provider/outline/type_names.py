"""What people call a type of block."""

from __future__ import annotations

from django.utils.translation import gettext as _


def type_name(block_type: str) -> str:
    """Return what people call a type of block."""
    known = {
        "course": _("Whole course"),
        "chapter": _("Section"),
        "sequential": _("Subsection"),
        "vertical": _("Unit"),
        "problem": _("Problem"),
        "html": _("Text"),
        "video": _("Video"),
        "discussion": _("Discussion"),
        "itembank": _("Problem bank"),
        "library_content": _("Randomized content"),
        "split_test": _("Experiment"),
        "openassessment": _("Open response"),
        "drag-and-drop-v2": _("Drag and drop"),
        "word_cloud": _("Word cloud"),
        "poll": _("Poll"),
        "survey": _("Survey"),
        "lti_consumer": _("Activity of another tool"),
    }
    return known.get(block_type, _("Component"))

"""What the LMS knows of a video: from the block itself, and from the file behind it if the site keeps a list of files.

The site that plays the video is not asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from django.utils.translation import get_language

from lti_1p3_provider.conf import conf
from lti_1p3_provider.host.sources import Video

TRANSCRIPTS = (  # where releases have it, the newest first
    "openedx.core.djangoapps.video_config.transcripts_utils",
    "xmodule.video_block.transcripts_utils",
)

log = logging.getLogger(__name__)


def video(block: Any) -> Video:
    """Return what is known of a video block that was loaded. A part that cannot be read is left out."""
    return Video(_read(_seconds, block), _read(_poster, block) or "", _read(_transcript, block) or "")


def _read(part: Callable[[Any], Any], block: Any) -> Any:
    try:
        return part(block)
    except Exception as error:  # whatever a store of files, or another release, raises: the rest can be shown
        log.info("LTI: of video %s, %s cannot be read: %s", block.location, part.__name__[1:], type(error).__name__)
        return None


def _seconds(block: Any) -> float | None:
    from edxval import api

    with suppress(api.ValVideoNotFoundError):
        if file := block.edx_video_id.strip():
            return float(api.get_video_info(file)["duration"]) or None
    return None


def _poster(block: Any) -> str:
    from edxval import api

    file = block.edx_video_id.strip()
    address = (file and api.get_course_video_image_url(str(block.location.course_key), file)) or ""
    path = str(address).removeprefix(conf.public_url)
    return path if path.startswith("/") and not path.startswith("//") else ""


def _transcript(block: Any) -> str:
    """Return it in the reader's language, else in English, else in any other."""
    known = block.get_transcripts_info()
    languages = [*sorted(known["transcripts"]), *(["en"] if known["sub"] else [])]
    wanted = get_language() or "en"
    for one in (wanted, wanted.partition("-")[0], "en", *languages):
        if one in languages:
            return str(_get_transcript()(block, lang=one, output_format="txt")[0])
    return ""


def _get_transcript() -> Any:
    for name in TRANSCRIPTS:
        with suppress(ImportError):
            return import_module(name).get_transcript
    raise ImportError(TRANSCRIPTS[0])

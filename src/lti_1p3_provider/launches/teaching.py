"""Tells teachers that their own answers do not count: platforms have no place for a teacher's score.

The session remembers which blocks were launched by somebody who teaches there. The newest launch of a block counts.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.lti.claims import Message

KEPT = "lti_1p3_teaching"  # in the session: blocks
MAX_BLOCKS = 20


def remember(request: HttpRequest, target: Target, message: Message) -> None:
    """Note whether the launch of this graded block came from somebody who teaches."""
    noted: list[str] = list(request.session.get(KEPT, ()))
    others = [name for name in noted if name != _name(target)]
    is_graded = message.grade_service is not None and bool(message.grade_service.line_item)
    teaches = message.roles.is_instructor and not message.roles.gets_scores
    now = [*others, _name(target)][-MAX_BLOCKS:] if is_graded and teaches else others
    if now != noted:
        request.session[KEPT] = now


def added_to(status: dict[str, Any], request: HttpRequest, target: Target) -> dict[str, Any]:
    """Return what a learner is told about their score. A teacher is told that they get none."""
    if status["scores"] or _name(target) not in request.session.get(KEPT, ()):
        return status
    text = _("You teach this course, so your own answers here do not count: no score of yours is sent.")
    return {**status, "scores": [{"state": "teaching", "text": text, "moments": {}}]}


def _name(target: Target) -> str:
    return digest(str(target.usage_key))[:16]

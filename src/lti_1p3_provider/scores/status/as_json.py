"""One score as scripts and clients of the API read it."""

from __future__ import annotations

from typing import Any

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.status import wording
from lti_1p3_provider.scores.status.sentence import iso, points


def as_json(row: PendingScore) -> dict[str, Any]:
    """Return what is known of a score, as JSON values. The row comes with its registration, platform user and account.

    ``sent`` and ``result`` are points of the platform's, like ``3/4``. ``missing``: the platform took the score, and
    shows none.
    """
    return {
        "user": row.platform_user.user.get_username(),
        "course": row.course_key,
        "block": row.usage_key,
        "state": str(row.state),
        "answer": wording.answer(row),
        "due_at": row.due_at and iso(row.due_at),
        "sent": points(row.sent_given, row.sent_maximum),
        "sent_at": row.sent_at and iso(row.sent_at),
        "result": points(row.result_given, row.result_maximum),
        "result_at": row.result_at and iso(row.result_at),
        "differs": row.differs,
        "missing": row.differs and row.result_given is None,
    }

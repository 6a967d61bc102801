"""The stand-in LMS's Celery app for workers of these tests: a file says by how many seconds their clock is wrong."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.utils import timezone

CLOCK = Path(os.environ["FAULTS_CLOCK"])


def _now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(CLOCK.read_text() or 0))


timezone.now = _now
django.setup()

from demo.lms.celery_app import app  # noqa: E402, F401

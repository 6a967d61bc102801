"""Celery of the stand-in LMS: an in-memory broker, and a worker in a thread of the web process. It reads settings
as the LMS's does: without a namespace, by their old names."""

from __future__ import annotations

import logging
import threading

from celery import Celery
from django.db import close_old_connections

from demo.lms.grades import persist_due

log = logging.getLogger(__name__)

app = Celery("demo_lms")
app.config_from_object("django.conf:settings")
app.conf.broker_connection_retry_on_startup = True  # no old name of this one
app.autodiscover_tasks()
app.set_default()

SWEEP_INTERVAL = 1.0  # seconds


def start_worker() -> None:
    """Run a Celery worker, and next to it a sweep that stands for a site's cron job."""
    worker = app.WorkController(pool="solo", concurrency=1, without_gossip=True, without_mingle=True)
    threading.Thread(target=worker.start, name="celery-worker", daemon=True).start()
    threading.Thread(target=_sweep, name="sweep", daemon=True).start()


def _sweep() -> None:
    """Deliver what other processes left (their broker is another memory) and store late subsection grades."""
    from lti_1p3_provider.api import deliver_due

    pause = threading.Event()
    while not pause.wait(SWEEP_INTERVAL):
        try:
            persist_due()
            deliver_due()
        except Exception:  # the sweep must not end
            log.exception("sweep failed")
        finally:
            close_old_connections()

"""``python -m tests.faults.worker``: Celery workers of the stand-in LMS; a file says by how many seconds their clock is
wrong.

The code is read once, which takes seconds, and each worker is a fork of the process that has read it. A line of JSON,
``{"name": "worker-1", "log": "worker-1.log"}``, asks for one; the answer is its process's number.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.db import connections
from django.utils import timezone

CLOCK = Path(os.environ["FAULTS_CLOCK"])
COMMAND = ["worker", "--without-gossip", "--without-mingle", "--pool=prefork", "--concurrency=1", "--loglevel=INFO"]


def _now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(CLOCK.read_text() or 0))


timezone.now = _now
django.setup()

import celery.apps.worker  # noqa: E402
import celery.bin.worker  # noqa: E402
import celery.concurrency.prefork  # noqa: E402
import celery.worker.consumer  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401

from demo.lms.celery_app import app  # noqa: E402


def work(name: str, log: str, ended: int) -> None:
    """Be a worker, in a session of its own, until this is killed or nobody holds the other end of a pipe any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fileno, place in enumerate((nothing, written, written)):
        os.dup2(place, fileno)
    threading.Thread(target=_end_after, args=(ended,), daemon=True).start()
    app.worker_main([*COMMAND, f"--hostname={name}"])


def _end_after(ended: int) -> None:
    os.read(ended, 1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Fork workers until nobody is there any more; they end with this process, however that ends."""
    app.loader.import_default_modules()
    connections.close_all()  # Celery has Django's checks run, which ask the database: no two processes share that
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that those that ended are gone
    ended, held = os.pipe()
    for line in sys.stdin:
        asked = json.loads(line)
        if not (pid := os.fork()):
            os.close(held)
            try:
                work(**asked, ended=ended)
            finally:
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()

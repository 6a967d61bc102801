"""``python -m tests.faults.nursery PLATFORM_URL``: prepares the database of a stand-in LMS, then forks its processes.

The code is read once, which takes seconds. A line of JSON asks for a process; the answer is its number.
``{"be": "worker", "log": "worker-1.log", "name": "worker-1"}``: a Celery worker; a file says by how many seconds its
clock is wrong. ``{"be": "web", "log": "web.log", "port": 8000}``: what serves the LMS. ``{"be": "lms", "log":
"lms.log", "port": 8001}``: what grades; it is told so by whoever listens there (``lms_process``).
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.db import connections
from django.utils import timezone

COMMAND = ["worker", "--without-gossip", "--without-mingle", "--pool=prefork", "--concurrency=1", "--loglevel=INFO"]
WEB_THREADS = 4
clock: Path | None = None  # a worker's


def _now() -> datetime:
    ahead = float(clock.read_text() or 0) if clock else 0
    return datetime.now(UTC) + timedelta(seconds=ahead)


timezone.now = _now
django.setup()

import celery.apps.worker  # noqa: E402
import celery.bin.worker  # noqa: E402
import celery.concurrency.prefork  # noqa: E402
import celery.worker.consumer  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401
import waitress  # noqa: E402
from django.core.management import call_command  # noqa: E402

from demo.lms.celery_app import app  # noqa: E402
from demo.lms.wsgi import application  # noqa: E402
from tests.services import HOST  # noqa: E402

from . import lms_process  # noqa: E402


def work(name: str) -> None:
    """Be a Celery worker."""
    global clock
    clock = Path(os.environ["FAULTS_CLOCK"])
    app.worker_main([*COMMAND, f"--hostname={name}"])


def serve(port: int) -> None:
    """Serve the LMS."""
    waitress.serve(application, listen=f"{HOST}:{port}", threads=WEB_THREADS)


KINDS: dict[str, Callable[..., None]] = {"worker": work, "web": serve, "lms": lms_process.obey_all}


def prepare(platform_url: str) -> None:
    """Make tables, key and registration, in a process of their own: nobody else remembers anything of it."""
    if not (pid := os.fork()):
        call_command("demo_prepare", f"--platform-url={platform_url}", stdout=io.StringIO())
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("demo_prepare failed")


def live(be: str, log: str, ended: int, **how: str | int) -> None:
    """Be a process, in a session of its own, until this is killed or nobody holds the other end of a pipe any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fileno, place in enumerate((nothing, written, written)):
        os.dup2(place, fileno)
    threading.Thread(target=_end_after, args=(ended,), daemon=True).start()
    KINDS[be](**how)


def _end_after(ended: int) -> None:
    os.read(ended, 1)
    os.killpg(0, signal.SIGKILL)


def main(platform_url: str) -> None:
    """Fork processes until nobody is there any more; they end with this one, however that ends."""
    prepare(platform_url)
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
                live(**asked, ended=ended)
            finally:
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

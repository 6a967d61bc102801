"""``python -m tests.processes.served PORT...``: processes of the stand-in LMS, one for each port.

The code is read once, which takes seconds, and each process is a fork of the one that has read it, as with web servers
that load their application beforehand. The first port answers when all others do.
"""

from __future__ import annotations

import gc
import os
import sys
import threading

import django
from django.core.management import call_command

from tests.services import await_answers


def serve(port: int) -> None:
    """Serve, as the stand-in's own command does."""
    call_command("demo_serve", port=port)


def fork(port: int, ended: int, held: int) -> None:
    """Serve in another process, which ends when this one does, however that is: then nobody holds the pipe any more."""
    if not os.fork():
        os.close(held)
        threading.Thread(target=_end_after, args=(ended,), daemon=True).start()
        serve(port)
        os._exit(0)


def _end_after(ended: int) -> None:
    os.read(ended, 1)
    os._exit(0)


def main(first: int, *others: int) -> None:
    """Start all processes; this one is the first."""
    django.setup()
    from demo.lms import wsgi  # noqa: F401  builds the application, and so has read everything else

    gc.freeze()
    ended, held = os.pipe()
    for port in others:
        fork(port, ended, held)
    await_answers(*others)
    serve(first)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

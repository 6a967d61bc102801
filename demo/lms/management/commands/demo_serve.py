"""``demo_serve``: serves the stand-in LMS with threads, and runs its worker."""

from __future__ import annotations

import signal
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from waitress.server import create_server

from demo.lms.celery_app import start_worker
from demo.lms.wsgi import application

THREADS = 8


class Command(BaseCommand):
    """Ends at once on Ctrl-C or SIGTERM."""

    help = "Serve the stand-in LMS on the loopback address."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the port."""
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        try:
            scheme = urlsplit(settings.LMS_ROOT_URL).scheme  # where https ends in front of this process
            server = create_server(
                application, host="127.0.0.1", port=options["port"], threads=THREADS, url_scheme=scheme
            )
        except OSError as error:
            raise CommandError(f"port {options['port']} cannot be used: {error.strerror}", returncode=2) from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        start_worker()
        self.stdout.write(f"stand-in LMS: http://127.0.0.1:{options['port']}/")
        self.stdout.flush()
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            server.close()

#!/usr/bin/env python
"""Django's commands for the stand-in LMS; works from any folder."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path = [str(here.parents[2]), *(entry for entry in sys.path if Path(entry or ".").resolve() != here.parent)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.lms.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

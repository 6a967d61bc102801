"""Starts the measurement with the LMS's Python, in the folder of its checkout.

``EDX_PLATFORM`` names the checkout, ``EDX_PYTHON`` its Python (``python``). Everything else in the environment is
handed on as it is: it says where the LMS's MongoDB is, and what settings it has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = "lms.envs.test"


def main() -> int:
    """Run ``bench.lms.measure`` inside the LMS; say in one sentence why it cannot be run."""
    try:
        platform = checkout(os.environ)
        python = interpreter(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("This machine is busy with something else: the numbers will say less.", file=sys.stderr)
    command = [python, "-W", "ignore", "-m", "bench.lms.measure", *sys.argv[1:]]
    return subprocess.run(command, cwd=platform, env=environment(os.environ)).returncode


def checkout(given: Mapping[str, str]) -> Path:
    """Return the folder of the LMS's source.

    Raises:
        ValueError: there is none; it says what to do.
    """
    if not given.get("EDX_PLATFORM"):
        raise ValueError("EDX_PLATFORM is missing: make bench-lms EDX_PLATFORM=<folder of an edx-platform checkout>")
    found = Path(given["EDX_PLATFORM"]).expanduser().resolve()
    if not (found / "lms" / "wsgi.py").is_file() or not (found / "xmodule").is_dir():
        raise ValueError(f"EDX_PLATFORM={given['EDX_PLATFORM']} is no checkout of edx-platform: it has no lms/wsgi.py")
    return found


def interpreter(given: Mapping[str, str]) -> str:
    """Return the path of the LMS's Python.

    Raises:
        ValueError: there is none; it says what to do.
    """
    name = given.get("EDX_PYTHON") or "python"
    found = shutil.which(name)
    if found is None:
        raise ValueError(f"EDX_PYTHON={name} cannot be run: name the Python in which edx-platform's requirements are")
    return os.path.abspath(found)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment with our packages on the path, and our settings over the caller's."""
    path = [str(ROOT / "src"), str(ROOT), *filter(None, [given.get("PYTHONPATH")])]
    return {
        **given,
        "PYTHONPATH": os.pathsep.join(path),
        "BENCH_LMS_SETTINGS": given.get("DJANGO_SETTINGS_MODULE") or SETTINGS,
        "DJANGO_SETTINGS_MODULE": "bench.lms.settings",
    }


if __name__ == "__main__":
    sys.exit(main())

"""What a site installs: the wheel has everything the app needs, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
PARTS = (
    "src/lti_1p3_provider",
    "requirements/base.in",
    "requirements/pylti1p3.in",
    "setup.py",
    "README.md",
    "MANIFEST.in",
    "CHANGELOG.md",
    "LICENSE",
)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in a wheel that is built from a copy."""
    copy = tmp_path_factory.mktemp("source")
    for part in PARTS:
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        take = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        take(ROOT / part, copy / part)
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-c", BUILD, folder], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_all_of_the_app(names):
    app = ROOT / "src/lti_1p3_provider"
    files = {str(path.relative_to(ROOT / "src")) for path in app.rglob("*") if path.is_file()}
    assert names == {name for name in files if "__pycache__" not in name}


def test_the_wheel_holds_what_is_no_python(names):
    for name in ("templates/lti_1p3_provider/refusal.html", "migrations/0001_initial.py", "py.typed"):
        assert f"lti_1p3_provider/{name}" in names

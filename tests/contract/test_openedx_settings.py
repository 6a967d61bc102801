"""The LMS's production settings, with a site's own file: what plugins added before it must be there after it."""

from __future__ import annotations

from . import openedx_world

# isort: split

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lms import envs

from lti_1p3_provider.plugin_settings import BEAT, FIRST, LIMITS, LOGINS, MIDDLEWARE

MINIMAL = Path(envs.__file__).parent / "minimal.yml"
SITE = """
CELERYBEAT_SCHEDULE:
  site.clean_up: {task: site.clean_up, schedule: 3600}
"""
PRINT = """
import json
from lms.envs import production as settings
print(json.dumps([sorted(settings.CELERYBEAT_SCHEDULE), settings.MIDDLEWARE], default=str))
"""


@pytest.mark.parametrize(("more", "own"), [("", []), (SITE, ["site.clean_up"])], ids=["minimal", "own schedule"])
def test_production_settings_have_our_beat_and_the_sites(tmp_path: Path, more: str, own: list[str]) -> None:
    assert openedx_world
    (tmp_path / "lms.yml").write_text(MINIMAL.read_text(encoding="utf-8") + more, encoding="utf-8")
    environment = {**os.environ, "LMS_CFG": str(tmp_path / "lms.yml"), "DJANGO_SETTINGS_MODULE": "lms.envs.production"}
    done = subprocess.run([sys.executable, "-c", PRINT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    schedule, middleware = json.loads(done.stdout.splitlines()[-1])
    assert {*BEAT, *own} <= set(schedule)
    assert middleware[:3] == [LIMITS, FIRST, LOGINS]
    assert [middleware.count(name) for name in (LIMITS, FIRST, LOGINS, MIDDLEWARE)] == [1, 1, 1, 1]

"""Fixtures: LMS and platform as two sites with https, and a WebKit without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack
from tests.browser.two_sites import running

if TYPE_CHECKING:
    from selenium.webdriver import WebKitGTK

WANTED = os.environ.get("LTI_TEST_WEBKIT") == "1"
collect_ignore_glob = [] if WANTED else ["test_*.py"]
BROWSERS = "webkit2gtk-4.*/MiniBrowser"


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The demo's two processes behind https."""
    with running(tmp_path_factory.mktemp("webkit"), pytestconfig) as stack:
        yield stack


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A screen that nobody sees; WebKitGTK has no other way."""
    if not (server := shutil.which("Xvfb")):
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "1200x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def browser(screen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebKitGTK]:
    """WebKit's own small browser, as its driver starts it: a new profile each time."""
    from selenium.webdriver import WebKitGTK, WebKitGTKOptions
    from selenium.webdriver.webkitgtk.service import Service

    driver = shutil.which("WebKitWebDriver")
    found = sorted(path for folder in Path("/usr/lib").glob("*-linux-gnu") for path in folder.glob(BROWSERS))
    if not driver or not found:
        pytest.skip("WebKit is not installed: apt-get install webkit2gtk-driver")
    monkeypatch.setenv("DISPLAY", screen)
    options = WebKitGTKOptions()
    options.binary_location = str(found[-1])
    options.add_argument("--automation")
    options.set_capability("acceptInsecureCerts", True)
    started = WebKitGTK(options=options, service=Service(driver))
    yield started
    started.quit()

"""Fixtures: the demo's two processes, Debian's Chromium, and visitors, each with a browser profile of their own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from demo.stack import ROOT, Stack, free_port

from .browsers import CHROMIUM, FLAGS, VIEWPORT, Profile, headless_shell, profiles, shown
from .commands import StackOfTests
from .first_state import FirstState
from .two_sites import SETTINGS, running
from .visitor import NARROW, PATIENCE, WIDTH, Visitor, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

BLOCK = 2  # Chromium's content setting


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Say what the pages showed when a test failed, and what the LMS wrote last."""
    report: pytest.TestReport = yield
    if report.failed and call.when == "call":
        report.sections += [(f"shown at {url}", text) for url, text in shown()]
        for servers in (one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Stack)):
            report.sections.append(("the LMS's log", servers.log_tail("lms")))
    return report


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The demo: a stand-in LMS and an emulated platform, as processes of their own with their own settings."""
    demo = StackOfTests(tmp_path_factory.mktemp("demo"), free_port(), free_port())
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in SETTINGS.items():
                environment.setenv(name, value)
            environment.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # ours is for the tests' own process
            demo.start(pytestconfig)
        yield demo
    finally:
        demo.stop()


@pytest.fixture(scope="package")
def sites(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The demo behind https, as two sites. Nothing is put back in it: who needs somebody new adds them."""
    with running(tmp_path_factory.mktemp("two-sites"), pytestconfig, found=True) as stack:
        yield stack


@pytest.fixture(scope="session")
def administrators_cookies(stack: Stack) -> dict[str, str]:
    """The cookies of an administrator who is signed in. Another login would end this session."""
    login = f"{stack.lms_url}/admin/login/"
    with requests.Session() as session:
        session.get(login, timeout=PATIENCE / 1000)
        form = {"username": "admin", "password": stack.facts["admin_password"], "next": "/admin/"}
        form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
        session.post(login, form, timeout=PATIENCE / 1000).raise_for_status()
        assert "sessionid" in session.cookies
        return session.cookies.get_dict()


@pytest.fixture(scope="session")
def first_state(stack: Stack, administrators_cookies: dict[str, str]) -> FirstState:
    """What the demo is like before a test, with an administrator who is signed in."""
    return FirstState(stack.directory / "lms.sqlite3")


@pytest.fixture(autouse=True)
def as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Put the demo back afterwards. It is the first fixture of a test, and the last to be ended."""
    if "stack" not in request.fixturenames:
        yield
        return
    before: FirstState = request.getfixturevalue("first_state")
    yield
    before.put_back()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, ended with this package: while it runs, this thread has an event loop, which Django refuses."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    expect.set_options(timeout=PATIENCE)
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def executable(playwright: Playwright) -> str:
    """What starts Debian's Chromium; playwright's own browsers are not downloaded."""
    return str(CHROMIUM) if shutil.which("chromium") else pytest.skip("no chromium: apt-get install chromium")


@pytest.fixture(scope="package")
def browser(playwright: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """One Chromium without a window, for everything that needs no settings of a person's. A page costs a third in the
    headless shell; where that is not installed, the whole browser does the same."""
    path = headless_shell() or request.getfixturevalue("executable")
    running = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield running
    running.close()


@pytest.fixture(scope="package")
def profile_of(
    request: pytest.FixtureRequest, playwright: Playwright, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Profile]]:
    """Return a function that returns the profile of a kind of browser: an ordinary one, or one whose person blocks
    cookies. Such a one takes a second to start."""

    def executable() -> str:
        return str(request.getfixturevalue("executable"))

    with profiles(playwright, browser, executable, lambda: tmp_path_factory.mktemp("profile")) as have:
        yield have


@pytest.fixture(scope="package")
def narrow_profile(browser: Browser) -> Iterator[Profile]:
    """The profile of an ordinary browser on a narrow screen."""
    with browser.new_context(viewport=NARROW) as context:  # type: ignore[arg-type]
        yield Profile(context)


@pytest.fixture(scope="package")
def scriptless_profile(browser: Browser) -> Iterator[Profile]:
    """The profile of an ordinary browser that runs no scripts."""
    with browser.new_context(viewport=VIEWPORT, java_script_enabled=False) as context:  # type: ignore[arg-type]
        yield Profile(context)


@pytest.fixture
def visitor(profile_of: Callable[..., Profile], stack: Stack) -> Iterator[Visitor]:
    """Somebody with an ordinary browser, without cookies or open pages of anybody else; afterwards no page may have had
    a script error or asked another host."""
    profile = profile_of()
    yield Visitor(profile.as_new(), stack)
    profile.leave()


@pytest.fixture
def narrow_visitor(narrow_profile: Profile, stack: Stack) -> Iterator[Visitor]:
    """The same with a narrow screen."""
    yield Visitor(narrow_profile.as_new(), stack)
    narrow_profile.leave()


@pytest.fixture
def without_cookies(playwright: Playwright, executable: str, stack: Stack, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who told Chromium, in its settings, to block the cookies of the LMS."""
    blocked = {f"{stack.lms_url},*": {"setting": BLOCK}}
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"content_settings": {"exceptions": {"cookies": blocked}}}}))
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=executable, args=FLAGS, viewport=VIEWPORT
    )
    context.set_default_timeout(PATIENCE)
    yield Visitor(context, stack)
    context.close()


@pytest.fixture
def scriptless(scriptless_profile: Profile) -> Iterator[BrowserContext]:
    """A browser that runs no scripts, without cookies or open pages of anybody else."""
    yield scriptless_profile.as_new()
    scriptless_profile.leave()


@pytest.fixture(scope="package")
def admin_context(browser: Browser, stack: Stack, administrators_cookies: dict[str, str]) -> Iterator[BrowserContext]:
    """An administrator's browser profile."""
    with browser.new_context(viewport=VIEWPORT) as context:  # type: ignore[arg-type]
        profile = Profile(context)
        context.add_cookies([{"name": n, "value": v, "url": stack.lms_url} for n, v in administrators_cookies.items()])
        yield context
        profile.leave()


@pytest.fixture
def admin(admin_context: BrowserContext) -> Iterator[Page]:
    """A tab of the administrator, still empty."""
    with admin_context.new_page() as page:
        yield page


@pytest.fixture(scope="session")
def picture() -> Callable[[Page, str], None]:
    """Return a function that writes a page to docs/images, but only under ``LTI_WRITE_SCREENSHOTS=1``."""

    def write(page: Page, name: str) -> None:
        if os.environ.get("LTI_WRITE_SCREENSHOTS") == "1":
            page.bring_to_front()
            page.set_viewport_size({"width": WIDTH, "height": 500})  # the picture grows to the page's height
            page.screenshot(path=ROOT / "docs" / "images" / f"{name}.png", full_page=True)
            page.set_viewport_size(VIEWPORT)

    return write


def session(context: BrowserContext) -> StorageState:
    """Return what makes a new profile the same person's: cookies alone. To read all that pages keep opens pages."""
    return {"cookies": context.cookies(), "origins": []}

"""Browsers: pages alone, for most tests, one of them without cookies of other sites; and one whose person blocks all
cookies of a site: a setting of the profile, made before it starts, which only a whole Chromium has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

from .two_sites import Kind
from .visitor import PATIENCE, WIDTH, PlaywrightError, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

    from demo.stack import Stack

FLAGS = (
    "--no-sandbox",
    # From the first request on; Playwright's own option is told to each page once that is there.
    "--ignore-certificate-errors",
    # A frame of another site stays in its page's process. A launch leads a frame from site to site and back: to change
    # its process each time costs more than the pages, and on a busy machine the driver may lose a frame that changes
    # again before it has heard of the last time. Which cookies a frame may have does not depend on it.
    "--disable-site-isolation-trials",
    # One process shows all pages of a profile, and none is there for drawing alone: a page costs less than a process,
    # and what reads the same script again, axe-core above all, has it compiled already.
    "--renderer-process-limit=1",
    "--in-process-gpu",
    "--disable-gpu",
    "--disable-gpu-rasterization",  # Debian asks for it: without a graphics card each picture is drawn twice
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Take partitioned cookies of other sites, and no others. That needs partitioned storage, which Playwright turns off. Of
# two lists of features the last one counts, so this one has what else of the other matters here: addresses stay what
# they are, and pages are drawn at once.
THIRD_PARTY_BLOCKED = ("--test-third-party-cookie-phaseout", "--disable-features=HttpsUpgrades,PaintHolding")
VIEWPORT = {"width": WIDTH, "height": 760}
CHROMIUM = Path(__file__).with_name("chromium")  # takes away what only a person needs who types addresses
SHELL = "chromium-headless-shell"  # Debian's Chromium without all that is around a page
USUAL = Kind()
SHOWN = 1500  # characters of a frame's text that a report has room for

_watched: WeakSet[BrowserContext] = WeakSet()


@dataclass
class Profile:
    """A browser's profile, which tests use one after another, and what its pages complained of."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        watch(self.context, self.complaints)
        if not self.context.pages:  # an empty one, as long as it is there, keeps the process that shows all others
            self.context.new_page()
        self._first = len(self.context.pages)

    def as_new(self) -> BrowserContext:
        """Forget who was signed in."""
        self.context.clear_cookies()
        return self.context

    def leave(self) -> None:
        """Close its pages; none may have complained. A whole Chromium keeps the empty one that it began with: it ends
        with its last."""
        for page in self.context.pages[self._first :]:
            page.close()
        said, self.complaints[:] = list(self.complaints), []
        assert said == []


@contextmanager
def profiles(
    playwright: Playwright, browser: Browser, executable: Callable[[], str], folder: Callable[[], Path]
) -> Iterator[Callable[[Kind], Profile]]:
    """Give a function that returns the profile of a kind of browser, the same one each time.

    ``executable`` tells what starts a whole Chromium, and ``folder`` makes a folder for its profile.
    """
    made: dict[tuple[bool, bool], Profile] = {}
    with ExitStack() as running:

        def have(kind: Kind = USUAL) -> Profile:
            traits = (kind.blocks_third_party, kind.takes_partitioned)
            if traits not in made:
                options: dict[str, Any] = {"viewport": VIEWPORT}
                if traits == (USUAL.blocks_third_party, USUAL.takes_partitioned):
                    context = browser.new_context(**options)
                elif kind.takes_partitioned and (shell := headless_shell()):
                    blocking = playwright.chromium.launch(executable_path=shell, args=(*FLAGS, *THIRD_PARTY_BLOCKED))
                    context = running.enter_context(blocking).new_context(**options)
                else:
                    kind.write_preferences(profile := folder())
                    context = playwright.chromium.launch_persistent_context(
                        profile, executable_path=executable(), args=FLAGS, **options
                    )
                made[traits] = Profile(running.enter_context(context))
            return made[traits]

        yield have


@contextmanager
def arrivals(
    profile_of: Callable[..., Profile], sites: Stack, event: Any, note: Callable[[Any], None]
) -> Iterator[Callable[..., Visitor]]:
    """Give a function that makes somebody with a browser of a kind, for which platform and LMS are two sites. ``note``
    is called for each ``event`` of theirs."""
    with ExitStack() as afterwards:

        def arrive(kind: Kind = USUAL) -> Visitor:
            profile = profile_of(kind)
            profile.as_new().on(event, note)
            afterwards.callback(profile.leave)
            afterwards.callback(profile.context.remove_listener, event, note)
            return Visitor(profile.context, sites)

        yield arrive


def headless_shell() -> str | None:
    """Return what starts the headless shell, if it is installed."""
    return shutil.which(SHELL)


def watch(context: BrowserContext, complaints: list[str]) -> None:
    """Note errors of scripts, and requests that leave the loopback address."""
    _watched.add(context)
    context.set_default_timeout(PATIENCE)
    context.on("weberror", lambda error: complaints.append(f"script error: {error.error}"))

    def noted(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws") and not _is_loopback(address.hostname):
            complaints.append(f"request to {address.hostname}")

    context.on("request", noted)


def shown() -> Iterator[tuple[str, str]]:
    """Yield the address and the text of each frame of all pages that are open, for those who read why a test failed."""
    for page in (page for context in list(_watched) for page in context.pages):
        for frame in page.frames:
            try:
                yield frame.url, frame.locator("body").inner_text(timeout=1000)[:SHOWN]
            except PlaywrightError as error:
                yield frame.url, f"cannot be read: {error.message[:SHOWN]}"


def _is_loopback(host: str | None) -> bool:
    return host in ("127.0.0.1", "localhost") or str(host).endswith(".localhost")

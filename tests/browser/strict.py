"""A browser whose person blocks cookies: a setting of the profile, made before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .conftest import FLAGS, VIEWPORT, watch
from .two_sites import Kind

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright

NO_THIRD_PARTY = Kind(blocks_third_party=True)


@contextmanager
def strict_browser(
    playwright: Playwright, executable: str, profile: Path, kind: Kind = NO_THIRD_PARTY
) -> Iterator[tuple[BrowserContext, list[str]]]:
    """Run one, and note what it complained of."""
    kind.write_preferences(profile)
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=executable, args=FLAGS, viewport=VIEWPORT, ignore_https_errors=True
    )
    complaints: list[str] = []
    watch(context, complaints)
    yield context, complaints
    context.close()

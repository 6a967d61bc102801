"""A learner in the course page's frame, in browsers that treat the LMS's cookies there in different ways."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack, free_port

from .conftest import FLAGS, VIEWPORT, watch
from .two_sites import LMS, PLATFORM, Fronts, Kind, tls
from .visitor import PATIENCE, RIGHT_COLOURS, Visitor, expect, problem, score, submit

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page, Playwright

COOKIES = Kind()
PARTITIONED = Kind(blocks_third_party=True)
STORED = Kind(blocks_third_party=True, takes_partitioned=False, storage="_parent")
NOTHING = Kind(blocks_third_party=True, takes_partitioned=False)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("two-sites")
    ports = free_port(), free_port()
    with Fronts(tls(directory)) as fronts, pytest.MonkeyPatch.context() as environment:
        environment.setenv("LTI_AGGREGATE_SCORE_PASSBACK_DELAY", "1")
        environment.delenv("DJANGO_SETTINGS_MODULE", raising=False)
        places = (f"https://{LMS}:{fronts.open(ports[0])}", f"https://{PLATFORM}:{fronts.open(ports[1])}")
        with Stack(directory, *ports, *places) as stack:
            yield stack


@pytest.fixture
def learner(
    playwright: Playwright, executable: str, sites: Stack, tmp_path: Path
) -> Iterator[Callable[[Kind], Visitor]]:
    contexts, complaints = [], []

    def arrive(kind: Kind) -> Visitor:
        profile = tmp_path / f"profile-{len(contexts)}"
        kind.write_preferences(profile)
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=executable, args=FLAGS, viewport=VIEWPORT, ignore_https_errors=True
        )
        contexts.append(context)
        watch(context, complaints)
        return Visitor(context, sites)

    yield arrive
    for context in contexts:
        context.close()
    assert complaints == []


def test_probe(learner, sites):
    for kind in (COOKIES, PARTITIONED, STORED, NOTHING):
        v = learner(kind)
        page = v.context.new_page()
        page.on("console", lambda m: print("console", m.text))
        page.on("response", lambda r: print(r.status, r.request.method, r.url[:90]))
        page.goto(f"{sites.platform_url}/links/problem?person=u-1001&{kind.query}")
        page.wait_for_timeout(6000)
        for f in page.frames[1:]:
            print(kind, f.url[:100], f.evaluate("document.body.innerText")[:300])
        for c in v.context.cookies():
            print({k: c.get(k) for k in ("name", "domain", "partitionKey", "value")})

"""One running platform per module, and one scratch tool for all."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from demo.platform import Link, Platform, PlatformConfig, RunningPlatform
from demo.platform.keys import SigningKey

from .scratch_tool import ScratchTool, running_tool


@pytest.fixture(scope="session")
def tool() -> Iterator[ScratchTool]:
    with running_tool() as running:
        yield running


@pytest.fixture(scope="session")
def other_key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture(scope="module")
def running(tool: ScratchTool) -> Iterator[Platform]:
    with RunningPlatform(PlatformConfig(tools=[tool.registration()], page_size=2)) as platform:
        yield platform


@pytest.fixture
def platform(running: Platform) -> Iterator[Platform]:
    yield running
    running.faults.clear()
    running.clock = lambda: datetime.now(UTC)


@pytest.fixture
def link(platform: Platform, tool: ScratchTool) -> Link:
    return platform.add_link(tool.link(graded=True, score_maximum=20, resource_id="unit-1"))

"""``make demo-pylti1p3``: the example script that uses PyLTI1p3, against a demo whose database is migrated already."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from demo.neighbour import sent
from demo.stack import Stack, free_port, print_result
from tests import migrated


def test_the_example_script_works_against_the_demo(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith(("DEMO_", "DJANGO_", "LTI_TEST_"))]:
        monkeypatch.delenv(name)
    migrated.begin_with(pytestconfig, tmp_path / "lms.sqlite3")
    assert print_result(sent, Stack(tmp_path, free_port(), free_port())) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"]
    assert "Essay" in said["columns"]

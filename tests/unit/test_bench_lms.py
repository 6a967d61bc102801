"""The parts of ``make bench-lms`` that need no LMS: what it refuses to start with, and how it counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from bench.lms import __main__ as start
from bench.lms import makers, turns
from bench.tokens import Link, Visitor, claims
from bench.visit import Browsers
from tests.cases import every

ROOT = Path(__file__).parents[2]


def checkout(folder: Path) -> Path:
    for name in ("lms", "xmodule"):
        (folder / name).mkdir()
    (folder / "lms" / "wsgi.py").touch()
    return folder


@every(
    "given, said",
    [
        ({}, "EDX_PLATFORM is missing"),
        ({"EDX_PLATFORM": ""}, "EDX_PLATFORM is missing"),
        ({"EDX_PLATFORM": "/nowhere"}, "is no checkout of edx-platform"),
        ({"EDX_PLATFORM": str(ROOT)}, "is no checkout of edx-platform"),
    ],
)
def test_it_says_in_one_sentence_why_it_cannot_start(given, said):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDX_")}
    done = subprocess.run(
        [sys.executable, "-m", "bench.lms"], cwd=ROOT, env={**environment, **given}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_that_is_not_there_is_named(tmp_path):
    assert start.checkout({"EDX_PLATFORM": str(checkout(tmp_path))}) == tmp_path
    with pytest.raises(ValueError, match="EDX_PYTHON=/nowhere/python cannot be run"):
        start.interpreter({"EDX_PYTHON": "/nowhere/python"})
    assert start.interpreter({"EDX_PYTHON": sys.executable}) == os.path.abspath(sys.executable)


def test_the_callers_environment_is_kept_under_our_settings():
    given = {"PYTHONPATH": "/theirs", "DJANGO_SETTINGS_MODULE": "their.settings", "OTHER": "1"}
    made = start.environment(given)
    assert made["PYTHONPATH"].split(os.pathsep) == [str(ROOT / "src"), str(ROOT), "/theirs"]
    assert (made["BENCH_LMS_SETTINGS"], made["OTHER"]) == ("their.settings", "1")
    assert start.environment({})["BENCH_LMS_SETTINGS"] == "lms.envs.test"


def test_both_sides_take_turns_and_warm_up_is_not_counted():
    order: list[str] = []

    def step(side: str, seconds: float) -> turns.Step:
        def take(number: int) -> float:
            order.append(f"{side}{number}")
            return seconds * (1 if number % 2 else 2)

        return take

    taken = turns.in_turns(step("a", 0.002), step("b", 0.001), rounds=4, warm_up=2)
    assert (len(taken.ours), len(taken.baseline), len(order)) == (4, 4, 12)
    assert sorted(order) == sorted(f"{side}{number}" for side in "ab" for number in range(6))
    assert [name[0] for name in order[:4]] in (["a", "b", "b", "a"], ["b", "a", "a", "b"])
    assert (taken.ours_ms, taken.baseline_ms, taken.more_ms) == (3, 1.5, 1.5)


def test_each_round_is_compared_with_what_was_beside_it():
    """A machine that slows down in the middle changes no ratio."""
    taken = turns.Taken(ours=[2.0, 2.0, 9.0, 20.0, 20.0], baseline=[1.0, 1.0, 3.0, 10.0, 10.0])
    assert (taken.times, round(taken.ours_ms / taken.baseline_ms, 3)) == (2, 3)


@pytest.mark.django_db
def test_a_query_has_its_maker_and_transaction_control_is_told_apart():
    with makers.recorded() as found, transaction.atomic():
        get_user_model().objects.filter(username="nobody").exists()
    assert makers.counted(found) == {
        "queries": 1,
        "by_our_functions": 0,
        "savepoints": 2,
        "other_transaction_control": 0,
    }
    (query,) = [one for one in found if not one.is_transaction]
    assert query.maker == f"{__name__}.test_a_query_has_its_maker_and_transaction_control_is_told_apart"
    assert query.table == "auth_user"
    assert "auth_user" in makers.table(found)


def test_a_link_of_its_own_is_in_the_message():
    link = Link("https://lms.example/there", "name", "title", "https://platform.example/column")
    said = claims(Visitor("ada", "client", link))
    assert "https://lms.example/there" in said.values()
    assert {"id": "name", "title": "title"} in said.values()
    assert any(isinstance(claim, dict) and claim.get("lineitem") == link.line_item for claim in said.values())


@pytest.mark.django_db
def test_the_clock_that_is_given_counts(settings):
    settings.ALLOWED_HOSTS = ["lms.example"]
    ticks = iter(range(100))
    answer = Browsers(None, lambda: float(next(ticks))).get("/nowhere/")  # type: ignore[arg-type]
    assert answer.status.startswith("404")
    assert answer.seconds == 1


def test_what_has_nothing_beside_it_is_no_multiple_of_it():
    taken = turns.Taken([0.5, 0.6], [0.0, 0.0])
    assert (taken.times, taken.more_ms) == (0, 0.55)

"""Peak memory of a worker that delivers 100,000 scores in one go, when 10, 50 and 100 % of them are out.

The platform answers at once. Rows are made in a process that ends before, so that what is measured is the worker's own.
Prints its result as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time

import django

django.setup()

from bench import score_world  # noqa: E402
from bench.peak import peak_mb  # noqa: E402
from bench.score_server import ScoreServer  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from lti_1p3_provider.scores.delivery.deliver import deliver_due  # noqa: E402

COURSES = 20
SCORES = int(os.environ.get("BENCH_MEMORY_SCORES") or (2_000 if os.environ.get("BENCH_QUICK") == "1" else 100_000))
MARKS = (10, 50, 100)  # percent
SAMPLE = 0.2  # seconds


def main() -> None:
    """Measure on the database that the settings name."""
    with ScoreServer(latency=0.0) as platform:
        making = multiprocessing.get_context("fork").Process(target=_prepare, args=(platform.base,))
        making.start()
        making.join()
        assert making.exitcode == 0, "the rows could not be made"
        began, peaks, done = peak_mb(), {}, threading.Event()
        watching = threading.Thread(target=_watch, args=(platform, peaks, done))
        watching.start()
        started = time.perf_counter()
        report = deliver_due()
        seconds = time.perf_counter() - started
        done.set()
        watching.join()
    assert report.delivered == SCORES, f"not everything was delivered: {report}"
    peaks[MARKS[-1]] = peak_mb()
    print(json.dumps({"before_mb": began, "peak_mb": peaks, "scores": SCORES, "seconds": round(seconds, 1)}))


def _prepare(address: str) -> None:
    known = score_world.prepare(Minter(), address, COURSES, SCORES // COURSES)
    score_world.answer_all(known, 1.0)


def _watch(platform: ScoreServer, peaks: dict[int, float], done: threading.Event) -> None:
    """Note the peak so far each time that a mark is passed."""
    while not done.wait(SAMPLE):
        percent = platform.counts().scores * 100 / SCORES
        for mark in MARKS:
            if percent >= mark:
                peaks.setdefault(mark, peak_mb())


if __name__ == "__main__":
    main()

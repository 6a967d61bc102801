"""Examines the site and many registrations side by side, within one time limit for all.

A platform that does not answer takes only its own examination's time. Threads that still wait for one when the time is
over are abandoned: they write nothing, and end with their request.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from django.db import connections

from lti_1p3_provider.doctor.findings import Finding, failed, wrong

WITHIN = 60.0  # seconds
MAX_AT_ONCE = 32  # threads, each with a database connection; they wait for platforms most of the time
Examination = Callable[[], Iterable[Finding]]
Name = TypeVar("Name")


def examine(examinations: Mapping[Name, Examination], within: float = WITHIN) -> Iterator[tuple[Name, list[Finding]]]:
    """Yield what each examination finds, as soon as it ends. After ``within`` seconds, yield what the others found so
    far.

    An exception in an examination becomes a finding of its own.
    """
    end = time.monotonic() + within
    waiting: queue.SimpleQueue[Name] = queue.SimpleQueue()
    for name in examinations:
        waiting.put(name)
    found: dict[Name, list[Finding]] = {name: [] for name in examinations}
    ended: queue.SimpleQueue[Name] = queue.SimpleQueue()

    def work() -> None:
        try:
            while time.monotonic() < end:
                name = waiting.get_nowait()
                _examine_one(examinations[name], found[name], end)
                ended.put(name)
        except queue.Empty:
            pass
        finally:
            connections.close_all()  # this thread's own

    for number in range(min(MAX_AT_ONCE, len(examinations))):
        threading.Thread(target=work, name=f"lti-doctor-{number}", daemon=True).start()
    missing = dict.fromkeys(examinations)
    while missing:
        try:
            name = ended.get(timeout=max(end - time.monotonic(), 0.0))
        except queue.Empty:
            break
        del missing[name]
        yield name, found[name]
    for name in missing:
        yield name, [*found[name], _late(bool(found[name]), within)]


def _examine_one(examination: Examination, found: list[Finding], end: float) -> None:
    try:
        for finding in examination():
            found.append(finding)
            if time.monotonic() > end:
                return
    except BaseException as error:  # any: the cryptography library panics with one that is no Exception
        found.append(failed("examination", error))


def _late(begun: bool, within: float) -> Finding:
    said = f"The examination {'was not over' if begun else 'had no result'} when {within:g} s were."
    advice = "Examine it by itself (--registration), or give more time (--within): others did not answer, or this one."
    return wrong("time", said, advice)

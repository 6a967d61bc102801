"""Tries mutants inside one pytest: everything is imported and the database made once, each mutant gets a fork of that.

First a fork runs all tests and notes what each takes, which functions it calls, and which of these raise.
Then each mutant meets the tests that call its function, in their order (``order``), until one fails.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connections
from django.urls import reverse
from mutmut.core import MutmutCallStack
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state as noted

from demo.platform import keys as platform_keys
from tests.mutants.generate import PACKAGE, Mutant
from tests.mutants.order import in_order, within
from tests.services.django_sqlite.base import close_idle

Notes = tuple[dict[str, list[str]], dict[str, list[str]], dict[str, float]]
KILLED, SURVIVED, TIMEOUT, UNREACHED = "killed", "survived", "timeout", "no test"
WARMS = "test_keys_and_gates"  # needs the database and starts no thread, which a fork would not have
GRACE, TIMES = 8, 6  # seconds that any test may take, and how many times what it took at first
PATIENCE = float(os.environ.get("MUTANT_PATIENCE", "30"))  # seconds of tests that a mutant must survive
SHORT = PATIENCE / 10  # and at a first look; the second comes when all have had their first


@dataclass(eq=False)
class Runner:
    """A pytest plugin that replaces its loop. ``results`` is written to ``path`` as it grows."""

    mutants: list[Mutant]
    path: Path
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: str = ""
    trying: bool = False
    sound: set[str] = field(default_factory=set)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Note a failure, and end there if a mutant is tried; what is skipped on purpose is none."""
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            if self.trying:
                os._exit(1)
            self.failed = item.nodeid

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants."""
        items = {item.nodeid: item for item in session.items}
        self._warm(session)
        calls, refusals, seconds = self._noted(items)
        killers: dict[str, Counter[str]] = defaultdict(Counter)
        for result in self.results.values():
            if result["test"]:
                killers[result["place"]][result["test"]] += 1
        looks = [(mutant, SHORT) for mutant in self.mutants if mutant.name not in self.results]
        looks += [(mutant, PATIENCE) for mutant in self.mutants]
        for number, (mutant, patience) in enumerate(looks, 1):
            if self.results.get(mutant.name, {}).get("outcome") in (KILLED, TIMEOUT):
                continue
            while self.path.with_name("pause").exists():
                time.sleep(1)
            known = killers[mutant.place]
            called, refused = (
                {test for function in mutant.callers for test in of.get(function, ())} for of in (calls, refusals)
            )
            reach = in_order(mutant.module, called, refused, known, seconds)
            chosen = [items[test] for test in within(reach, seconds, patience)]
            began = time.monotonic()
            outcome, test = self._tried(mutant, chosen, seconds) if chosen else (UNREACHED, "")
            took = round(time.monotonic() - began, 2)
            if test and not self._is_sound(items[test], seconds):
                raise pytest.UsageError(f"{test} fails without any change")
            known[test] += bool(test)
            self.results[mutant.name] = {
                "version": mutant.version, "place": mutant.place, "outcome": outcome, "test": test,
                "seconds": took, "tests": len(chosen), "of": len(reach),
            }  # fmt: skip
            self.path.write_text(json.dumps(self.results, indent=1), encoding="utf-8")
            print(f"{number}/{len(looks)} {outcome:9}{took:7.2f} {mutant.name} {test}", file=sys.__stderr__, flush=True)
        return True

    def _warm(self, session: pytest.Session) -> None:
        """Make what all forks share: the database, and keys, which are slow to make."""
        _prepared_keys()
        warming = next(item for item in session.items if item.name == WARMS)
        warming.config.hook.pytest_runtest_protocol(item=warming, nextitem=session.items[-1])
        if self.failed:
            raise pytest.UsageError(f"{self.failed} fails without any change")
        reverse("lti_1p3_provider:launch")  # imports all that answers requests
        connections.close_all()
        close_idle()
        self.database = Path(connections["default"].settings_dict["NAME"])
        self.content = self.database.read_bytes()
        gc.collect()
        gc.freeze()

    def _restore(self) -> None:
        """A fork that ends early leaves its database as it is."""
        for ending in ("-wal", "-shm"):
            self.database.with_name(self.database.name + ending).unlink(missing_ok=True)
        self.database.write_bytes(self.content)

    def _noted(self, items: dict[str, pytest.Item]) -> Notes:
        """Return which tests call a function, in which it raises, and how long each takes.

        Tests that fail without a change do not count.
        """
        path = self.path.with_name("tests.json")
        calls, refusals, seconds = json.loads(path.read_text(encoding="utf-8")) if path.exists() else ({}, {}, {})
        fresh = sorted(set(items) - set(seconds))

        def note() -> None:
            raised: set[str | None] = set()
            unfit: list[str] = []
            ended = MutmutCallStack.reset

            def reset(token: Any) -> None:
                if sys.exc_info()[0]:
                    raised.add(MutmutCallStack.get()[0])
                ended(token)

            MutmutCallStack.reset = reset  # type: ignore[method-assign]
            set_mutant_under_test("stats")
            for item, following in _in_turn([items[test] for test in fresh]):
                noted()._stats.clear()
                raised.clear()
                self.failed, began = "", time.monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                seconds[item.nodeid] = round(time.monotonic() - began, 3)
                if self.failed:
                    del seconds[item.nodeid]
                    unfit.append(item.nodeid)
                    continue
                for function in noted()._stats:
                    calls.setdefault(function, []).append(item.nodeid)
                for function in raised:
                    refusals.setdefault(function, []).append(item.nodeid)
            path.write_text(json.dumps([calls, refusals, seconds], indent=1), encoding="utf-8")
            path.with_name("unfit.txt").write_text("\n".join(unfit), encoding="utf-8")

        if fresh:
            self._restore()
            if _forked(note) != 0:
                raise pytest.UsageError("the tests did not run")
            calls, refusals, seconds = json.loads(path.read_text(encoding="utf-8"))
        for tests in (*calls.values(), *refusals.values()):
            tests[:] = [test for test in tests if test in items]
        return calls, refusals, {test: took for test, took in seconds.items() if test in items}

    def _is_sound(self, item: pytest.Item, seconds: dict[str, float]) -> bool:
        """Whether a test that failed passes without a change: it may be older than the code, or the code wrong."""
        if item.nodeid not in self.sound and self._tried(None, [item], seconds)[0] == SURVIVED:
            self.sound.add(item.nodeid)
        return item.nodeid in self.sound

    def _tried(self, mutant: Mutant | None, chosen: list[pytest.Item], seconds: dict[str, float]) -> tuple[str, str]:
        reading, writing = os.pipe()

        def attempt() -> None:
            self.trying = True
            set_mutant_under_test(mutant.name if mutant else "")
            if mutant and mutant.constant:
                _redefine(mutant)
            for item, following in _in_turn(chosen):
                os.write(writing, f"{item.nodeid}\n".encode())
                signal.alarm(int(GRACE + TIMES * seconds[item.nodeid]))
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

        self._restore()
        status = _forked(attempt)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as lines:
            last = ["", *lines.read().splitlines()][-1]
        if status == 0:
            return SURVIVED, ""
        return (TIMEOUT if status == -signal.SIGALRM else KILLED), last


def _in_turn(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item]]:
    """Pair each with its successor, the last with itself: what a run shares is never taken down."""
    return zip(items, [*items[1:], items[-1]], strict=True)


def _redefine(mutant: Mutant) -> None:
    """Give a constant another value wherever it was imported."""
    home = vars(sys.modules[f"{PACKAGE}.{mutant.module}"])
    old, changed = home[mutant.constant], dict(home)
    exec(mutant.after, changed)  # noqa: S102
    for name, module in list(sys.modules.items()):
        if name.startswith(PACKAGE) and getattr(module, mutant.constant, None) is old:
            setattr(module, mutant.constant, changed[mutant.constant])


def _forked(work: Callable[[], None]) -> int:
    """Do it in a fork, silently; return its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            work()
            os._exit(0)
        except BaseException:  # a change may break anything, pytest too
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _prepared_keys() -> None:
    """Some keys are made once and handed out in turn, and a key that was read before is not examined again."""
    ready = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(24)]
    make, load = rsa.generate_private_key, cache(serialization.load_pem_private_key)

    def generate_private_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        return ready.pop() if ready and key_size == 2048 else make(public_exponent, key_size)

    rsa.generate_private_key = generate_private_key
    platform_keys.generate_private_key = generate_private_key
    serialization.load_pem_private_key = load
    for key in ready:
        load(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), password=None)

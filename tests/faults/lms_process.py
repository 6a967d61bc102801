"""A process of the stand-in LMS that grades learners' answers. It is told what to do in lines of JSON, over a socket.

``{"id": 1, "call": "grade", "user": 7, "block": "block-v1:...", "earned": 3, "possible": 4}`` is answered, when it is
done, with ``{"id": 1, "error": ""}``; several calls run at the same time.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from django.contrib.auth import get_user_model
from django.db import close_old_connections, connection, transaction
from opaque_keys.edx.keys import UsageKey

from demo.lms.grades import record
from lti_1p3_provider.api import PlatformDetails
from lti_1p3_provider.api import register as register_platform
from tests.services import HOST

THREADS = 8
MAX_HOLD = 90.0  # seconds
held: dict[str, tuple[threading.Event, threading.Event]] = {}
saying = threading.Lock()


def register(**details: Any) -> int:
    """Register a platform; return the row's primary key."""
    details["deployment_ids"] = tuple(details["deployment_ids"])
    return register_platform(PlatformDetails(**details))[0].pk


def grade(user: int, block: str, earned: float, possible: float) -> None:
    """Record an answer's points, in a transaction of its own."""
    key = UsageKey.from_string(block)
    record(get_user_model()(pk=user), key.course_key, key, earned, possible)


def hold(name: str, first: list[dict[str, Any]], then: list[dict[str, Any]]) -> None:
    """A request that takes its time: record some answers, keep the transaction open until ``let_go``, record others."""
    holding, go = held.setdefault(name, (threading.Event(), threading.Event()))
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")  # a learner who waits longer sees an error
    try:
        with transaction.atomic():
            for one in first:
                grade(**one)
            holding.set()
            if not go.wait(MAX_HOLD):
                raise TimeoutError("nobody let go")
            for one in then:
                grade(**one)
    finally:
        holding.set()
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = DEFAULT")


def await_held(name: str) -> None:
    """Return when the transaction of that name holds its rows."""
    held.setdefault(name, (threading.Event(), threading.Event()))[0].wait(MAX_HOLD)


def let_go(name: str) -> None:
    """Let it end."""
    held[name][1].set()


CALLS: dict[str, Callable[..., Any]] = {
    "register": register,
    "grade": grade,
    "hold": hold,
    "await_held": await_held,
    "let_go": let_go,
}


def obey(line: str, told: TextIO) -> None:
    """Do one call and say how it ended."""
    order = json.loads(line)
    answer: dict[str, Any] = {"id": order.pop("id"), "error": "", "result": None}
    close_old_connections()
    try:
        answer["result"] = CALLS[order.pop("call")](**order)
    except Exception as error:  # the caller decides what it means
        answer["error"] = f"{type(error).__name__}: {error}"
    close_old_connections()
    with saying:
        print(json.dumps(answer), file=told, flush=True)


def obey_all(port: int) -> None:
    """Obey whoever listens there until nobody is there any more."""
    with (
        socket.create_connection((HOST, port)) as caller,
        caller.makefile("r") as asked,
        caller.makefile("w") as told,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        for line in asked:
            pool.submit(obey, line, told)

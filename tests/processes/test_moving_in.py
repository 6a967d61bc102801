"""A whole move on a site's own database: refused, set aside, migrated, brought in, compared, undone and done again; by
the commands that the documents tell an operator to run, word by word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from lti_1p3_provider.moving_in import set_aside
from lti_1p3_provider.moving_in.found import look
from tests.documents import blocks, inline
from tests.other_plugin import OtherPlugin, pem

PEOPLE, LINKS, TOOLS = 600, 60, 2  # people come in batches, of which these are two; links one by one
pytestmark = pytest.mark.timeout(900)  # seconds: all migrations, some of them twice and backwards
DRIVER = """
import io, json, sys
import django
from django.core.management import call_command
django.setup()
for line in sys.stdin:
    printed, said = io.StringIO(), ""
    try:
        arguments = json.loads(line)
        checks = {"skip_checks": "--skip-checks" in line} if arguments[0] == "migrate" else {}
        call_command(*arguments, stdout=printed, **checks)
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    print(json.dumps([printed.getvalue(), said]), flush=True)
"""


class Operator:
    """Runs the site's commands one after another, in one process: to start one takes seconds."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """Return what a command printed that went well."""
        printed, said = self._ask(arguments)
        assert not said, said
        return printed

    def read(self, *arguments: str) -> Any:
        """Return the JSON that a command printed."""
        return json.loads(self.run(*arguments, "--json"))

    def refused(self, *arguments: str) -> str:
        """Return what a command said that did not go well."""
        _printed, said = self._ask(arguments)
        assert said
        return " ".join(said.split())

    def end(self) -> None:
        """Let the process end."""
        self._process.communicate(timeout=60)

    def _ask(self, arguments: Sequence[str]) -> tuple[str, str]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(arguments)}\n")
        self._process.stdin.flush()
        printed, said = json.loads(self._process.stdout.readline())
        return printed, said


@pytest.fixture(params=["sqlite", "mariadb"])
def settings_of_database(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[dict[str, Any]]:
    """An empty database, as Django is told of it."""
    if request.param == "sqlite":
        yield {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "lms.sqlite3")}
        return
    yield request.getfixturevalue("mariadb_server").database("site")


@pytest.fixture
def connection(settings_of_database: dict[str, Any], django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    """The test's own connection to it."""
    handler = ConnectionHandler({"default": {**settings_of_database}})
    with django_db_blocker.unblock():
        yield handler["default"]
        handler["default"].close()


@pytest.fixture
def operator(settings_of_database: dict[str, Any], tmp_path: Any) -> Iterator[Operator]:
    """Somebody with a shell on the site."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "demo.lms.settings",
        "DEMO_DIRECTORY": str(tmp_path),
        "DEMO_DATABASE": repr(settings_of_database),
    }
    found = Operator(environment)
    yield found
    found.end()


def fill(plugin: OtherPlugin) -> None:
    """What a university has: two platforms, three keys, people and links."""
    plugin.run("BEGIN")
    names = [f"tool-{number}" for number in range(TOOLS)]
    keys = [plugin.key(pem()) for _ in range(TOOLS + 1)]
    for name, key in zip(names, keys, strict=False):
        plugin.gate(plugin.tool(name, key), allowed_orgs=["DemoX"], block_filter=["problem"])
    for number in range(1, PEOPLE + 1):
        plugin.run(
            "INSERT INTO auth_user (id, username, password, email, first_name, last_name, is_staff, is_superuser, "
            "is_active, date_joined) VALUES (%s, %s, '', '', '', '', %s, %s, %s, '2025-01-01 00:00:00')",
            (number, f"theirs{number}", False, False, True),
        )
        person = plugin.person(names[number % TOOLS], f"sub-{number}", number)
        for link in (number * 2, number * 2 + 1) if number <= LINKS // 2 else ():
            plugin.launched(person, f"link-{link}", f"block-v1:DemoX+A+B+type@problem+block@{link}")
    plugin.run("COMMIT")
    for tool in range(1, TOOLS + 1):
        plugin.owned("DemoX", tool=tool, key=tool)


def step_by_step(steps: Callable[[BaseDatabaseWrapper], Iterator[str]], connection: BaseDatabaseWrapper) -> int:
    """Interrupt after each step and begin again, until nothing is left; return how often."""
    times = 0
    while next(running := steps(connection), None) is not None:
        running.close()
        times += 1
    return times


def require_moved(operator: Operator, told: list[list[str]]) -> None:
    """Follow the document; every command goes well, and what it says is what there was."""
    inspect, prepare, migrate, bring, check = told
    seen = operator.read(*inspect)
    assert sum(one["numbers"]["people"] for one in seen["registrations"]) == PEOPLE
    operator.run(*prepare)
    operator.run(*migrate)
    done = operator.read(*bring)["registrations"]
    assert sum(one["numbers"]["people"] for one in done) == PEOPLE
    assert sum(one["numbers"]["links"] for one in done) == sum(one["numbers"]["columns"] for one in done) == LINKS
    assert not any(one["problems"] for one in done)
    assert [one["owner"] for one in done] == ["DemoX"] * TOOLS
    assert f"Looked at registrations: {TOOLS}, people: {PEOPLE}" in operator.run(*check)
    assert {one["state"] for one in operator.read(*bring)["registrations"]} == {"there"}


def test_a_site_moves_in_goes_back_and_moves_in_again(connection: BaseDatabaseWrapper, operator: Operator):
    for app in ("contenttypes", "auth"):
        operator.run("migrate", app, "--skip-checks", "-v0")
    fill(OtherPlugin(connection))
    before = look(connection)
    for skipping in ([], ["--skip-checks"]):
        assert "lti_1p3_move_in prepare --yes" in operator.refused("migrate", *skipping, "-v0")
        assert look(connection) == before
    assert step_by_step(set_aside.prepare, connection) == len(before.in_place) + len(before.migrations)
    assert step_by_step(set_aside.undo, connection) == len(before.in_place) + len(before.migrations)
    assert look(connection) == before

    told = blocks("move-in.md")
    require_moved(operator, told)
    assert look(connection).is_ours
    if connection.vendor != "sqlite":  # which makes each table anew for each migration, and could undo a failed one
        for command in inline("move-in.md", "**To go back**"):
            operator.run(*command)
        assert look(connection) == before
        require_moved(operator, told)

    (drop,) = inline("move-in.md", "**When you are sure**")
    operator.run(*drop)
    operator.run("migrate", "-v0")
    assert operator.read("lti_1p3_move_in", "inspect")["aside"] == []

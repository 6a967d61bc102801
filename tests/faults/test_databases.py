"""Tests once more on the databases that sites have, where these count: other locks, isolation, searches, collations.

In a test run of its own, because Django makes one test database per run.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from demo.stack import ROOT
from tests.services import mariadb, postgresql

DATABASES = ["mariadb"] if postgresql.missing() else ["mariadb", "postgresql"]
SCORES = (
    "ags_10 ags_13 ags_15 sec_15 newest_grade window poisoned failing_column rolled_back survives wakes wake_a "
    "wrong_clock given_up another_column comes_later cron subsection three_ways lost_answer"
)
ROLES = "(test_course_roles and (at_once or last_one or replaces))"
AWAITED = "(test_awaited_columns and (at_once or list_shows or in_batches))"
LTI_1P1 = ("byte_by_byte", "takes_for_the_same", "same_one", "(test_lti_1p1 and at_once)", "shown_before")
CONTRACT = "test_demo_host"
pytestmark = pytest.mark.timeout(900)  # seconds, for a run of many tests

CHARSETS = ["utf8mb3/utf8mb3", "utf8mb3/utf8mb4", "latin1/utf8mb4", "utf8mb4/utf8mb4"]


@pytest.mark.parametrize("charsets", CHARSETS if os.environ.get("LTI_TEST_CHARSETS") == "all" else CHARSETS[1:2])
def test_characters_on(charsets):
    """Of the tables and of the connection: Django 4.2 connects with 3 bytes, newer ones with 4, to tables of old.

    ``LTI_TEST_CHARSETS=all`` tries every pair, a minute or two each.
    """
    run("mariadb", "tests/flows/test_characters.py", LTI_TEST_CHARSETS=charsets)


@pytest.mark.parametrize("database", DATABASES)
def test_what_is_a_databases_own_on(database):
    """Full-text indexes are the databases' own, and so are locks, upserts and days, and collations, which ignore case,
    accents, blanks at the end and which emoji it is; and rows wait for each other, where SQLite lets one transaction
    write at a time. The host's contract is kept on MariaDB, too, which is what an LMS has."""
    names = ("outbox", "scores", "catalogue", "tallies", "course_roles", "lti_1p1", "lti_1p1_proofs", "awaited_columns")
    names += ("provisioning_at_once",)
    files = [f"tests/flows/test_{name}.py" for name in names]
    names = ("test_outbox", "test_catalogue", "test_tallies", "provisioning_at_once", *SCORES.split())
    names += (ROLES, AWAITED, *LTI_1P1)
    if database == "mariadb":
        files.append(f"tests/contract/{CONTRACT}.py")
        names += (CONTRACT,)
    run(database, *files, "-k", " or ".join(names))


def run(database: str, *arguments: str, **environment: str) -> None:
    """Run tests on a database of this run's own."""
    if database == "mariadb" and (reason := mariadb.missing()):
        pytest.skip(reason)
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    environment = {**os.environ, "LTI_TEST_DATABASE": database, **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

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
pytestmark = pytest.mark.timeout(900)  # seconds, for a run of many tests

CHARSETS = ["utf8mb3/utf8mb3", "utf8mb3/utf8mb4", "latin1/utf8mb4", "utf8mb4/utf8mb4"]


@pytest.mark.parametrize("charsets", CHARSETS if os.environ.get("LTI_TEST_CHARSETS") == "all" else CHARSETS[1:2])
def test_characters_on(charsets):
    """Of the tables and of the connection: Django 4.2 connects with 3 bytes, newer ones with 4, to tables of old.

    ``LTI_TEST_CHARSETS=all`` tries every pair, a minute or two each.
    """
    run("mariadb", "tests/flows/test_characters.py", LTI_TEST_CHARSETS=charsets)


@pytest.mark.parametrize("database", DATABASES)
def test_outbox_catalogue_tallies_and_roles_on(database):
    """Full-text indexes are the databases' own, and so are collations, locks, upserts and days; and rows wait for each
    other, where SQLite lets one transaction write at a time."""
    files = [f"tests/flows/test_{name}.py" for name in ("outbox", "scores", "catalogue", "tallies", "course_roles")]
    names = ["test_outbox", "test_catalogue", "test_tallies", *SCORES.split(), ROLES]
    run(database, *files, "-k", " or ".join(names))


@pytest.mark.parametrize("database", DATABASES)
def test_people_of_lti_1p1_on(database):
    """Collations ignore case, accents, blanks at the end and which emoji it is; who wants the same account waits."""
    files = ["tests/flows/test_lti_1p1.py", "tests/flows/test_lti_1p1_proofs.py"]
    run(database, *files, "-k", "byte_by_byte or takes_for_the_same or same_one or at_once or shown_before")


def run(database: str, *arguments: str, **environment: str) -> None:
    """Run tests on a database of this run's own."""
    if database == "mariadb" and (reason := mariadb.missing()):
        pytest.skip(reason)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "LTI_TEST_DATABASE": database, **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

"""Another plugin's tables in our place: seen before anything is migrated, set aside, and put back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.management.base import CommandError
from django.db.utils import ConnectionHandler

from lti_1p3_provider.errors import MoveInRefused
from lti_1p3_provider.moving_in import guard, set_aside
from lti_1p3_provider.moving_in.found import ASIDE, ASIDE_PREFIX, MIGRATIONS, PREFIX, THEIRS, look
from tests.other_plugin import OtherPlugin


@pytest.fixture
def connection(django_db_blocker):
    """Connect to an empty database."""
    handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    with django_db_blocker.unblock():
        yield handler["default"]
        handler["default"].close()


def tables(connection):
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def ours(connection, *names):
    """Make tables as a migration of ours does."""
    for name in names:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {PREFIX}{name} (id integer, registration_id integer)")


def test_an_empty_database_is_nobodys(connection):
    assert not look(connection).is_in_our_way
    assert guard.problem(connection) == ""
    assert list(set_aside.prepare(connection)) == []


@pytest.mark.parametrize("old", [True, False])
def test_tables_of_every_release_are_in_our_way(connection, old):
    OtherPlugin(connection, old=old)
    found = look(connection)
    assert (set(found.in_place), found.is_ours, found.is_in_our_way) == (set(THEIRS), False, True)
    assert "lti_1p3_provider_ltiprofile" in guard.problem(connection)


def test_our_own_tables_are_not_in_our_way(connection):
    OtherPlugin(connection, label=False).record_migrations(["0001_initial", "0002_profile_and_login_digests"])
    ours(connection, "registration", "launchgate", "toolkey")
    assert look(connection).is_ours
    assert not look(connection).is_in_our_way


@pytest.mark.parametrize("names", [["0001_initial"], ["0001_initial", "0002_launchgate"], ["0005_ltiprofile_email"]])
def test_migrations_alone_are_in_our_way(connection, names):
    """Tables that somebody dropped: Django would still take the first migration for ours."""
    OtherPlugin(connection, label=False).record_migrations(names)
    assert look(connection).is_in_our_way
    assert len(list(set_aside.prepare(connection))) == len(names)
    assert not look(connection).is_in_our_way


def test_tables_alone_are_in_our_way(connection):
    """Somebody deleted the record of the migrations and hoped for the best."""
    plugin = OtherPlugin(connection)
    plugin.run("DELETE FROM django_migrations")
    assert look(connection).is_in_our_way


def test_migrate_is_refused_before_anything_happens(connection):
    OtherPlugin(connection)
    before = tables(connection)
    ours_next = (SimpleNamespace(app_label="lti_1p3_provider"), False)
    with pytest.raises(CommandError, match="lti_1p3_move_in prepare --yes"):
        guard.require(connection, [(SimpleNamespace(app_label="auth"), False), ours_next])
    assert tables(connection) == before


@pytest.mark.parametrize(("label", "backwards"), [("lti_1p3_provider", True), ("auth", False), ("lti_provider", False)])
def test_other_migrations_are_not_refused(connection, label, backwards):
    OtherPlugin(connection)
    guard.require(connection, [(SimpleNamespace(app_label=label), backwards)])
    guard.require(connection, [])


def test_they_are_set_aside_with_all_rows_and_put_back(connection):
    plugin = OtherPlugin(connection)
    plugin.person("a", "1", None)
    before = tables(connection)
    done = list(set_aside.prepare(connection))
    assert len(done) == len(THEIRS) + len(MIGRATIONS)
    found = look(connection)
    assert (set(found.aside), found.in_place, found.is_in_our_way) == (set(THEIRS), (), False)
    assert set(found.aside_migrations) == MIGRATIONS
    assert list(set_aside.prepare(connection)) == []  # twice is once
    list(set_aside.undo(connection))
    assert tables(connection) == before
    assert set(look(connection).migrations) == MIGRATIONS
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {PREFIX}ltiprofile")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("after", range(len(THEIRS) + len(MIGRATIONS)))
def test_an_interrupted_run_goes_on_where_it_stopped(connection, after):
    OtherPlugin(connection)
    running = set_aside.prepare(connection)
    for _step in range(after):
        next(running)
    running.close()
    assert look(connection).is_in_our_way
    assert len(list(set_aside.prepare(connection))) == len(THEIRS) + len(MIGRATIONS) - after
    assert set(look(connection).aside) == set(THEIRS)


@pytest.mark.parametrize("after", [0, 2, 7])
def test_an_interrupted_undo_goes_on_where_it_stopped(connection, after):
    OtherPlugin(connection)
    before = look(connection)
    list(set_aside.prepare(connection))
    running = set_aside.undo(connection)
    for _step in range(after):
        next(running)
    running.close()
    list(set_aside.undo(connection))
    assert look(connection) == before


def test_nothing_is_put_back_onto_our_tables(connection):
    OtherPlugin(connection)
    list(set_aside.prepare(connection))
    ours(connection, "registration", "launchgate")
    with pytest.raises(MoveInRefused, match="migrate lti_1p3_provider zero"):
        list(set_aside.undo(connection))


def test_nothing_is_renamed_onto_a_table(connection):
    plugin = OtherPlugin(connection)
    plugin.table(f"{ASIDE_PREFIX}ltiprofile", {"x": "integer"})
    with pytest.raises(MoveInRefused, match="ltiprofile is there already"):
        list(set_aside.prepare(connection))
    assert look(connection).is_in_our_way


def test_what_a_failed_migration_of_ours_left_is_dropped_if_empty(connection):
    OtherPlugin(connection)
    ours(connection, "registration", "deployment")
    assert any("drop the empty table" in step for step in set_aside.steps(look(connection)))
    list(set_aside.prepare(connection))
    assert not {f"{PREFIX}registration", f"{PREFIX}deployment"} & tables(connection)


def test_what_a_failed_migration_left_is_kept_if_it_has_rows(connection):
    plugin = OtherPlugin(connection)
    ours(connection, "registration")
    plugin.run(f"INSERT INTO {PREFIX}registration (id) VALUES (1)")
    with pytest.raises(MoveInRefused, match="has rows"):
        list(set_aside.prepare(connection))
    assert set(look(connection).in_place) == set(THEIRS)  # nothing was begun


def test_what_was_set_aside_is_dropped_last_and_on_purpose(connection):
    OtherPlugin(connection)
    list(set_aside.prepare(connection))
    assert list(set_aside.drop(connection))
    found = look(connection)
    assert (found.aside, found.aside_migrations) == ((), ())
    assert ASIDE not in str(found)
    assert {"lti1p3_tool", "lti1p3_tool_key"} <= tables(connection)  # PyLTI1p3's are not ours to drop

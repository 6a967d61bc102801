"""Prepared statements change what Django's own would, although their SQL is written only once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.connection import ConnectionDoesNotExist

from lti_1p3_provider.database.prepared import Update, prepared_update
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5, microseconds=7)


@prepared_update
def move(usage_digest: str, outline: int, title: str, points: float | None, due: datetime | None) -> Update:
    """Move a block."""
    columns = {"outline": outline, "title": title, "points": points, "due": due}
    return OutlineBlock.objects.filter(usage_digest=usage_digest), columns


def stretched(rows: list[int], same: list[int], soon: datetime, later: datetime, points: float | None) -> Update:
    """Let blocks that are the same be due soon, and others later, like an answer's scores."""
    at = Case(When(pk__in=same, then=Value(soon)), default=Value(later))
    return OutlineBlock.objects.filter(pk__in=rows).annotate(twice=F("position") * 2), {
        "position": F("position") + 1,
        "due": Case(When(Q(start__gt=soon) | Q(title=""), then=at), default=Coalesce("due", at)),
        "start": Coalesce(Greatest("start", Value(later)), Value(later)),
        "points": None if points is None else Case(When(pk__in=same, then=Value(points)), default=None),
        "above": "seen",
    }


def outline(name: str) -> CourseOutline:
    return CourseOutline.objects.create(course_digest=name, course_key=name)


def block(outline: CourseOutline, name: str, **values: object) -> OutlineBlock:
    return OutlineBlock.objects.create(outline=outline, usage_digest=name, usage_key=name, position=1, **values)


def now(row):
    """Return the columns that a row has in the database."""
    return type(row).objects.filter(pk=row.pk).values().get()


def test_an_update_changes_what_it_names_in_the_rows_that_it_names():
    old, new = outline("old"), outline("new")
    first, second = block(old, "a"), block(old, "b")
    rest, others = now(first), now(second)
    for title, points, due in (("x", 1.5, NOON), ("it's 100 % \\ fine", 0.0, LATER)):
        with CaptureQueriesContext(connection) as queries:
            assert move("a", new.pk, title, points=points, due=due) == 1
        assert len(queries.captured_queries) == 1
        assert now(first) == rest | {"outline_id": new.pk, "title": title, "points": points, "due": due}
    assert now(second) == others
    assert move("c", new.pk, title="z", points=1.0, due=NOON) == 0


def test_an_update_writes_null_for_none_whether_it_comes_first_or_later():
    place = outline("a")
    row = block(place, "a")
    for points, due in ((None, NOON), (2.0, None), (None, None), (3.0, NOON), (None, LATER)):
        assert move("a", place.pk, "", points, due) == 1
        assert (now(row)["points"], now(row)["due"]) == (points, due)


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%s", "%(title)s", '"', "\\", "é"])
def test_values_of_an_update_are_parameters_and_never_sql(hostile):
    place = outline("a")
    row = block(place, "a")
    assert move(hostile, place.pk, "x", 1.0, NOON) == 0
    assert move("a", place.pk, hostile, 1.0, NOON) == 1
    assert now(row)["title"] == hostile


@pytest.mark.parametrize("points", [None, 2.5])
def test_an_update_with_expressions_does_what_a_queryset_does(points):
    place = outline("a")
    kinds = [{}, {"start": LATER}, {"due": NOON, "title": "x"}, {"start": LATER + timedelta(days=1), "title": "x"}]
    pairs = [(block(place, f"{n}", **kind), block(place, f"{n} too", **kind)) for n, kind in enumerate(kinds)]
    stretch = prepared_update(stretched)
    for some, same in ((4, 2), (4, 4), (4, 0), (1, 1), (3, 1)):
        for soon in (NOON, LATER):
            moments = {"soon": soon, "later": soon + timedelta(hours=1), "points": points}
            ours, theirs = ([pair[side].pk for pair in pairs] for side in (0, 1))
            rows, columns = stretched(theirs[:some], theirs[:same], **moments)
            assert stretch(ours[:some], ours[:same], **moments) == rows.update(**columns) == some
            for one, other in pairs:
                same_columns = {"id": 0, "usage_digest": "", "usage_key": ""}
                assert now(one) | same_columns == now(other) | same_columns


def test_in_an_empty_list_there_are_no_rows():
    @prepared_update
    def rename(positions: list[int], title: str) -> Update:
        return OutlineBlock.objects.filter(position__in=positions), {"title": title}

    row = block(outline("a"), "a")
    OutlineBlock.objects.update(position=0)
    before, stretch = now(row), prepared_update(stretched)
    for _ in range(2):
        assert rename([], "x") == stretch([], [], NOON, LATER, None) == 0
        assert now(row) == before
    assert rename([0], "x") == 1


def test_a_value_that_an_update_has_no_place_for_is_noticed():
    @prepared_update
    def deaf(usage_digest: str, title: str) -> Update:
        return OutlineBlock.objects.filter(usage_digest=usage_digest), {"above": ""}

    @prepared_update
    def reckons(usage_digest: str, due: datetime) -> Update:
        return OutlineBlock.objects.filter(usage_digest=usage_digest), {"due": due + timedelta(days=1)}

    with pytest.raises(TypeError, match="each value must be compared"):
        deaf("a", "b")
    with pytest.raises(TypeError, match="each value must be compared"):
        reckons("a", NOON)


def test_a_value_of_an_update_too_many_or_too_few_is_an_error():
    row = block(outline("a"), "a", title="kept")
    for args, named in ((("a", 1, "t", 1.0), {}), (("a", 1, "t", 1.0, NOON), {"title": "t"}), (("a",) * 6, {})):
        with pytest.raises(TypeError):
            move(*args, **named)
    assert now(row)["title"] == "kept"


def test_an_update_has_the_functions_name_and_words():
    assert (move.__name__, move.__doc__) == ("move", "Move a block.")


class Replica:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


def test_an_update_is_made_where_is_written():
    with override_settings(DATABASE_ROUTERS=[Replica()]):
        with pytest.raises(ConnectionDoesNotExist):
            CourseOutline.objects.exists()
        assert move("a", 1, "", 1.0, NOON) == 0


def test_a_statement_that_fails_undoes_the_transaction_as_djangos_do():
    place = outline("a")
    block(place, "a")
    block(place, "b")

    @prepared_update
    def rename(old: str, new: str) -> Update:
        return OutlineBlock.objects.filter(usage_digest=old), {"usage_digest": new}

    for _ in range(2):
        with transaction.atomic():
            with pytest.raises(IntegrityError):
                rename("a", "b")
            assert connection.needs_rollback

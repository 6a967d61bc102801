"""Reads and changes rows with SQL that is written once instead of each time.

Django takes longer to write a SELECT with its joins than the database takes to answer it, and a launch makes a handful
of them, always the same (``docs/decisions/0010-sql-is-written-once.md``). So a function describes the statement::

    @prepared
    def due_in_lane(lane: int, now: datetime) -> QuerySet[PendingScore, int]:
        return PendingScore.objects.filter(lane_id=lane, due_at__lte=now).values_list("pk", flat=True)


    due_in_lane(lane=7, now=now)  # the rows: a list of what iterating over the queryset would give
    due_in_lane.at_most(100, lane=7, now=now)
    due_in_lane.one(lane=7, now=now)


    @prepared_update
    def renew(user: int, until: datetime) -> Update:
        return Grant.objects.filter(user_id=user), {"until": until}


    renew(user=7, until=later)  # how many rows it found

How it works. The first call runs the function with *markers* in place of its values (``database/markers.py``), and has
Django's compiler write the SQL. That is kept, for each database, together with what the compiler learned about reading
the rows. Each later call only puts its values where the markers stood, and Django's own iterables make models, tuples
or values of the rows.

Hence the one rule: **the function sees markers instead of values, and only at first**. It may compare columns with its
arguments, or make columns of them, and nothing else: no ``if`` about an argument, no sum of it, and nothing that is
read meanwhile, such as the time. An argument that has no place in the SQL is an error at the first call; what the
function took from elsewhere would stay for ever. Only None is seen as it is, because SQL has words of its own for NULL:
there is a statement for each set of arguments that are None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet
from django.db.models.sql.query import Query
from django.db.models.sql.subqueries import UpdateQuery

from lti_1p3_provider.database.markers import Described, Text, marked, parted

P = ParamSpec("P")
Result = TypeVar("Result")
Update = tuple[QuerySet[Any, Any], Mapping[str, object]]  # of these rows, and what their columns become


class prepared(Described[P, QuerySet[Any, Result]], Generic[P, Result]):
    """Decorates a function that describes a queryset: calling it then returns the rows.

    Values are whole numbers, floats, texts, moments with a zone, lists of whole numbers, and None. A list says which
    rows are wanted: if it is empty, there are none, and nobody is asked. A queryset that locks rows (with
    ``select_for_update()``) is read where is written, in a transaction.
    """

    def __init__(self, describe: Callable[P, QuerySet[Any, Result]]) -> None:
        super().__init__(describe)
        self._example: QuerySet[Any, Result] | None = None  # knows which database is to be read, and if it locks
        self._statements: dict[tuple[str, int | None, tuple[str, ...]], _Statement] = {}

    def __call__(self, *args: P.args, **named: P.kwargs) -> list[Result]:
        """Return the rows, in the queryset's order."""
        return self._read(None, args, named)

    def at_most(self, limit: int, /, *args: P.args, **named: P.kwargs) -> list[Result]:
        """Return the first ``limit`` rows. The SQL names the number, so it is written for each ``limit``."""
        return self._read(limit, args, named)

    def one(self, *args: P.args, **named: P.kwargs) -> Result | None:
        """Return one row, or None; unlike ``first()`` it does not make the database sort."""
        return next(iter(self._read(1, args, named)), None)

    def _read(self, limit: int | None, args: tuple[object, ...], named: Mapping[str, object]) -> list[Result]:
        values = self._values(args, named)
        if limit == 0 or [] in values.values():
            return []
        if self._example is None:
            self._example = self._describe(**marked(values))
        using = self._example.db
        if self._example.query.select_for_update and not connections[using].in_atomic_block:
            raise transaction.TransactionManagementError("rows are locked in a transaction only")
        which = (using, limit, tuple(name for name, value in values.items() if value is None))
        statement = self._statements.get(which)
        if statement is None:
            markers = marked(values)
            rows = self._describe(**markers).using(using)
            statement = self._statements[which] = _written(rows if limit is None else rows[:limit], markers)
        return statement.read(using, values)


class prepared_update(Described[P, Update], Generic[P]):
    """Decorates a function that describes an UPDATE, with expressions if it likes: calling it then makes it.

    Values are those that ``prepared`` takes; none of them is prepared by its field. An empty list stands for no rows.
    """

    def __init__(self, describe: Callable[P, Update]) -> None:
        super().__init__(describe)
        self._model: type[Model] | None = None
        self._texts: dict[tuple[str, tuple[str, ...]], Text] = {}

    def __call__(self, *args: P.args, **named: P.kwargs) -> int:
        """Return how many rows it found."""
        values = self._values(args, named)
        if self._model is None:
            self._model = self._describe(**marked(values))[0].model
        using = router.db_for_write(self._model)
        which = (using, tuple(name for name, value in values.items() if value is None))
        text = self._texts.get(which)
        if text is None:
            text = self._texts[which] = self._written(using, marked(values))
        sql, params = text.filled(values, connections[using])
        with transaction.mark_for_rollback_on_error(using), connections[using].cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def _written(self, using: str, markers: Mapping[str, Any]) -> Text:
        rows, columns = self._describe(**markers)
        query: Any = rows.using(using).query.chain(UpdateQuery)
        query.add_update_values(dict(columns))
        query.annotations = {}
        sql, params = query.get_compiler(using).as_sql()
        return parted(sql, params, markers, using)


@dataclass(frozen=True, slots=True)
class _Statement:
    """The SQL of a queryset, and what reading its rows needs."""

    rows: Any
    text: Text
    learned: Mapping[str, Any]

    def read(self, using: str, values: Mapping[str, Any]) -> list[Any]:
        """Give Django's iterable a compiler that has nothing left to write."""
        query = self.rows.query
        compiler = query.get_compiler(using)
        sql = self.text.filled(values, compiler.connection)
        vars(compiler).update(self.learned, as_sql=lambda: sql)
        rows = SimpleNamespace(
            model=self.rows.model,
            db=using,
            query=_Answer(query, compiler),
            _fields=self.rows._fields,
            _known_related_objects={},
        )
        return list(self.rows._iterable_class(rows))


class _Answer:
    """A query whose compiler is there already."""

    def __init__(self, query: Query, compiler: Any) -> None:
        self._query = query
        self.get_compiler = lambda using: compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


def _written(rows: QuerySet[Any, Any], markers: Mapping[str, Any]) -> _Statement:
    compiler: Any = rows.query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    text = parted(sql, params, markers, rows.db)
    learned = {name: value for name, value in vars(compiler).items() if name != "connection"}  # that is a thread's
    columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)  # of columns into Python's types; the same for each connection
    return _Statement(rows, text, {**learned, "get_converters": lambda columns: converters})

"""Adds rows with SQL that is written once, as ``database/prepared.py`` reads and changes them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import Model
from django.db.models.sql import InsertQuery

Row = TypeVar("Row", bound=Model)


class Inserts(Generic[Row]):
    """Adds rows of one model without signals. The object does not learn its primary key, unless it is to be ``stored``,
    as after ``save()``.

    Unlike in ``prepared``, values are prepared by their fields, so a column may be of any type. A model whose fields
    need SQL of their own for a value cannot be used here.
    """

    def __init__(self, model: type[Row], *, stored: bool = False) -> None:
        self._model = model
        self._stored = stored
        self._written: dict[str, str] = {}

    def __call__(self, row: Row) -> None:
        """Add it, with a new primary key."""
        using = router.db_for_write(self._model)
        connection = connections[using]
        fields = [field for field in self._model._meta.local_concrete_fields if not field.primary_key]
        sql = self._written.get(using) or self._written.setdefault(using, self._sql(fields, row, using))
        params = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
        with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
            cursor.execute(sql, params)
            if self._stored:
                returns = connection.features.can_return_columns_from_insert  # MySQL, unlike MariaDB, does not
                row.pk = cursor.fetchone()[0] if returns else cursor.lastrowid
                row._state.adding, row._state.db = False, using

    def _sql(self, fields: list[Any], row: Row, using: str) -> str:
        query = InsertQuery(self._model)
        query.insert_values(fields, [row])
        compiler: Any = query.get_compiler(using)
        compiler.returning_fields = [self._model._meta.pk] if self._stored else None
        ((sql, _),) = compiler.as_sql()
        return str(sql)

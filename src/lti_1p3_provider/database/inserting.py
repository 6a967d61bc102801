"""Adds rows with SQL that is written once, as ``database/prepared.py`` reads and changes them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import CharField, Model, TextField
from django.db.models.sql import InsertQuery

TEXTS = (CharField, TextField)

Row = TypeVar("Row", bound=Model)


class Inserts(Generic[Row]):
    """Adds rows of one model without signals. The object does not learn its primary key, unless ``learns_key``.

    Unlike in ``prepared``, values are prepared by their fields, so a column may be of any type. A model whose fields
    need SQL of their own for a value cannot be used here.
    """

    def __init__(self, model: type[Row], *, learns_key: bool = False) -> None:
        self._model = model
        self._learns_key = learns_key
        self._written: dict[str, str] = {}

    def __call__(self, row: Row) -> None:
        """Add it, with a new primary key."""
        using = router.db_for_write(self._model)
        connection = connections[using]
        fields = [field for field in self._model._meta.local_concrete_fields if not field.primary_key]
        returns_key = self._learns_key and connection.features.can_return_columns_from_insert
        sql = self._written.get(using)
        if sql is None:
            sql = self._written[using] = _sql(fields, row, using, returns_key=returns_key)
        params = [_prepared(field, field.pre_save(row, add=True), connection) for field in fields]
        with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
            cursor.execute(sql, params)
            if self._learns_key:
                row.pk = cursor.fetchone()[0] if returns_key else cursor.lastrowid
                row._state.adding, row._state.db = False, using


def _sql(fields: list[Any], row: Model, using: str, *, returns_key: bool) -> str:
    query = InsertQuery(type(row))
    query.insert_values(fields, [row])
    compiler: Any = query.get_compiler(using)
    compiler.returning_fields = [row._meta.pk] if returns_key else None
    ((sql, _),) = compiler.as_sql()
    return str(sql)


def _prepared(field: Any, value: Any, connection: Any) -> Any:
    """Return the value as the database takes it. Most are texts, which a field leaves as they are, in four calls."""
    if type(value) is str and type(field) in TEXTS:
        return value
    return field.get_db_prep_save(value, connection)

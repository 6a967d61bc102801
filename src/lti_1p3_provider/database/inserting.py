"""Adds rows with SQL that is written once, as ``database/prepared.py`` reads and changes them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import Model
from django.db.models.sql import InsertQuery

Row = TypeVar("Row", bound=Model)


class Inserts(Generic[Row]):
    """Adds rows of one model without signals. The object does not learn its primary key.

    Unlike in ``prepared``, values are prepared by their fields, so a column may be of any type. A model whose fields
    need SQL of their own for a value cannot be used here.
    """

    def __init__(self, model: type[Row]) -> None:
        self._model = model
        self._written: dict[str, str] = {}

    def __call__(self, row: Row) -> None:
        """Add it, with a new primary key."""
        using = router.db_for_write(self._model)
        connection = connections[using]
        fields = [field for field in self._model._meta.local_concrete_fields if not field.primary_key]
        sql = self._written.get(using) or self._written.setdefault(using, _sql(fields, row, using))
        params = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
        with transaction.mark_for_rollback_on_error(using), connection.cursor() as cursor:
            cursor.execute(sql, params)


def _sql(fields: list[Any], row: Model, using: str) -> str:
    query = InsertQuery(type(row))
    query.insert_values(fields, [row])
    ((sql, _),) = query.get_compiler(using).as_sql()
    return str(sql)

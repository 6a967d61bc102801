"""Explains queries on MariaDB: which index finds the rows, and how many rows were really looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import connection, transaction

from bench.queries import Query, brief

HEAD = "| query | table | index | rows examined |\n|---|---|---|---|"


def explain(queries: Iterable[Query]) -> list[dict[str, object]]:
    """Return one row for each table that a query touches. Queries run once more and are taken back."""
    found: list[dict[str, object]] = []
    for sql, params in queries:
        if sql.startswith("INSERT"):
            table = re.findall(r"`(\w+)`", sql)[0]
            found.append({"query": brief(sql), "table": table, "index": "(new row)", "rows": 0})
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {sql}", params)
            columns = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                row = dict(zip(columns, values, strict=True))
                rows = row["rows"] if row["r_rows"] is None else float(str(row["r_rows"]).split()[0])
                seen = {"table": row["table"], "index": row["key"] or "none", "rows": rows, "type": row["type"]}
                found.append({"query": brief(sql), **seen, "extra": row["Extra"]})
            transaction.set_rollback(True)
    return found


def table(explained: list[dict[str, object]]) -> str:
    """Return it as a Markdown table."""
    lines = []
    for row in explained:
        how = f"{row['index']} ({row['type']})" if "type" in row else row["index"]
        lines.append(f"| `{row['query']}` | {row['table']} | {how} | {row['rows']} |")
    return "\n".join([HEAD, *lines])

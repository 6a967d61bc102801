"""How MySQL and MariaDB isolate transactions from each other.

With REPEATABLE READ, InnoDB locks the gaps between rows that a transaction looked for. First launches at the same
moment, each of which looks for its row and then adds it, end in deadlocks. READ COMMITTED locks no gaps.
"""

from __future__ import annotations

from typing import Any

from django.db import connection


def isolation(database: Any = connection) -> str:
    """Return the level of a connection in lower case, such as "repeatable read"; empty for other databases, where it
    makes no difference to us.

    Raises:
        django.db.DatabaseError: the database does not answer.
    """
    if database.vendor != "mysql":
        return ""
    names = ("transaction_isolation", "tx_isolation")  # MySQL and newer MariaDB; older ones
    with database.cursor() as cursor:
        cursor.execute("SHOW VARIABLES WHERE Variable_name IN (%s, %s)", names)
        found = [str(value) for _, value in cursor.fetchall()]
    return found[0].replace("-", " ").lower() if found else ""

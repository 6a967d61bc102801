"""Django's MySQL backend on PyMySQL, which needs no compiler."""

from typing import Any

import pymysql

pymysql.install_as_MySQLdb()

from django.db.backends.mysql import base  # noqa: E402


class DatabaseWrapper(base.DatabaseWrapper):
    """Never encrypts: for each connection, PyMySQL would read all certificates of the machine, which takes 15 ms."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what PyMySQL is told."""
        return {"ssl_disabled": True, **super().get_connection_params()}

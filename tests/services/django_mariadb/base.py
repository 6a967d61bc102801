"""Django's MySQL backend on PyMySQL, which needs no compiler."""

import pymysql

pymysql.install_as_MySQLdb()

from django.db.backends.mysql.base import DatabaseWrapper  # noqa: E402, F401

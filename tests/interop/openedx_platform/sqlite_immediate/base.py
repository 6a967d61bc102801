"""A request's transaction reads before it writes, which SQLite refuses to two threads at a time.

Waiting for the write lock at the beginning avoids that; Django has a setting for it from 5.1 on only.
"""

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        self.cursor().execute("BEGIN IMMEDIATE")

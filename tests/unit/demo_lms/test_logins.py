"""A login of the stand-in LMS asks for what a login of the LMS asks for."""

from django.contrib.auth import login
from django.db import connection
from django.test.utils import CaptureQueriesContext

from demo.lms.host import BACKEND, DemoIdentity
from tests.contract.world import browser


def test_a_login_reads_the_account_again(db):
    user = DemoIdentity().create_user("ada", None, "Ada")
    with CaptureQueriesContext(connection) as asked:
        login(browser(), user, backend=BACKEND)
    read = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert any('FROM "auth_user"' in sql for sql in read)

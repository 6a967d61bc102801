"""Rows that are added with SQL written once are those that ``save()`` adds."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.connection import ConnectionDoesNotExist

from lti_1p3_provider.database.inserting import Inserts
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

pytestmark = pytest.mark.django_db
TEXTS = ("", "it's 100 % \\ fine, %s", "'); --", "€ ✓")


def attempt(code: str, **values: object) -> LaunchAttempt:
    return LaunchAttempt(support_code=code, door="launch", outcome="ok", **values)


@pytest.mark.parametrize("text", TEXTS)
def test_a_row_is_the_one_that_save_adds(text):
    insert = Inserts(LaunchAttempt)
    values = {"detail": text, "steps": [text, {"a": [1, None]}], "target": text}
    for code in ("a", "b"):  # the SQL is written for the first
        insert(attempt(code, **values))
    attempt("c", **values).save()
    rows = list(LaunchAttempt.objects.order_by("pk").values())
    assert len({row.pop("id") for row in rows}) == 3
    assert [row.pop("support_code") for row in rows] == ["a", "b", "c"]
    assert all(row.pop("created_at") for row in rows)
    assert rows[0] == rows[1] == rows[2]


def test_moments_numbers_and_nothing_are_kept_as_well():
    outline = CourseOutline.objects.create(course_digest="a", course_key="a")
    noon = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)
    kept = {"points": 1.5, "due": noon, "start": None, "title": "x", "position": 3}
    insert = Inserts(OutlineBlock)
    insert(OutlineBlock(outline=outline, usage_digest="a", usage_key="a", **kept))
    insert(OutlineBlock(outline=outline, usage_digest="b", usage_key="b", **kept | {"due": None, "points": None}))
    first, second = OutlineBlock.objects.order_by("usage_digest").values(*kept)
    assert (first, second) == (kept, kept | {"due": None, "points": None})


def test_it_is_one_query_and_tells_nobody():
    told = []
    pre_save.connect(told.append, weak=False, dispatch_uid="told", sender=LaunchAttempt)
    post_save.connect(told.append, weak=False, dispatch_uid="told", sender=LaunchAttempt)
    try:
        with CaptureQueriesContext(connection) as queries:
            Inserts(LaunchAttempt)(attempt("a"))
    finally:
        pre_save.disconnect(dispatch_uid="told", sender=LaunchAttempt)
        post_save.disconnect(dispatch_uid="told", sender=LaunchAttempt)
    assert (len(queries.captured_queries), told) == (1, [])


def test_what_the_database_refuses_ends_the_transaction_as_usual():
    insert = Inserts(LaunchAttempt)
    insert(attempt("a"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(attempt("a"))
    assert LaunchAttempt.objects.count() == 1
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(attempt("a"))
        with pytest.raises(transaction.TransactionManagementError):
            LaunchAttempt.objects.count()
        transaction.set_rollback(True)


class Elsewhere:
    def db_for_write(self, model, **hints):
        return "elsewhere"


def test_a_router_is_asked_each_time():
    insert = Inserts(get_user_model())
    with override_settings(DATABASE_ROUTERS=[Elsewhere()]), pytest.raises(ConnectionDoesNotExist):
        insert(get_user_model()(username="a"))
    insert(get_user_model()(username="a"))
    assert get_user_model().objects.get().username == "a"

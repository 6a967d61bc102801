"""Lookups return what their querysets would, although Django writes their SQL only once."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from django.utils.connection import ConnectionDoesNotExist

from lti_1p3_provider.database.prepared import Addition, Change, Lookup
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.models import Deployment, Registration

pytestmark = pytest.mark.django_db

by_client = Lookup(
    Registration,
    lambda issuer, client_id: Registration.objects.filter(issuer=issuer, client_id=client_id),
    limit=2,
)
with_gate = Lookup(Registration, lambda pk: Registration.objects.select_related("gate").filter(pk=pk))
deployment = Lookup(
    Deployment,
    lambda registration, name: Deployment.objects.select_related("registration__gate").filter(
        registration_id=registration, deployment_digest=name, status=Deployment.Status.APPROVED
    ),
)


def registration(client_id: str, **values: object) -> Registration:
    return Registration.objects.create(title=client_id, issuer="https://lms.example", client_id=client_id, **values)


def fields_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_each_call_compares_with_its_own_values():
    first, second = registration("a", key_set={"keys": [1]}), registration("b", enabled=False)
    for row in (first, second, first):
        assert by_client.one(issuer=row.issuer, client_id=row.client_id) == row
    assert by_client.one(issuer=first.issuer, client_id="c") is None


def test_values_have_the_types_that_a_queryset_gives():
    row = registration("a", key_set={"keys": [{"kty": "RSA"}]}, allow_anonymous=True)
    for _ in range(2):
        found = by_client.one(issuer=row.issuer, client_id="a")
        assert fields_of(found) == fields_of(Registration.objects.get(pk=row.pk))
        assert found.key_set == {"keys": [{"kty": "RSA"}]}
        assert found.allow_anonymous is True


def test_related_rows_come_along_and_missing_ones_are_missing():
    gated, free = registration("gated"), registration("free")
    gate = LaunchGate.objects.create(registration=gated, allowed_orgs=["Demo"])
    for row in (gated, free):
        Deployment.objects.create(registration=row, deployment_id="1")
    expected = fields_of(LaunchGate.objects.get())
    for _ in range(2):
        found = deployment.one(registration=gated.pk, name=digest("1"))
        other = deployment.one(registration=free.pk, name=digest("1"))
        with CaptureQueriesContext(connection) as queries:
            assert found.registration == gated
            assert found.registration.gate == gate
            assert fields_of(found.registration.gate) == expected
            assert getattr(other.registration, "gate", None) is None
        assert not queries.captured_queries


def test_a_constant_of_the_query_stays():
    row = registration("a")
    Deployment.objects.create(registration=row, deployment_id="off", status=Deployment.Status.DISABLED)
    assert deployment.one(registration=row.pk, name=digest("off")) is None


def test_no_more_rows_than_asked_for_and_one_query():
    for number in range(3):
        registration(f"{number}")
    everybody = Lookup(Registration, lambda issuer: Registration.objects.filter(issuer=issuer), limit=2)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert len(everybody.all(issuer="https://lms.example")) == 2
        assert len(queries.captured_queries) == 1


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%s", "%(issuer)s", '"', "\\", "é", "\0client_id"])
def test_values_are_parameters_and_never_sql(hostile):
    registration("a")
    assert by_client.one(issuer=hostile, client_id=hostile) is None
    assert by_client.one(issuer="https://lms.example", client_id=hostile) in (None, Registration.objects.first())


def test_a_value_that_is_not_compared_is_noticed():
    deaf = Lookup(Registration, lambda issuer, client_id: Registration.objects.filter(issuer=issuer))
    with pytest.raises(TypeError, match="each value must be compared"):
        deaf.one(issuer="a", client_id="b")


of_many = Lookup(Registration, lambda pks: Registration.objects.filter(pk__in=pks).order_by("-client_id"), limit=None)
made_before = Lookup(
    Registration,
    lambda pks, moment, issuer: (
        Registration.objects.filter(pk__in=pks, issuer=issuer, created_at__lt=moment)
        .order_by("client_id")
        .values("client_id", "key_set")
    ),
    limit=None,
)
of_each_issuer = Lookup(
    Registration,
    lambda moment: (
        Registration.objects.filter(created_at__lte=moment).values("issuer").annotate(newest=Max("created_at"))
    ),
    limit=None,
)


def test_lists_may_be_of_any_length():
    rows = [registration(f"{number}") for number in range(3)]
    for chosen in (rows[:1], rows, rows[1:], []):
        assert of_many.all(pks=[row.pk for row in chosen]) == chosen[::-1]


def test_columns_are_those_of_the_queryset_beside_moments_lists_and_texts():
    rows = [registration(f"{number}", key_set={"keys": [number]}) for number in range(3)]
    pks, later = [row.pk for row in rows], timezone.now() + timedelta(seconds=1)
    expected = [(row.client_id, row.key_set) for row in rows]
    for moment, some in ((later, pks), (later, pks[:2]), (later - timedelta(days=1), pks), (later, [])):
        found = made_before.columns(pks=some, moment=moment, issuer="https://lms.example")
        assert found == (expected[: len(some)] if moment == later else [])
    assert made_before.columns(1, pks=pks, moment=later, issuer="https://lms.example") == expected[:1]
    assert made_before.columns(0, pks=pks, moment=later, issuer="https://lms.example") == []
    assert made_before.columns(2, pks=pks, moment=later, issuer="https://lms.example") == expected[:2]
    assert made_before.columns(pks=pks, moment=later, issuer="https://lms.example") == expected
    assert made_before.columns(pks=pks, moment=rows[1].created_at, issuer="https://lms.example") == expected[:1]


def test_groups_have_their_aggregates_with_the_types_of_a_queryset():
    first, second = registration("a"), registration("b")
    for _ in range(2):
        assert of_each_issuer.columns(moment=second.created_at) == [(first.issuer, second.created_at)]
    assert of_each_issuer.columns(moment=first.created_at) == [(first.issuer, first.created_at)]


def test_a_lookup_that_locks_reads_where_is_written():
    class Replica:
        def db_for_read(self, model, **hints):
            return "replica"

        def db_for_write(self, model, **hints):
            return "default"

    row = registration("a")
    locked = Lookup(Registration, lambda pk: Registration.objects.select_for_update().filter(pk=pk), locks=True)
    with override_settings(DATABASE_ROUTERS=[Replica()]), transaction.atomic():
        assert locked.one(pk=row.pk) == row
        with pytest.raises(ConnectionDoesNotExist):
            with_gate.one(pk=row.pk)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only():
    row = registration("a")
    locked = Lookup(Registration, lambda pk: Registration.objects.select_for_update().filter(pk=pk), locks=True)
    with transaction.atomic():
        assert locked.one(pk=row.pk) == row
    with pytest.raises(transaction.TransactionManagementError):
        locked.one(pk=row.pk)


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_sql_and_not_the_connection():
    rows = [registration(f"{number}") for number in range(4)]
    wrong = []

    def read(row):
        try:
            for _ in range(20):
                if with_gate.one(pk=row.pk) != row:
                    wrong.append(row)
        except Exception as error:  # a thread's failure is the test's
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=read, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


renaming = Change(Registration, where=("issuer", "client_id"), columns=("title", "key_set", "enabled"))


def test_a_change_changes_what_it_names_in_the_rows_that_it_names():
    first, second = registration("a"), registration("b")
    before = fields_of(second)
    for title in ("x", "y"):
        values = {"title": title, "key_set": {"keys": [title]}, "enabled": False}
        assert renaming.make(issuer=first.issuer, client_id="a", **values) == 1
        first.refresh_from_db()
        assert (first.title, first.key_set, first.enabled) == (title, {"keys": [title]}, False)
    second.refresh_from_db()
    assert fields_of(second) == before
    assert renaming.make(issuer=first.issuer, client_id="c", title="z", key_set=None, enabled=True) == 0


def test_a_change_takes_keys_of_other_rows_and_moments():
    row, when = Deployment.objects.create(registration=registration("a"), deployment_id="1"), timezone.now()
    moving = Change(Deployment, where=("deployment_digest",), columns=("registration", "created_at"))
    other = registration("b")
    assert moving.make(deployment_digest=row.deployment_digest, registration=other.pk, created_at=when) == 1
    row.refresh_from_db()
    assert (row.registration, row.created_at) == (other, when)


def test_an_addition_adds_what_the_model_would():
    values = {
        "support_code": "AAAA-AAAA",
        "created_at": timezone.now(),
        "door": "launch",
        "outcome": "ok",
        "detail": "it's 100 % \\ fine",
        "steps": ["a", "b"],
        "deployment": None,
        "subject_digest": "",
        "target": "",
        "login_digest": None,
    }
    assert Addition(LaunchAttempt).make(registration=registration("a").pk, **values) == 1
    added = LaunchAttempt.objects.get()
    assert {name: getattr(added, name) for name in values} == values
    assert added.registration.client_id == "a"


def test_a_value_too_many_or_too_few_is_an_error():
    with pytest.raises(TypeError):
        renaming.make(issuer="i", client_id="a")
    with pytest.raises(TypeError):
        renaming.make(issuer="i", client_id="a", title="t", key_set=None, enabled=True, platform="moodle")


def test_a_statement_that_fails_undoes_the_transaction_as_djangos_do():
    registration("a")
    broken = Change(Registration, where=("client_id",), columns=("issuer",))
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            broken.make(client_id="a", issuer=None)
        assert connection.needs_rollback

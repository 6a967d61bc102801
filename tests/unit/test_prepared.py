"""Prepared statements read what their querysets would, although Django writes their SQL only once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from django.utils.connection import ConnectionDoesNotExist

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration

pytestmark = pytest.mark.django_db
ISSUER = "https://lms.example"


@prepared
def by_client(issuer: str, client_id: str) -> QuerySet[Registration]:
    """Find a client."""
    return Registration.objects.filter(issuer=issuer, client_id=client_id)[:2]


@prepared
def with_gate(pk: int) -> QuerySet[Registration]:
    return Registration.objects.select_related("gate").filter(pk=pk)


@prepared
def deployment(registration: int, name: str) -> QuerySet[Deployment]:
    rows = Deployment.objects.select_related("registration__gate")
    return rows.filter(registration_id=registration, deployment_digest=name, status=Deployment.Status.APPROVED)


@prepared
def of_issuer(issuer: str) -> QuerySet[Registration]:
    return Registration.objects.filter(issuer=issuer).order_by("client_id")


@prepared
def locked(pk: int) -> QuerySet[Registration]:
    return Registration.objects.select_for_update().filter(pk=pk)


def registration(client_id: str, **values: object) -> Registration:
    return Registration.objects.create(title=client_id, issuer=ISSUER, client_id=client_id, **values)


def fields_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_each_call_compares_with_its_own_values():
    first, second = registration("a", key_set={"keys": [1]}), registration("b", enabled=False)
    for row in (first, second, first):
        assert by_client(row.issuer, row.client_id) == [row]
        assert by_client.one(client_id=row.client_id, issuer=row.issuer) == row
        assert by_client.one(row.issuer, client_id=row.client_id) == row
    assert by_client(issuer=first.issuer, client_id="c") == []
    assert by_client.one(issuer=first.issuer, client_id="c") is None


def test_values_have_the_types_that_a_queryset_gives():
    row = registration("a", key_set={"keys": [{"kty": "RSA"}]}, allow_anonymous=True)
    for _ in range(2):
        found = by_client.one(row.issuer, "a")
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
        found = deployment.one(gated.pk, digest("1"))
        other = deployment.one(free.pk, digest("1"))
        with CaptureQueriesContext(connection) as queries:
            assert found.registration == gated
            assert found.registration.gate == gate
            assert fields_of(found.registration.gate) == expected
            assert getattr(other.registration, "gate", None) is None
        assert not queries.captured_queries


def test_a_constant_of_the_query_stays():
    row = registration("a")
    Deployment.objects.create(registration=row, deployment_id="off", status=Deployment.Status.DISABLED)
    assert deployment.one(row.pk, digest("off")) is None


def test_no_more_rows_than_asked_for_and_one_query():
    rows = [registration(f"{number}") for number in range(4)]
    for _ in range(2):
        for read, count in (
            (of_issuer, 4),
            (lambda issuer: of_issuer.at_most(3, issuer), 3),
            (lambda issuer: of_issuer.at_most(9, issuer=issuer), 4),
            (lambda issuer: [of_issuer.one(issuer)], 1),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert read(ISSUER) == rows[:count]
            assert len(queries.captured_queries) == 1
    with CaptureQueriesContext(connection) as queries:
        assert of_issuer.at_most(0, ISSUER) == []
        of_issuer.one(ISSUER)
    assert [query["sql"][-7:] for query in queries.captured_queries] == ["LIMIT 1"]


def test_a_slice_of_the_queryset_bounds_every_call():
    @prepared
    def two(issuer: str) -> QuerySet[Registration]:
        return Registration.objects.filter(issuer=issuer).order_by("client_id")[:2]

    rows = [registration(f"{number}") for number in range(3)]
    for _ in range(2):
        assert two(ISSUER) == two.at_most(3, ISSUER) == rows[:2]
        assert two.at_most(1, ISSUER) == [two.one(ISSUER)] == rows[:1]


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%s", "%(issuer)s", '"', "\\", "é", "\x01client_id"])
def test_values_are_parameters_and_never_sql(hostile):
    registration("a")
    assert by_client.one(hostile, hostile) is None
    assert by_client.one(ISSUER, hostile) in (None, Registration.objects.first())


def test_the_function_is_asked_once_for_each_statement():
    asked = []

    @prepared
    def counted(pk: int) -> QuerySet[Registration]:
        asked.append(pk)
        return Registration.objects.filter(pk=pk)

    row = registration("a")
    assert counted.one(row.pk) == row
    before = len(asked)
    assert [counted.one(row.pk), counted.one(row.pk + 1)] == [row, None]
    assert len(asked) == before
    assert row.pk not in asked


def test_it_has_the_functions_name_and_words():
    assert (by_client.__name__, by_client.__doc__, by_client.__module__) == ("by_client", "Find a client.", __name__)


def test_a_value_that_is_not_compared_is_noticed():
    @prepared
    def deaf(issuer: str, client_id: str) -> QuerySet[Registration]:
        return Registration.objects.filter(issuer=issuer)

    @prepared
    def reckons(moment: timezone.datetime) -> QuerySet[Registration]:
        return Registration.objects.filter(created_at__lt=moment - timedelta(days=1))

    with pytest.raises(TypeError, match="each value must be compared"):
        deaf.one("a", "b")
    with pytest.raises(TypeError, match="each value must be compared"):
        reckons(timezone.now())


def test_a_value_too_many_or_too_few_is_an_error():
    by_client("a", "b")
    for args, named in (
        (("a",), {}),
        (("a", "b", "c"), {}),
        (("a",), {"issuer": "a"}),
        (("a", "b"), {"client_id": "b"}),
        ((), {"issuer": "a", "title": "b"}),
    ):
        with pytest.raises(TypeError):
            by_client(*args, **named)


@pytest.mark.parametrize("value", [{"a": 1}, object(), b"a", ("a",)])
def test_a_value_of_another_kind_is_an_error(value):
    @prepared
    def of_any(title: object) -> QuerySet[Registration]:
        return Registration.objects.filter(title=title)

    with pytest.raises(TypeError, match="neither a number nor"):
        of_any(value)


def test_none_is_part_of_the_statement():
    @prepared
    def of_registration(registration: int | None, name: str) -> QuerySet[Deployment]:
        return Deployment.objects.filter(registration__gate__pk=registration, deployment_id=name)

    bare, gated = registration("a"), registration("b")
    gate = LaunchGate.objects.create(registration=gated)
    first, second = (Deployment.objects.create(registration=row, deployment_id="1") for row in (bare, gated))
    for _ in range(2):
        assert of_registration(None, "1") == [first]
        assert of_registration(gate.pk, "1") == [second]
        assert of_registration(None, "2") == []


@prepared
def of_many(pks: list[int]) -> QuerySet[Registration]:
    return Registration.objects.filter(pk__in=pks).order_by("-client_id")


@prepared
def made_before(pks: list[int], moment: timezone.datetime, issuer: str) -> QuerySet[Registration, tuple[str, object]]:
    rows = Registration.objects.filter(pk__in=pks, issuer=issuer, created_at__lt=moment)
    return rows.order_by("client_id").values_list("client_id", "key_set")


@prepared
def of_each_issuer(moment: timezone.datetime) -> QuerySet[Registration, tuple[str, timezone.datetime]]:
    rows = Registration.objects.filter(created_at__lte=moment)
    return rows.values_list("issuer").annotate(newest=Max("created_at"))


def test_lists_may_be_of_any_length():
    rows = [registration(f"{number}") for number in range(3)]
    for chosen in (rows[:1], rows, rows[1:], []):
        assert of_many([row.pk for row in chosen]) == chosen[::-1]
    with CaptureQueriesContext(connection) as queries:
        assert of_many([]) == []
    assert not queries.captured_queries


def test_columns_are_those_of_the_queryset_beside_moments_lists_and_texts():
    rows = [registration(f"{number}", key_set={"keys": [number]}) for number in range(3)]
    pks, later = [row.pk for row in rows], timezone.now() + timedelta(seconds=1)
    expected = [(row.client_id, row.key_set) for row in rows]
    for moment, some in ((later, pks), (later, pks[:2]), (later - timedelta(days=1), pks), (later, [])):
        found = made_before(pks=some, moment=moment, issuer=ISSUER)
        assert found == (expected[: len(some)] if moment == later else [])
    assert made_before.at_most(1, pks, later, ISSUER) == expected[:1]
    assert made_before.at_most(0, pks, later, ISSUER) == []
    assert made_before.at_most(2, pks, later, ISSUER) == expected[:2]
    assert made_before(pks, later, ISSUER) == expected
    assert made_before(pks, rows[1].created_at, ISSUER) == expected[:1]


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Registration.objects.values_list("client_id", flat=True),
        lambda: Registration.objects.values_list("created_at", "client_id", named=True),
        lambda: Registration.objects.values("key_set", "client_id"),
        lambda: Registration.objects.values_list("issuer", flat=True).annotate(newest=Max("created_at")),
        lambda: Registration.objects.annotate(
            gated=Exists(LaunchGate.objects.filter(registration=OuterRef("pk")))
        ).values_list("gated", "client_id"),
        lambda: Registration.objects.only("client_id"),
    ],
)
def test_whatever_a_queryset_gives_is_given(rows):
    @prepared
    def given(issuer: str) -> QuerySet:
        return rows().filter(issuer=issuer)

    registration("a", key_set={"keys": [1]})
    for _ in range(2):
        assert given(ISSUER) == list(rows())


def test_groups_have_their_aggregates_with_the_types_of_a_queryset():
    first, second = registration("a"), registration("b")
    for _ in range(2):
        assert of_each_issuer(second.created_at) == [(first.issuer, second.created_at)]
    assert of_each_issuer(moment=first.created_at) == [(first.issuer, first.created_at)]


def test_what_is_annotated_stands_in_the_row():
    @prepared
    def annotated(client_id: str) -> QuerySet[Registration]:
        gates = LaunchGate.objects.filter(registration=OuterRef("pk"))
        return Registration.objects.filter(client_id=client_id).annotate(is_gated=Exists(gates))

    LaunchGate.objects.create(registration=registration("a"))
    registration("b")
    for _ in range(2):
        assert [annotated.one(name).is_gated for name in "ab"] == [True, False]


class Replica:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


def test_a_queryset_that_locks_is_read_where_is_written():
    row = registration("a")
    assert with_gate.one(row.pk) == row
    with override_settings(DATABASE_ROUTERS=[Replica()]), transaction.atomic():
        assert locked.one(row.pk) == row
        with pytest.raises(ConnectionDoesNotExist):
            with_gate.one(row.pk)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only():
    row = registration("a")
    for _ in range(2):
        with transaction.atomic():
            assert locked.one(row.pk) == row
        with pytest.raises(transaction.TransactionManagementError):
            locked.one(row.pk)


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_sql_and_not_the_connection():
    rows = [registration(f"{number}") for number in range(4)]
    wrong = []

    def read(row):
        try:
            for _ in range(20):
                if with_gate.one(row.pk) != row:
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

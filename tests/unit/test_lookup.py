"""Lookups return what their querysets would, although Django writes their SQL only once."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.lookup import Lookup
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

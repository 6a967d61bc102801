"""Lookups return what their querysets would, although Django writes their SQL only once."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.lookup import Addition, Change, Lookup
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

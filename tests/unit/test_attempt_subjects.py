"""Who an attempt was about: found by whoever has the site's secret, and by nobody else."""

from __future__ import annotations

import hashlib
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from lti_1p3_provider.diagnostics import record, subjects
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.registrations.models import Registration

SECRET = "LTI_1P3_PROVIDER_KEY_SECRETS"


@pytest.fixture
def registration(db) -> Registration:
    addresses = {name: f"https://x.example/{name}" for name in ("auth_login_url", "auth_token_url", "key_set_url")}
    return register(
        PlatformDetails(title="T", issuer="https://x.example", client_id="c", deployment_ids=("1",), **addresses)
    )[0]


def attempt(registration: Registration, sub: str, detail: str = "") -> LaunchAttempt:
    record.success(Trail("launch", registration=registration, subject=sub, note=detail))
    return LaunchAttempt.objects.order_by("-pk")[0]


def test_the_digest_of_a_short_id_cannot_be_tried_out(registration, settings):
    setattr(settings, SECRET, ["one"])
    stored = attempt(registration, "7").subject_digest
    tried = (f"{registration.pk}:7", "7", f"one{registration.pk}:7")
    assert stored not in {hashlib.sha256(text.encode()).hexdigest()[:16] for text in tried}
    setattr(settings, SECRET, ["another site's"])
    assert attempt(registration, "7").subject_digest != stored


def test_one_person_is_one_digest_and_each_registration_has_its_own(registration):
    one, again, other = (attempt(registration, sub).subject_digest for sub in ("7", "7", "8"))
    assert one == again != other
    assert subjects.keyed(registration.pk + 1, "7") != one


def test_attempts_are_found_after_the_secret_changed_while_the_old_one_is_known(registration, settings):
    setattr(settings, SECRET, ["old"])
    before = attempt(registration, "7")
    setattr(settings, SECRET, ["new", "old"])
    after, other = attempt(registration, "7"), attempt(registration, "8")
    assert set(subjects.attempts_of(registration.pk, "7")) == {before, after}
    assert other not in subjects.attempts_of(registration.pk, "7")


def test_what_leads_to_the_person_goes_and_the_rest_stays(registration):
    found = attempt(registration, "7", "user 12")
    assert subjects.unname(subjects.attempts_of(registration.pk, "7")) == 1
    found.refresh_from_db()
    assert (found.subject_digest, found.detail) == ("", "")
    assert (found.registration, found.outcome) == (registration, "ok")


def test_refusals_that_name_the_account_alone_are_the_persons_too(registration):
    of_account, of_another = attempt(registration, "", "user 12"), attempt(registration, "", "user 123")
    assert set(subjects.attempts_of(registration.pk, "7", 12)) == {of_account}
    assert of_another.detail == "user 123"


def test_the_migration_drops_digests_without_a_secret(registration):
    unname_old = import_module("lti_1p3_provider.migrations.0012_unname_old_attempts")
    for number in range(5):
        attempt(registration, f"{number}")
    unname_old.unname(apps, SimpleNamespace(connection=connection), batch=2)
    assert set(LaunchAttempt.objects.values_list("subject_digest", flat=True)) == {""}

"""No request of ours goes out while a transaction is open: doors, workers, commands and pages of the admin.

``conftest`` watches that in each test; here are what it sees, and ways that no other test goes.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse

from demo.browser import Browser, forms
from demo.platform.tool_jwt import ToolKeys
from lti_1p3_provider.lti import transport
from tests import outgoing
from tests.scoring import earn, launched


@pytest.mark.django_db(transaction=True)
def test_a_request_inside_a_transaction_is_noticed(platform):
    with outgoing.watched() as seen, transaction.atomic(), pytest.raises(outgoing.InTransaction):
        transport.send("GET", platform.key_set_url)
    assert seen == [f"GET {platform.key_set_url}"]


@pytest.mark.django_db
def test_a_tests_own_transaction_is_none(platform):
    with outgoing.watched() as seen:
        assert transport.send("GET", platform.key_set_url).ok
    assert seen == []


def test_the_doctor_in_the_admin_calls_the_platform_outside_of_any(connection, lms, admin_user):
    """Over real HTTP, with ATOMIC_REQUESTS and the database's own locks: the platform fetches our keys meanwhile."""
    launched(connection)
    earn(3)
    admin_user.set_password("x")
    admin_user.save()
    browser = Browser()
    form = forms(browser.get(f"{lms}/admin/login/", timeout=5))[0]
    form.fields.update(username="admin", password="x")
    browser.submit(form)
    address = reverse("admin:lti_1p3_provider_registration_doctor", args=[connection.registration.pk])
    connection.platform.tool_keys = ToolKeys()  # it has never seen ours
    page = browser.get(f"{lms}{address}", timeout=5)
    answered = browser.submit(forms(page)[-1])
    assert "An access token is granted" in answered.text
    assert "No access token" not in answered.text

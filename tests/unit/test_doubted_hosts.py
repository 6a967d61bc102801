"""What is said of a registration's hosts when it is saved: which would not be called, and which are not its own."""

from __future__ import annotations

import socket
from html import unescape

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from lti_1p3_provider.onboarding import whose
from lti_1p3_provider.registrations.models import Registration
from tests.unit.registering import BASE, KEYS, URLS, form, run

ADD = "/admin/lti_1p3_provider/registration/add/"
HOST = "https://lms.example"


def entered(**values: str) -> dict[str, str]:
    known = {"issuer": HOST, "auth_login_url": f"{HOST}/auth", "auth_token_url": f"{HOST}/token"}
    known |= {"key_set_url": f"{HOST}/jwks", "title": "T", "platform": "generic", "client_id": "c"}
    return form(**{**known, **values})


def warned(answer) -> str:
    return unescape(answer.content.decode())


@pytest.mark.django_db(transaction=True)
def test_hosts_are_looked_up_outside_of_any_transaction(admin_client, monkeypatch):
    """Django has one around what the admin saves, and sites mostly one around each request."""
    monkeypatch.setitem(connections[DEFAULT_DB_ALIAS].settings_dict, "ATOMIC_REQUESTS", True)
    within, ours = [], connections[DEFAULT_DB_ALIAS]  # names are looked up in another thread

    def found(*args: object, **named: object) -> list[tuple[object, ...]]:
        within.append(ours.in_atomic_block)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    said = warned(admin_client.post(ADD, entered(), follow=True))
    assert said.count("ms.example leads to a private or special address") == 1  # its first letter is made a capital
    row = Registration.objects.get()
    admin_client.post(f"/admin/lti_1p3_provider/registration/{row.pk}/change/", entered(), follow=True)
    assert len(within) >= 2
    assert not any(within)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key_set_url", "https://evil.example/jwks"),
        ("auth_login_url", "https://evil.example/auth"),
        ("auth_audience", "https://evil.example/token"),
        ("issuer", "https://evil.example"),
    ],
)
def test_an_operator_is_told_what_reaches_for_another_platforms_tokens(db, admin_client, field, value):
    answer = admin_client.post(ADD, entered(**{field: value}), follow=True)
    row = Registration.objects.get()  # an operator may know better
    assert getattr(row, field) == value
    (doubt,) = whose.doubts(row)
    assert f"not on the host of its access token URL, {HOST}" in doubt.says
    assert doubt.says in warned(answer)


def test_a_client_id_that_another_platform_has_there_is_doubted(db, admin_client):
    Registration.objects.create(title="First", issuer="https://lms.example/a", client_id="c", auth_token_url=HOST)
    answer = admin_client.post(ADD, entered(), follow=True)
    assert "Another platform is registered with the client ID c" in warned(answer)


def test_the_command_says_it_too(db):
    assert run(*BASE, *URLS, *KEYS)["warnings"] == run(*BASE, *URLS, *KEYS)["warnings"]
    found = run(*BASE, *URLS, "--key-set-url=https://evil.example/jwks")["warnings"]
    assert any("not on the host of its access token URL" in said for said in found)
    assert not any("not on the host" in said for said in run(*BASE, *URLS, *KEYS)["warnings"])

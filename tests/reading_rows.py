"""What a launch reads of our tables."""

from __future__ import annotations

from typing import Any

import requests
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from demo.browser import Browser, forms


def reads_of_a_launch(connection: Any, link: Any, person: str) -> list[str]:
    """Launch, and return what was read of our tables once the platform had answered."""
    found = queries_of_a_launch(connection, link, person)
    return [sql for sql in found if sql.startswith("SELECT") and "lti_1p3_provider_" in sql]


def queries_of_a_launch(connection: Any, link: Any, person: str) -> list[str]:
    """Launch, and return what was asked of the database once the platform had answered. A ``Browser``'s launch has a
    thread, and so a connection, of its own."""
    initiation = forms(Browser().get(connection.platform.launch_url(link.id, person), timeout=5))[0]
    client, host = Client(), initiation.action.split("/")[2]
    login = client.post("/lti/1p3/login/", initiation.fields, headers={"host": host})
    form = forms(requests.get(login["Location"], timeout=5))[0]
    with CaptureQueriesContext(database) as queries:
        assert client.post("/lti/1p3/launch/", form.fields, headers={"host": host}).status_code == 302
    return [each["sql"] for each in queries]

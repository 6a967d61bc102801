"""Whatever a platform's services answer, a score is delivered, waits, or is given up with a reason."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from demo.browser import Browser
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from tests.connection import PROBLEM, Connection, answer
from tests.web_server import Said, WebServer

from .budget import examples
from .values import any_json, any_text

STATUSES = st.sampled_from((200, 201, 202, 204, 299, 301, 304, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 599))
headers = st.dictionaries(
    st.sampled_from(("Retry-After", "X-Rate-Limit-Remaining", "Content-Type", "Location", "WWW-Authenticate", "Date")),
    st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\x00"), max_size=20)
    | st.sampled_from(("0", "-1", "99999999999999", "1.5", "nan", "inf", "Wed, 21 Oct 2099 07:28:00 GMT", "²", "x")),
)
tokens = st.one_of(
    any_json,
    st.fixed_dictionaries({"access_token": any_text | any_json, "expires_in": any_json, "token_type": any_json}),
    st.fixed_dictionaries({"access_token": st.just("x"), "expires_in": any_json, "scope": any_json}),
)


@pytest.fixture
def waiting(connection: Connection, web_server: WebServer) -> PendingScore:
    """A score that goes to the stranger's server."""
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM, graded=True), browser=browser)
    assert answer(browser, page).status_code == 200
    origin = web_server.says(Said()).rpartition("/")[0]
    Registration.objects.update(other_origins=origin)
    LineItem.objects.update(url=f"{origin}/line_item")
    return PendingScore.objects.get()


def tried(row: PendingScore) -> PendingScore:
    """Try to send the score now; check that it is in one sane state."""
    waiting = PendingScore.objects.filter(pk=row.pk)
    never = dict.fromkeys(("sent_given", "sent_maximum", "sent_at"))  # whatever the example before did
    waiting.update(due_at=timezone.now() - timedelta(seconds=1), given_up=False, attempts=0, **never)
    Outage.objects.all().delete()
    deliver_due()
    found = waiting.get()
    assert found.lease == ""
    assert found.why
    assert not (found.given_up and found.due_at)
    if found.due_at:
        assert timedelta(0) < found.due_at - timezone.now() < timedelta(hours=25)
    return found


@examples(60)
@given(said=tokens, status=STATUSES)
@example(said={"access_token": "a\r\nX-Evil: 1"}, status=200)
@example(said={"access_token": "\ud800"}, status=200)
@example(said={"access_token": "€"}, status=200)
@example(said={"access_token": "x", "expires_in": 10**400}, status=200)
def test_sec_06_any_answer_of_a_token_url_loses_no_score(connection, waiting, web_server, said, status):
    body = b"" if status in (204, 304) else json.dumps(said).encode()
    token_url = web_server.says(Said(body, status))
    Registration.objects.update(auth_token_url=token_url)
    cache.clear()
    before = len(web_server.asked)
    row = tried(waiting)
    scores = [asked for asked in web_server.asked[before:] if asked.path == "/line_item/scores"]
    assert not any("X-Evil" in asked.headers for asked in scores)
    assert not row.given_up or scores
    if not (isinstance(said, dict) and isinstance(said.get("access_token"), str) and 200 <= status < 300):
        assert row.due_at
        assert not scores


@examples(100)
@given(status=STATUSES, said=headers, body=st.binary(max_size=20))
def test_any_answer_to_a_score_leaves_one_sane_state(connection, waiting, web_server, status, said, body):
    web_server.says(Said(b"" if status in (204, 304) else body, status, said))
    row = tried(waiting)
    assert bool(row.sent_at) is (200 <= status < 300)
    assert [bool(row.sent_at), bool(row.due_at), row.given_up].count(True) == (status != 409)  # 409: settled
    if status >= 500 or status in (408, 429):
        assert row.due_at

"""Platforms that answer slowly, each request in time: they keep nobody else's scores waiting."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from django.utils import timezone

from lti_1p3_provider.errors import PlatformUnreachable
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.exchange import Pause, Request
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery import patience
from lti_1p3_provider.scores.delivery.conversations import Wire
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from tests.connection import PROBLEM
from tests.registered import copied
from tests.scoring import given

TIMEOUT = 0.6  # seconds, for a request
PAGE = 0.35  # seconds; slow, and in time on a busy machine


class Slow(BaseHTTPRequestHandler):
    """Answers each request after a while: lists in endless pages, scores with 200."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).asked[self.command] += 1
        time.sleep(PAGE)
        body = json.dumps([]).encode() if self.command == "GET" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        number = type(self).asked[self.command]
        self.send_header("Link", f'<http://{self.headers["Host"]}/list/{number}>; rel="next"')
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slow_host():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    httpd.handle_error = lambda *_: None
    Slow.asked.clear()
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def at(connection, host: str, contexts: int, *, lists: bool) -> None:
    """Have a learner launch links in several courses of a platform, whose services are at ``host``: the first one over
    HTTP, whose rows the others get copies of."""
    Registration.objects.filter(pk=connection.registration.pk).update(other_origins=host)
    connection.enter(connection.link(PROBLEM, graded=True, context_id=f"slow-{connection.client_id}"))
    row = PendingScore.objects.get(registration=connection.registration)
    for number in range(1, contexts):
        link, name = row.line_item.resource_link, f"{connection.client_id}-{number}"
        context = copied(link.context, context_id=name, context_digest=digest(name))
        placed = copied(link, link_id=name, link_digest=digest(name), context=context)
        lane, item = (
            copied(row.lane, name=f"{link.deployment_id}:{context.pk}"),
            copied(row.line_item, resource_link=placed),
        )
        copied(row, lane=lane, line_item=item)
    items = LineItem.objects.filter(resource_link__deployment__registration=connection.registration)
    for item in items:
        where = {"url": "", "container_url": f"{host}/list"} if lists else {"url": f"{host}/column"}
        LineItem.objects.filter(pk=item.pk).update(**where)
    rows = PendingScore.objects.filter(registration=connection.registration)
    rows.update(revision=5, earned=2, possible=4, due_at=timezone.now())


@pytest.fixture
def patient(settings) -> None:
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = TIMEOUT


@pytest.mark.parametrize("lists", [True, False], ids=["pages", "scores"])
def test_slow_platforms_keep_no_other_waiting(connect, slow_host, patient, lists):
    slow, fast = [connect(), connect()], connect()
    link = fast.link(PROBLEM, graded=True)
    fast.enter(link)
    for one in slow:
        at(one, slow_host, 10, lists=lists)
    done: list[float] = []
    began = time.monotonic()

    def watch() -> None:
        while not done and time.monotonic() < began + 30:
            if given(fast, link):
                done.append(time.monotonic() - began)
            time.sleep(0.05)

    PendingScore.objects.filter(registration=fast.registration).update(
        revision=5, earned=2, possible=4, due_at=timezone.now()
    )
    watcher = threading.Thread(target=watch)
    watcher.start()
    deliver_due()
    watcher.join()
    assert done
    assert done[0] < 6 * TIMEOUT  # whichever platform's turn came first
    assert Outage.objects.count() >= 2
    assert not Outage.objects.filter(registration=fast.registration).exists()


def test_one_score_has_so_much_time_with_all_its_pages(connection, slow_host, patient):
    at(connection, slow_host, 1, lists=True)
    began = time.monotonic()
    report = deliver_due()
    assert report.postponed == 1
    assert time.monotonic() - began < 4 * TIMEOUT  # twice the time for one request, and a busy machine
    row = PendingScore.objects.get()
    assert row.reason == "platform_unreachable"
    assert row.due_at > timezone.now()


def test_a_slow_score_is_delivered_and_speaks_against_its_platform(connection, slow_host, patient):
    at(connection, slow_host, 7, lists=False)
    report = deliver_due()
    assert report.delivered >= 6
    outage = Outage.objects.get()
    assert outage.reason == "slow"
    assert outage.detail in ("0 s", "1 s", "2 s")  # a third of one, and a busy machine
    Outage.objects.update(until=timezone.now())
    PendingScore.objects.update(due_at=timezone.now(), revision=9, sent_given=None, earned=3)
    assert deliver_due().delivered >= 1  # what was waited for is an answer, however slow
    assert not Outage.objects.filter(failures__gt=1).exists()


def test_each_owner_of_conversations_gets_a_share_of_the_threads():
    now, most = Counter(), Counter()
    lock = threading.Lock()

    def talk(owner: int):
        for _ in range(2):
            with lock:
                now[owner] += 1
                most[owner] = max(most[owner], now[owner])
            yield Pause(0.02)
            with lock:
                now[owner] -= 1

    owners = [1] * 12 + [2] * 12 + [3] * 2
    with Wire(8) as wire:
        wire.have([talk(owner) for owner in owners], owners)
    assert now.total() == 0
    assert most[3] == 2
    assert max(most.values()) <= 8
    assert all(most[owner] >= 2 for owner in (1, 2, 3))


def test_what_a_conversation_raises_or_returns_comes_through_and_its_requests_end_in_time(settings):
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 0.25

    def fine():
        answer = yield Pause(0.0)
        return answer, "done"

    assert transport.run(patience.within(fine())) == (None, "done")

    def endless():
        while True:
            yield Pause(0.1)

    with pytest.raises(PlatformUnreachable, match=r"one score took longer than 0\.5 s in all"):
        transport.run(patience.within(endless()))

    def asks():
        yield Request("GET", "https://platform.example/")

    assert next(patience.within(asks())).timeout is None
    late = patience.within(asks())
    assert patience._limited(Request("GET", "https://platform.example/"), 0.1).timeout == 0.1
    assert patience._limited(Request("GET", "https://platform.example/", timeout=0.05), 0.1).timeout == 0.05
    late.close()

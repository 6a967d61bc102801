"""The fleet in the admin: every registration with its health, problems first."""

from __future__ import annotations

import json
import re
from datetime import UTC, timedelta
from html import unescape
from io import StringIO
from itertools import product

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lti_1p3_provider.diagnostics.models import LaunchTally, TallyMark
from lti_1p3_provider.diagnostics.tallies import roll_up
from lti_1p3_provider.fleet import facts, page, upkeep
from lti_1p3_provider.fleet.health import PROBLEMS, Word
from lti_1p3_provider.fleet.models import Standing
from lti_1p3_provider.fleet.page import SIZE, Asked, find
from lti_1p3_provider.fleet.tasks import look_at_fleet
from lti_1p3_provider.lti import key_sets
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import PlatformUser
from tests.accidents import after_a_look
from tests.connection import LEARNER, WELCOME
from tests.fleet import attempted, registered
from tests.scoring import earn, fill, launched

FLEET = "/admin/lti_1p3_provider/standing/"
LARGE = 0  # no fleet is small
ROW = re.compile(r'<tr><th scope="row"><a.*?(?=<tr><th scope="row"><a|</table></form>)', re.S)
WORD = re.compile('class="lti-word [^>]*>([^<]+)<')
ODD = [
    *({"q": text} for text in ("\0", "x" * 10_000, "%_\\'\"", "😀")),
    *({"p": number} for number in ("-1", "²", "9" * 400, "zero")),
    *({"show": word} for word in ("nothing", "<script>")),
]


@pytest.fixture(autouse=True)
def nothing_cached(db: None) -> None:
    """Nobody asked a worker or a platform yet."""
    cache.clear()


@pytest.fixture
def three(db) -> tuple[Registration, Registration, Registration]:
    """One works, one waits for approval, and nobody can launch from the last."""
    works, waits, fails = registered("Works"), registered("Alpha waits"), registered("Fails", deployments=0)
    attempted(works, 4)
    Deployment.objects.create(registration=waits, deployment_id="9", status=Deployment.Status.PENDING)
    return works, waits, fails


def titles(found: page.Page) -> list[str]:
    return [row.registration.title for row in found.rows]


def text_of(client, **query: object) -> str:
    response = client.get(FLEET, query)
    assert response.status_code == 200
    return response.content.decode()


# --- what is found ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("small", [LARGE, 200])
def test_problems_come_first(three, small):
    upkeep.keep_up()
    found = find(Asked(), timezone.now(), small)
    assert titles(found) == ["Fails", "Alpha waits", "Works"]
    assert found.words == {Word.FAILING: 1, Word.TROUBLED: 1, Word.WELL: 1}
    assert (found.found, found.pages, found.unknown) == (3, 1, 0)


@pytest.mark.parametrize("small", [LARGE, 200])
def test_pages(db, small):
    for number in range(SIZE + 3):
        registered(f"School {number:02d}")
    registered("Zebra", deployments=0)
    upkeep.keep_up()
    first, second = (find(Asked(number=number), timezone.now(), small) for number in (1, 2))
    assert (len(first.rows), len(second.rows), first.pages) == (SIZE, 4, 2)
    assert titles(first)[:2] == ["Zebra", "School 00"]
    assert titles(second) == ["School 24", "School 25", "School 26", "School 27"]
    assert find(Asked(number=99), timezone.now(), small).number == 2


def test_a_registration_is_found_by_its_names(three):
    row = registered("Eastern Moodle", issuer="https://issuer-7.example", client_id="client-seven")
    Deployment.objects.create(registration=row, deployment_id="deployment-7")
    Deployment.objects.create(registration=row, deployment_id="deployment-77")
    upkeep.keep_up()
    for small, text in product([LARGE, 200], ["eastern", "ISSUER-7", "client-seven", "deployment-7"]):
        found = find(Asked(text), timezone.now(), small)
        assert titles(found) == ["Eastern Moodle"], (small, text)
        assert (found.found, sum(found.words.values())) == (1, 4), (small, text)


@pytest.mark.parametrize("small", [LARGE, 200])
def test_the_list_is_narrowed_to_words(three, small):
    upkeep.keep_up()
    assert titles(find(Asked(words=PROBLEMS), timezone.now(), small)) == ["Fails", "Alpha waits"]
    assert titles(find(Asked(words=(Word.WELL,)), timezone.now(), small)) == ["Works"]
    assert titles(find(Asked("alpha", PROBLEMS), timezone.now(), small)) == ["Alpha waits"]


def test_a_new_registration_stands_first_in_a_large_fleet_until_somebody_looked(three):
    upkeep.keep_up()
    registered("New")
    now = timezone.now()
    found = find(Asked(), now, LARGE)
    assert titles(found) == ["Fails", "Alpha waits", "New", "Works"]  # by what it is now
    assert (found.unknown, found.is_behind(now)) == (1, True)
    upkeep.keep_up()
    found = find(Asked(), timezone.now(), LARGE)
    assert (found.unknown, found.is_behind(timezone.now())) == (0, False)


@pytest.mark.django_db(transaction=True)
def test_whoever_opens_a_fleet_that_nobody_looked_at_has_a_worker_do_it(admin_client, no_worker):
    for _ in range(page.SMALL + 1):
        registered()
    for _ in range(3):
        assert "201 registrations have not been looked at yet" in text_of(admin_client)
    assert len(no_worker[upkeep.TASK]) == 1  # once a minute
    look_at_fleet()
    assert Standing.objects.count() == page.SMALL + 1


def test_what_is_shown_is_from_now_though_the_order_is_older(three):
    upkeep.keep_up()
    works = three[0]
    outages.begin(works.pk, Why(Reason.FAILING, 503))
    found = find(Asked(), timezone.now(), LARGE)
    assert {row.registration.title: row.health.word for row in found.rows}["Works"] is Word.FAILING
    assert found.is_behind(timezone.now() + page.OLD)


def test_launches_show_before_they_are_in_the_tallies(db):
    row, now = registered(), timezone.now()
    attempted(row, 2, at=now)
    roll_up(now=now)
    attempted(row, 3, "gate_closed", at=now)
    (shown,) = find(Asked(), now).rows
    assert not LaunchTally.objects.exists()
    assert (shown.days[-1].succeeded, shown.days[-1].refused) == (2, 3)
    assert shown.facts.last.refusal == "gate_closed"


@pytest.mark.parametrize("table", [TallyMark, LaunchTally])
@pytest.mark.parametrize("before", [0, 2])
def test_launches_are_counted_once_though_somebody_counts_between_two_looks(db, table, before):
    row, now = registered(), timezone.now()
    attempted(row, before)
    roll_up()
    attempted(row, 3)
    attempted(row, 4, "gate_closed")
    above = facts.tail(now) if table is LaunchTally else None
    with after_a_look(table, roll_up) as looks:
        above = above or facts.tail(now)
        found = facts.gather([row.pk], above, now)[row.pk][1]
    assert looks
    assert TallyMark.objects.get().up_to > above.mark
    assert found.week == (before + 3, 4, 0)


def test_a_page_counts_one_batch_and_leaves_the_rest_to_a_worker(db):
    """A site that has just been upgraded has a million attempts that nobody counted."""
    row, now = registered(), timezone.now()
    pks = attempted(row, 1)
    attempted(row, 1, pk=pks[0] + 3 * facts.MAX_TAIL)
    found = find(Asked(), now)
    assert TallyMark.objects.get().up_to < pks[0] + 3 * facts.MAX_TAIL
    assert found.is_behind(now)
    upkeep.keep_up()
    found = find(Asked(), now)
    assert not found.is_behind(now)
    assert sum(day.succeeded for day in found.rows[0].days) == 2


def test_without_anybody_who_counts_each_look_counts_what_is_new(db):
    row, now = registered(), timezone.now()
    for _ in range(3):
        attempted(row, 1, at=now)
        now += page.OLD + timedelta(minutes=5)
        assert find(Asked(), now).tail.complete
    assert sum(LaunchTally.objects.values_list("succeeded", flat=True)) == 3  # on two days, if midnight is near


@pytest.mark.django_db(transaction=True)
def test_the_page_of_everything_that_can_be_known(connect, admin_client):
    connection = connect(title="Riverside <College>", deployment_ids=("1", "2"))
    launched(connection)
    earn(3)
    connection.gate(allowed_courses=[])
    for _ in range(3):
        connection.launch(connection.link(WELCOME))
    row = connection.registration
    Deployment.objects.filter(deployment_id="2").update(status=Deployment.Status.PENDING)
    PendingScore.objects.update(given_up=True)
    text = text_of(admin_client)
    assert "Riverside &lt;College&gt;" in text
    assert "Deployments that wait for approval: 1." in text
    assert "Scores that were given up: 1." in text
    assert re.search(r"<dt>keys</dt><dd>0\xa0minutes ago", text)
    assert re.search(r"<dt>token</dt><dd>0\xa0minutes ago", text)
    assert re.search(r"<dt>clock</dt><dd>\d s apart", text)
    assert "75 % in 7 days" in text
    assert "gate_closed" in text
    today = f"{timezone.now().astimezone(UTC):%-d %b}"
    assert f'<th scope="row">{today}</th><td>1</td><td>3</td><td>0</td>' in text
    assert text.count('<path class="lti-succeeded"') == text.count('<path class="lti-refused"') == 1
    doctor = f"/admin/lti_1p3_provider/registration/{row.pk}/examine/"
    assert f'<button type="submit" class="button" formaction="{doctor}"' in text


def test_problems_first_search_and_the_doctor(db, admin_client):
    northern, southern, western, valley = map(registered, ("Northern", "Southern", "Western", "Valley"))
    Deployment.objects.create(registration=northern, deployment_id="unknown", status=Deployment.Status.PENDING)
    now = timezone.now()
    failing = {"reason": "platform_failing", "http_status": 503}
    Outage.objects.create(registration=southern, since=now - timedelta(hours=3), until=now, **failing)
    attempted(western, 24, "gate_closed")
    attempted(valley, 3)
    text = text_of(admin_client)
    words = WORD.findall(text)
    assert words == sorted(words, key=["does not work", "look at it", "never used", "works"].index)
    assert len(set(words)) > 1
    rows = {row.registration.title: ROW.findall(text)[at] for at, row in enumerate(find(Asked(), now).rows)}
    assert "has taken no scores for 3" in rows["Southern"]
    assert "All 24 launches since yesterday" in rows["Western"]

    ((query, number),) = re.findall(r'href="(\?[^"]*)"[^>]*>problems <b>(\d)', text)
    problems = admin_client.get(f"{FLEET}{query}").content.decode()
    assert len(ROW.findall(problems)) == int(number)
    assert "Valley" not in problems
    (hidden,) = re.findall('name="show" value="([^"]+)"', problems)
    (row,) = ROW.findall(text_of(admin_client, show=hidden, q="northern"))
    assert "Deployments that wait for approval: 1." in row
    (doctor,) = re.findall('formaction="([^"]+)" aria-label="Examine Northern"', row)
    assert doctor == f"/admin/lti_1p3_provider/registration/{northern.pk}/examine/"  # says more: test_doctor.py


@pytest.mark.django_db(transaction=True)
def test_a_launch_shows_at_once(connection, admin_client):
    launched(connection)
    (row,) = ROW.findall(text_of(admin_client))
    assert re.search(r'role="img" aria-label="\d+ launch', row)
    assert re.search(r"<details><summary>By day</summary>.*<th scope=\"row\">", row, re.S)
    assert re.search(r"<dt>last</dt><dd>(<[^>]*>)?\d.minutes? ago", row)


def test_a_refused_token_and_a_lost_key_set_are_seen(connection, admin_client):
    launched(connection)
    connection.platform.faults.set("status", endpoint="token", status=400, times=99)
    earn(3)
    assert "The last try to get an access token failed" in text_of(admin_client)
    connection.platform.faults.clear()
    connection.platform.faults.set("status", endpoint="jwks", status=503, times=99)
    cache.clear()
    key_sets._recent.clear()
    connection.launch(connection.link(WELCOME))
    text = text_of(admin_client)
    assert "does not work" in text
    assert "The platform's keys cannot be fetched (key_set_unavailable), and none are known." in unescape(text)


def test_many_scores_are_counted_up_to_a_number(connection):
    launched(connection)
    fill(connection, 30)
    PendingScore.objects.update(due_at=timezone.now() + timedelta(hours=1))
    PendingScore.objects.filter(platform_user__sub=LEARNER).update(due_at=None, given_up=True)
    (row,) = find(Asked(), timezone.now()).rows
    assert (f"{row.facts.waiting}", f"{row.facts.parked}") == ("30", "1")
    found = facts.gather([connection.registration.pk], facts.tail(), most=10)
    (_, known) = found[connection.registration.pk]
    assert (f"{known.waiting}", f"{known.parked}") == ("10+", "1")


# --- who and how quickly ----------------------------------------------------------------------------------------------


def test_the_page_is_for_those_who_may_see_registrations(three, client, permissions):
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    assert client.get(FLEET).status_code == 403
    for name in ("view_standing", "change_standing", "view_launchattempt"):  # what Django makes for any model
        viewer.user_permissions.add(Permission.objects.get(codename=name))
    assert client.get(FLEET).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_registration"))
    assert client.get(FLEET).status_code == 200
    assert "Fleet" in client.get("/admin/").content.decode()


def test_an_organizations_staff_do_not_see_it(three, client):
    client.force_login(get_user_model().objects.create_user("org-staff"))
    assert client.get(FLEET).status_code == 302
    client.logout()
    assert client.get(FLEET).status_code == 302


def test_the_page_leads_those_who_may_to_new_registrations(three, client, permissions):
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    for name, leads in (
        ("view_registration", ()),
        ("add_invitation", ()),
        ("add_registration", ("invitation", "registration")),
    ):
        viewer.user_permissions.add(Permission.objects.get(codename=name))
        text = text_of(client).partition('<div id="content-main">')[2]
        assert re.findall(r'href="/admin/lti_1p3_provider/(\w+)/add/"', text) == list(leads)


def test_nothing_is_added_changed_or_deleted(three, admin_client):
    upkeep.keep_up()
    pk = Standing.objects.first().pk
    for page_of_a_row in ("add/", f"{pk}/change/", f"{pk}/delete/"):
        assert admin_client.get(f"{FLEET}{page_of_a_row}").status_code == 404
    assert Standing.objects.count() == 3


@pytest.mark.parametrize("size", ["small", "large"])
def test_sec_32_odd_questions_get_a_page(three, admin_client, size):
    upkeep.keep_up()
    if size == "large":
        for _ in range(page.SMALL):
            registered()
    for query in ODD:
        text = text_of(admin_client, **query)
        assert "<script>" not in text.replace("<script src", ""), query


def test_sec_21_the_page_is_in_no_frame(three, admin_client):
    assert admin_client.get(FLEET).headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_queries_of_the_page_do_not_grow(db, admin_client, size):
    def asked() -> int:
        with CaptureQueriesContext(database) as queries:
            assert admin_client.get(FLEET).status_code == 200
        return len([one for one in queries if "django_session" not in one["sql"]])

    for _ in range(page.SMALL + 1 if size == "large" else 2):
        attempted(registered(), 1, "gate_closed")
    upkeep.keep_up()
    few = asked()
    for _ in range(20):
        attempted(registered("A"), 3, "gate_closed", at=timezone.now())
    upkeep.keep_up()
    assert asked() <= few + 1 <= 12  # one for what was refused since the tallies end


def test_a_registration_without_anything_shows(db, admin_client):
    assert "There is no registration yet." in text_of(admin_client)
    registered("Lonely", deployments=0, key_set_url="", key_set={"keys": []})
    text = text_of(admin_client)
    assert "No deployment is approved" in text
    assert "pasted" in text
    assert "No registration fits." in text_of(admin_client, q="nobody")


def test_a_dead_cache_takes_only_what_it_knows(three, admin_client, settings):
    upkeep.keep_up()
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert "not known" in text_of(admin_client)


# --- upkeep -----------------------------------------------------------------------------------------------------------


def test_the_clean_up_looks_at_all(three):
    printed = StringIO()
    call_command("lti_1p3_clean_up", stdout=printed)
    assert json.loads(printed.getvalue())["registrations_looked_at"] == 3
    assert sorted(Standing.objects.values_list("word", flat=True)) == [Word.FAILING, Word.TROUBLED, Word.WELL]


def test_a_standing_follows_what_happens_and_goes_with_its_registration(three):
    upkeep.keep_up()
    works, waits, _ = three
    works.enabled = False
    works.save()
    waits.delete()
    upkeep.keep_up()
    assert Standing.objects.get(registration=works).word == Word.OFF
    assert Standing.objects.count() == 2


def test_a_launch_writes_no_more_than_before(connection):
    link = connection.link(WELCOME)
    connection.enter(link)
    launched_by = PlatformUser.objects.count()
    connection.enter(link)
    assert PlatformUser.objects.count() == launched_by
    assert not LaunchTally.objects.exists()
    assert not TallyMark.objects.exists()

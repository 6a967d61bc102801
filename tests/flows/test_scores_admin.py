"""Scores in the admin, and by command."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import COURSE, LEARNER, OTHER_LEARNER, UNIT
from tests.scoring import earn, fill, launched, override

LIST = "/admin/lti_1p3_provider/pendingscore/"


def page_of(connection) -> str:
    return f"{LIST}registration/{connection.registration.pk}/"


@pytest.fixture
def two(connection):
    """One score was sent, another given up."""
    launched(connection)
    launched(connection, person=OTHER_LEARNER)
    earn(3)
    connection.platform.faults.set("status", endpoint="scores", status=404, times=1)
    earn(1, person=OTHER_LEARNER)
    return connection


# --- admin ------------------------------------------------------------------------------------------------------------


def test_a_registrations_page_has_its_figures_and_a_picture(two, admin_client):
    text = admin_client.get(page_of(two)).content.decode()
    assert "<b>1</b> deliveries in 14 days" in text
    assert "<b>0</b> waiting now" in text
    assert "<b>1</b> given up now" in text
    assert text.count('<path class="lti-delivered"') == text.count('<path class="lti-parked"') == 1
    assert 'role="img" aria-labelledby="lti-days lti-said"' in text
    today = f"{timezone.now():%-d %b}"
    assert f'<th scope="row">{today}</th><td>1</td><td>0</td><td>1</td>' in text


def test_the_registration_leads_to_its_page_and_the_page_to_what_was_given_up(two, admin_client):
    registration = f"/admin/lti_1p3_provider/registration/{two.registration.pk}/change/"
    for page in (registration, "/admin/lti_1p3_provider/registration/"):
        assert f'href="{page_of(two)}"' in admin_client.get(page).content.decode()
    assert admin_client.get("/admin/lti_1p3_provider/registration/add/").status_code == 200
    query = {"platform_user__registration__id__exact": two.registration.pk, "given_up": "yes"}
    text = admin_client.get(LIST, query).content.decode()
    assert "given up: refused_404" in text
    assert "1 pending score" in text


def test_a_page_says_that_the_platform_is_down(two, admin_client):
    outages.begin(two.registration.pk, Why(Reason.FAILING, 503, "<b>"))
    text = admin_client.get(page_of(two)).content.decode()
    assert "This platform has taken no scores since" in text
    assert "(HTTP 503): &lt;b&gt;" in text


def test_the_page_is_for_those_who_may_see_scores(two, client, permissions):
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    assert client.get(page_of(two)).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_pendingscore"))
    assert client.get(page_of(two)).status_code == 200
    assert client.get(f"{LIST}registration/999999/").status_code == 404
    client.force_login(PlatformUser.objects.first().user)
    assert client.get(page_of(two)).status_code == 302


def test_sec_21_the_page_is_in_no_frame(two, admin_client):
    assert admin_client.get(page_of(two)).headers["X-Frame-Options"] == "DENY"


def test_the_queries_of_the_page_do_not_grow(connection, admin_client):
    launched(connection)

    def queries() -> int:
        with CaptureQueriesContext(database) as asked:
            assert admin_client.get(page_of(connection)).status_code == 200
        return len(asked)

    few = queries()
    fill(connection, 100)
    assert queries() == few <= 10


def test_what_the_platform_shows_is_in_the_list(two, admin_client):
    later = timezone.now() + timedelta(seconds=1)
    PendingScore.objects.filter(sent_at__isnull=False).update(result_given=1, result_maximum=4, result_at=later)
    assert "differs: 1/4" in admin_client.get(LIST, {"shows": "different"}).content.decode()


def test_results_are_read_back_by_a_worker(two, admin_client):
    chosen = {"action": "read_back", "_selected_action": [row.pk for row in PendingScore.objects.all()]}
    text = admin_client.post(LIST, chosen, follow=True).content.decode()
    assert "2 results are being read" in text
    assert set(PendingScore.objects.values_list("sent_given", "result_given")) == {(3, 75), (None, None)}


@pytest.mark.parametrize(("action", "said"), [("resend", "score will be sent"), ("read_back", "result is being")])
def test_actions_leave_out_links_without_a_column(two, admin_client, action, said, no_worker):
    before = dict(PendingScore.objects.values_list("pk", "revision"))
    LineItem.objects.filter(pending_scores__platform_user__sub=LEARNER).update(url="", container_url="")
    text = admin_client.post(LIST, {"action": action, "_selected_action": list(before)}, follow=True).content.decode()
    assert f"1 {said}" in text
    changed = [row for row in PendingScore.objects.all() if row.revision != before[row.pk]]
    assert [row.platform_user.sub for row in changed] == ([OTHER_LEARNER] if action == "resend" else [])


def test_rows_are_not_edited_added_or_deleted(two, admin_client):
    row = PendingScore.objects.first()
    assert admin_client.post(f"{LIST}{row.pk}/change/", {"given_up": ""}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


# --- command ----------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    """Return exit code and output."""
    out = StringIO()
    try:
        call_command("lti_1p3_scores", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code), out.getvalue()
    return 0, out.getvalue()


def test_status_says_how_each_platform_takes_scores(connect):
    connection, _ = connect(), connect(title="Other")
    launched(connection)
    earn(3)
    code, text = run("status")
    assert code == 0
    assert "Emulated platform: 1 delivered in 14 days, 0 waiting, 0 given up" in text
    assert "Other: 0 delivered in 14 days" in text


def test_status_ends_with_3_if_something_was_given_up(two):
    code, text = run("status", "--json")
    said = json.loads(text)["registrations"][0]
    assert (code, said["given_up"], said["waiting"], said["outage"]) == (3, 1, 0, None)
    assert said["days"][-1]["delivered"] == 1
    outages.begin(two.registration.pk, Why(Reason.FAILING, 503))
    assert "down since" in run("status")[1]
    (down,) = [one["outage"] for one in json.loads(run("status", "--json")[1])["registrations"]]
    assert (down["code"], down["reason"]) == ("platform_failing", "the platform has a problem of its own (HTTP 503)")


def test_status_lists_scores_when_it_is_asked_about_some(two):
    names = dict(PlatformUser.objects.values_list("sub", "user__username"))
    code, text = run("status", "--user", names[LEARNER], "--json")
    (score,) = json.loads(text)["scores"]
    assert (code, score["state"], score["sent"], score["user"]) == (0, "sent", "3/4", names[LEARNER])
    code, text = run("status", "--course", COURSE, "--parked")
    assert code == 3
    assert names[OTHER_LEARNER] in text
    assert names[LEARNER] not in text
    assert "the platform knows no such column, or not this person (HTTP 404)" in text
    assert json.loads(run("status", "--course", "course-v1:no+such+course", "--json")[1])["scores"] == []


def test_resend_leaves_out_links_without_a_column(two):
    LineItem.objects.filter(pending_scores__platform_user__sub=LEARNER).update(url="", container_url="")
    assert run("resend", "--all", "--json") == (0, '{"will_be_sent": 1}\n')


def test_resend_sends_what_was_given_up(two):
    attempts = len(two.platform.score_attempts)
    assert run("resend", "--parked", "--json") == (0, '{"will_be_sent": 1}\n')
    assert len(two.platform.score_attempts) - attempts == 1
    assert run("status")[0] == 0
    assert run("resend", "--registration", two.client_id) == (0, "will_be_sent: 2\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("resend",),
        ("resend", "--registration", "nobody"),
        ("resend", "--course", "nonsense"),
        ("reconcile",),
        ("status", "--registration", "Emulated platform"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_changes_nothing(connect, arguments):
    launched(connect())
    connect()
    before = PendingScore.objects.values().get()
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 2
    assert PendingScore.objects.values().get() == before


def test_reconcile_ends_with_3_if_a_platform_shows_something_else(connection):
    link = launched(connection)
    earn(3)
    assert run("reconcile", "--course", COURSE)[0] == 0
    override(connection, link, 25)
    code, text = run("reconcile", "--all")
    assert code == 3
    assert "asked: 1\nanswered: 1\nsame: 0\ndifferent: 1\nmissing: 0\nresent: 0\nleft: 0\n" in text
    assert "the platform shows 25/100" in text


def test_a_waiting_score_is_listed_with_its_moment(connection, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    launched(connection, UNIT)
    earn(3)
    score = json.loads(run("status", "--course", COURSE, "--json")[1])["scores"][0]
    assert (score["state"], score["sent"]) == ("waiting", "")
    assert score["due_at"] == PendingScore.objects.get().due_at.replace(microsecond=0).isoformat()

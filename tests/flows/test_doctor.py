"""The doctor tries a site and its connections: each thing that can be wrong is said, with what to do."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.doctor import connection as doctor
from lti_1p3_provider.doctor import site
from lti_1p3_provider.doctor.findings import Finding
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.registrations import own_keys
from lti_1p3_provider.registrations.models import Deployment, ToolKey
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.scores.reasons import Reason
from tests.cases import every
from tests.connection import COURSE, Connection
from tests.scoring import launched
from tests.web_server import Said


def found(connection: Connection, about: str) -> list[Finding]:
    """Return what the doctor says about one thing."""
    connection.registration.refresh_from_db()
    return [one for one in doctor.examine(connection.registration) if one.about.startswith(about)]


def grades(findings: list[Finding]) -> list[Verdict]:
    return [one.verdict for one in findings]


@pytest.fixture
def sound(connection: Connection) -> Connection:
    """A connection of which everything works."""
    launched(connection)
    connection.gate(allowed_courses=[COURSE])
    return connection


def test_a_key_of_its_own_is_named_and_one_whose_push_was_not_answered(sound):
    """The platform takes no scores of a key that it does not know."""
    offered, _ = own_keys.offer(sound.registration)
    (one,) = found(sound, "our key")
    assert (one.verdict, one.advice) == (Verdict.NOTICE, "Send the key again: it is the same one.")
    own_keys.settle(offered)
    (one,) = found(sound, "our key")
    assert one.verdict is Verdict.GOOD
    assert one.says.startswith(offered.kid)


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    out = StringIO()
    try:
        call_command("lti_1p3_doctor", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_sound_connection_is_good_all_over(sound):
    said = list(doctor.examine(sound.registration))
    assert {one.verdict for one in said} == {Verdict.GOOD}, said
    assert {one.about for one in said} == {"deployments", "gate", "key set", "clock", "deployment 1"}
    assert not any(one.advice for one in said)
    assert any("maximum is 100" in one.says for one in said)


def test_the_doctor_changes_nothing(sound):
    rows, items = list(PendingScore.objects.values()), list(sound.platform.store.line_items())
    scores = len(sound.platform.score_attempts)
    list(doctor.examine(sound.registration))
    assert list(PendingScore.objects.values()) == rows
    assert list(sound.platform.store.line_items()) == items
    assert len(sound.platform.score_attempts) == scores


def test_a_new_connection_says_what_nobody_can_know_yet(connection):
    (token, column) = found(connection, "deployment 1")
    assert (token.verdict, column.verdict) == (Verdict.GOOD, Verdict.NOTICE)
    assert "Open a graded link as a learner" in column.advice
    assert grades(found(connection, "gate")) == [Verdict.NOTICE]


def test_a_key_set_that_cannot_be_read(sound, web_server):
    sound.registration.key_set_url = web_server.says(Said(b"<html>", 200))
    sound.registration.save()
    assert grades(found(sound, "key set")) == [Verdict.WRONG]
    sound.registration.key_set_url = web_server.says(Said(b'{"keys": []}', 404))
    sound.registration.save()
    assert "answers 404" in found(sound, "key set")[0].says


@pytest.mark.parametrize(("apart", "way"), [(-90, "ahead of"), (90, "behind")])
def test_a_clock_that_differs(apart, way):
    date = (timezone.now() + timedelta(seconds=apart)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    (clock,) = doctor._clock(Answer(200, {"date": date}, b""))
    assert clock.verdict is Verdict.WRONG
    assert f" s {way} the platform's" in clock.says


def test_a_platform_that_does_not_say_the_time_is_not_judged():
    assert list(doctor._clock(Answer(200, {"date": ""}, b""))) == []


@every(
    "date",
    [
        "yesterday",
        "Wed, 25 Nov 2026 10:00:00 -0000",  # no zone, says RFC 5322
        "x" * 1000,
        "Wed, 25 Nov 2026 10:00:00 +9999999999999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Wed, 25 Nov 99999999999 10:00:00 GMT",
    ],
)
def test_a_time_that_nobody_can_read_is_said_to_be_that(date):
    (clock,) = doctor._clock(Answer(200, {"date": date}, b""))
    assert (clock.about, clock.verdict) in [("clock", Verdict.NOTICE), ("clock", Verdict.WRONG)]


def test_no_access_token(sound):
    sound.platform.faults.set("status", endpoint="token", status=400)
    (token,) = found(sound, "deployment 1")
    assert token.verdict is Verdict.WRONG
    assert "No access token: answer_unreadable, status 400" in token.says


# --- why a platform could not be asked ------------------------------------------------------------------------------


def test_a_private_address_names_the_setting_and_the_host(sound, settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    type(sound.registration).objects.update(
        key_set_url="https://127.0.0.1:9/jwks", auth_token_url="https://localhost:9/token"
    )
    (keys,), (token,) = found(sound, "key set"), found(sound, "deployment 1")
    assert "LTI_1P3_PROVIDER_PRIVATE_HOSTS: ['127.0.0.1:9']" in keys.advice
    assert "LTI_1P3_PROVIDER_PRIVATE_HOSTS: ['localhost:9']" in token.advice


@every("status", [500, 502, 503])
def test_a_platform_that_is_down_is_not_a_wrong_address(sound, web_server, status):
    address = web_server.says(Said(b"<html>Bad gateway", status))
    type(sound.registration).objects.update(key_set_url=address, auth_token_url=address)
    for about in ("key set", "deployment 1"):
        (one,) = found(sound, about)
        assert str(status) in one.says
        assert "There is nothing to change here" in one.advice


def test_a_platform_that_does_not_answer(sound):
    type(sound.registration).objects.update(key_set_url="http://127.0.0.1:9/", auth_token_url="http://127.0.0.1:9/")
    for about in ("key set", "deployment 1"):
        assert "curl -v http://127.0.0.1:9/" in found(sound, about)[0].advice


@pytest.mark.parametrize(("kind", "blames"), [("moodle", True), ("canvas", False)])
def test_moodles_404_with_html_is_its_blocked_requests(sound, web_server, kind, blames):
    address = web_server.says(Said(b"<!DOCTYPE html>", 404))
    type(sound.registration).objects.update(platform=kind, auth_token_url=address)
    (token,) = found(sound, "deployment 1")
    assert "status 404" in token.says
    assert ("cURL blocked hosts list" in token.advice) is blames


def test_a_column_that_is_gone(sound):
    item = LineItem.objects.get().url.partition("?")[0].rpartition("/")[2]
    sound.platform.store.delete_line_item(item)
    assert grades(found(sound, "deployment 1")) == [Verdict.GOOD, Verdict.WRONG]


def test_deployments_gate_outage_and_switch(sound):
    registration = sound.registration
    Deployment.objects.create(registration=registration, deployment_id="new", status=Deployment.Status.PENDING)
    assert grades(found(sound, "deployments")) == [Verdict.NOTICE, Verdict.GOOD]
    Deployment.objects.filter(deployment_id="1").update(status=Deployment.Status.DISABLED)
    assert grades(found(sound, "deployments")) == [Verdict.NOTICE, Verdict.WRONG]
    registration.gate.allowed_courses = []
    registration.gate.save()
    assert grades(found(sound, "gate")) == [Verdict.WRONG]
    now = timezone.now()
    Outage.objects.create(registration=registration, since=now, until=now, reason="platform_failing", http_status=503)
    assert "HTTP 503" in found(sound, "scores")[0].says
    type(registration).objects.update(enabled=False)
    assert grades(found(sound, "registration")) == [Verdict.NOTICE]


def test_a_sound_site_is_good(sound, settings):
    said = {one.about: one for one in site.examine()}
    assert said["cache"].verdict is said["keys"].verdict is said["deliveries"].verdict is Verdict.GOOD
    assert any("W002" in one.says for one in site.examine())  # the tests' site speaks http


def test_a_site_without_a_key_and_with_scores_that_nobody_delivers(sound):
    ToolKey.objects.all().delete()
    PendingScore.objects.update(due_at=timezone.now() - timedelta(hours=1))
    said = {one.about: one for one in site.examine()}
    assert said["keys"].verdict is said["deliveries"].verdict is Verdict.WRONG
    Outage.objects.create(registration=sound.registration, since=timezone.now(), until=timezone.now(), reason="slow")
    assert {one.about: one.verdict for one in site.examine()}["deliveries"] is Verdict.GOOD


def test_a_site_that_is_switched_off_says_only_that(db, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    (only,) = site.examine()
    assert (only.about, only.verdict) == ("switch", Verdict.WRONG)


def test_the_command_prints_and_ends_with_3_if_something_is_wrong(sound):
    code, text = run()
    assert code == 0
    assert f"Emulated platform ({sound.client_id}):" in text
    assert "  ok      key set: The key set URL shows" in text
    sound.platform.faults.set("status", endpoint="token", status=400)
    code, text = run("--registration", sound.client_id)
    assert code == 3
    assert "  WRONG   deployment 1: No access token" in text
    assert "see docs/how-to/troubleshoot/scores-refused.md" in text


def test_the_command_speaks_json_and_knows_no_stranger(sound):
    code, text = run("--json", "--registration", str(sound.registration.pk))
    said = json.loads(text)
    assert code == 0
    assert set(said) == {"this site", f"Emulated platform ({sound.client_id})"}
    assert {"about", "grade", "says", "advice"} == set(said["this site"][0])
    with pytest.raises(CommandError, match="no registration"):
        call_command("lti_1p3_doctor", "--registration", "nobody")


@pytest.fixture
def staff(django_user_model, client, permissions):
    """A browser of somebody who may see registrations and change nothing."""
    user = django_user_model.objects.create_user("operator", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_registration"))
    client.force_login(user)
    return client


def test_the_admin_page_asks_the_platform_only_when_it_is_told_to(sound, staff):
    url = reverse("admin:lti_1p3_provider_registration_doctor", args=[sound.registration.pk])
    before = len(sound.platform.requests)
    assert "Examine now" in staff.get(url).content.decode()
    assert len(sound.platform.requests) == before
    page = staff.post(url).content.decode()
    assert len(sound.platform.requests) > before
    assert "Nothing is wrong." in page
    for one in doctor.examine(sound.registration):
        assert escape(one.says) in page


def test_the_admin_page_says_what_is_wrong_and_what_to_do(sound, staff):
    Deployment.objects.update(status="pending")
    url = reverse("admin:lti_1p3_provider_registration_doctor", args=[sound.registration.pk])
    page = staff.post(url).content.decode()
    assert "1 thing does not work." in page
    assert "Add the platform&#x27;s deployment ID." in page


def test_the_admin_page_of_the_site(sound, staff):
    page = staff.post(reverse("admin:lti_1p3_provider_doctor")).content.decode()
    for one in site.examine():
        assert escape(one.says) in page


def test_the_way_to_the_doctor_is_in_list_and_registration(sound, staff):
    there = reverse("admin:lti_1p3_provider_registration_doctor", args=[sound.registration.pk])
    change = reverse("admin:lti_1p3_provider_registration_change", args=[sound.registration.pk])
    assert there in staff.get(change).content.decode()
    listed = staff.get(reverse("admin:lti_1p3_provider_registration_changelist")).content.decode()
    assert reverse("admin:lti_1p3_provider_doctor") in listed


def test_the_doctor_is_called_from_the_registration(sound, staff):
    change = reverse("admin:lti_1p3_provider_registration_change", args=[sound.registration.pk])
    (there,) = re.findall(r'href="([^"]+)">Examine this connection<', staff.get(change).content.decode())
    page = staff.post(there).content.decode()
    assert 'role="status"' in page
    assert re.search(r'key set</th>\s*<td class="lti-grade lti-good">good<', page)
    (there,) = re.findall(r'href="([^"]+)">Examine this site<', page)
    assert re.search(r'cache</th>\s*<td class="lti-grade lti-good">good<', staff.post(there).content.decode())


@pytest.mark.parametrize("name", ["lti_1p3_provider_doctor", "lti_1p3_provider_registration_doctor"])
def test_nobody_else_may_call_the_doctor(sound, client, django_user_model, name):
    url = reverse(f"admin:{name}", args=[sound.registration.pk] if "registration" in name else [])
    assert client.post(url).status_code == 302  # to the admin's login
    client.force_login(django_user_model.objects.create_user("other", is_staff=True))
    before = len(sound.platform.requests)
    assert client.post(url).status_code == 403
    assert len(sound.platform.requests) == before


def test_links_without_a_column_are_named_with_the_reason(sound):
    LineItem.objects.update(reason="service_refused", http_status=403, detail="changing a column")
    assert found(sound, "columns") == []  # it has a column
    LineItem.objects.update(url="", reason="no_list_of_columns", http_status=0, detail="")
    (one,) = found(sound, "columns")
    assert one.verdict is Verdict.NOTICE
    assert one.says == f"1 link has no gradebook column: {Reason.NO_LIST.label}."


def test_lists_of_people_that_could_not_be_read_are_counted_by_cause(sound):
    deployment = sound.registration.deployments.get()
    for number, failure in enumerate(("service_refused", "service_refused", "address_forbidden", "")):
        name = f"course {number}"
        context = Context.objects.create(deployment=deployment, context_id=name, context_digest=digest(name))
        Roster.objects.create(context=context, failure=failure)
    refused, forbidden = found(sound, "rosters")
    assert refused.verdict is forbidden.verdict is Verdict.NOTICE
    assert refused.says == "2 lists of a course's people could not be read the last time: service_refused."
    assert refused.advice.startswith("The platform does not let this site read the list. Its administrator can")
    assert forbidden.says.startswith("1 list of a course's people")
    Roster.objects.update(failure="")
    assert found(sound, "rosters") == []


def test_what_the_gate_and_the_enrolment_mode_name_in_vain(sound):
    type(sound.registration).objects.update(enrolment_mode="nope")
    sound.registration.gate.allowed_courses = [COURSE, "course-v1:Gone+Gone+Gone"]
    sound.registration.gate.save()
    assert grades(found(sound, "gate")) == [Verdict.GOOD, Verdict.NOTICE]
    assert grades(found(sound, "enrolment")) == [Verdict.WRONG]
    type(sound.registration).objects.update(enrolment_mode="audit")
    assert grades(found(sound, "enrolment")) == []  # the gate's course is in doubt
    sound.registration.gate.allowed_courses = [COURSE]
    sound.registration.gate.save()
    assert grades(found(sound, "enrolment")) == [Verdict.GOOD]

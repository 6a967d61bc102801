"""Sessions and what launches leave behind: when they end, how much a platform may bring, what a launch costs."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie
from io import StringIO

import pytest
import requests
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db import connection as database
from django.db.models.signals import pre_save
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.browser import Browser, forms
from demo.lms.login_cookies import NAMES
from demo.lms.models import BlockState
from lti_1p3_provider import quotas, tasks
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.fleet import upkeep
from lti_1p3_provider.host.sessions import ENDS
from lti_1p3_provider.launches.cleaning import clean_up
from lti_1p3_provider.launches.sessions import EndSwitchedOffSessions
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.accidents import after_a_look, raised_in
from tests.cases import every
from tests.connection import (
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    OTHER_COURSE,
    OTHER_LEARNER,
    PROBLEM,
    WELCOME,
    answer,
    usage,
)

FRAMEWORKS_OWN = ("django_session", "auth_user", "demo_lms_profile", "SAVEPOINT", "BEGIN", "COMMIT", "demo_cache")


def outcome() -> str:
    return LaunchAttempt.objects.first().outcome


def switch_off(connection, what: str) -> None:
    """Do what an operator does, or worse."""
    if what == "registration":
        Registration.objects.filter(pk=connection.registration.pk).update(enabled=False)
    elif what == "deployment":
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    elif what == "deployment back to waiting":
        Deployment.objects.update(status=Deployment.Status.PENDING)
    else:
        Registration.objects.filter(pk=connection.registration.pk).delete()


# --- SEC-15: switching off --------------------------------------------------------------------------------------------


@every("what", ["registration", "deployment", "deployment back to waiting", "deleted registration"])
def test_sec_15_the_lms_takes_no_answer_from_a_session_that_was_switched_off(connect, what):
    connection, _another_that_is_on, browser = connect(), connect(), Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    assert answer(browser, page).status_code == 200
    BlockState.objects.all().delete()
    switch_off(connection, what)
    assert answer(browser, page).status_code == 403
    assert not BlockState.objects.exists()
    assert not any("_auth_user_id" in session.get_decoded() for session in Session.objects.all())


def test_sec_15_other_registrations_and_the_lmss_own_people_stay_signed_in(connect, client):
    first, second, browser = connect(), connect(), Browser()
    page = second.launch(second.link(PROBLEM), browser=browser)
    first.launch(first.link(PROBLEM))
    switch_off(first, "registration")
    assert answer(browser, page).status_code == 200
    staff = get_user_model().objects.create_user("staff", password="x")
    client.force_login(staff)
    client.get("/")
    assert client.session["_auth_user_id"] == str(staff.pk)


def test_sec_15_a_session_ends_with_the_first_of_its_deployments_that_is_switched_off(connect):
    connection, browser = connect(deployment_ids=("1", "2")), Browser()
    connection.launch(connection.link(WELCOME), browser=browser)
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, f"{CLAIM}deployment_id": "2"})
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    assert PlatformUser.objects.count() == 1
    assert answer(browser, page).status_code == 200
    Deployment.objects.filter(deployment_id="1").update(status=Deployment.Status.DISABLED)
    assert answer(browser, page).status_code == 403


def test_sec_15_others_that_are_on_keep_no_session_alive(connect):
    connection, browser, _, _ = connect(), Browser(), connect(), connect()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    connection.registration.deployments.update(status=Deployment.Status.DISABLED)
    assert answer(browser, page).status_code == 403


def test_where_all_of_this_is_switched_off_no_session_is_ended(connection, settings):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    settings.ENABLE_LTI_1P3_PROVIDER = False
    switch_off(connection, "registration")
    assert answer(browser, page).status_code == 200


def test_sec_15_switched_on_again_a_new_launch_works(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    switch_off(connection, "registration")
    assert browser.get(page.url, timeout=5).status_code == 403
    Registration.objects.update(enabled=True)
    assert browser.get(page.url, timeout=5).status_code == 403
    assert answer(browser, connection.launch(connection.link(PROBLEM), browser=browser)).status_code == 200


def test_sec_15_the_login_cookies_end_with_the_session_and_are_not_believed_any_more(connect):
    """They hold a token that is good for an hour, and parts of the LMS take it where no session is."""
    connection, browser, other = connect(enrolment_mode="audit"), Browser(), Browser()
    for each in (browser, other):
        page = connection.launch(connection.link(usage("course", "course")), browser=each)
        assert page.status_code == 200
        assert set(NAMES) <= set(each.cookies.keys())
    switch_off(connection, "registration")
    other.get(page.url, timeout=5)
    assert not set(NAMES) & set(other.cookies.keys())
    believed = []

    def get_response(request):
        believed.extend(request.COOKIES)
        return HttpResponse()

    request = RequestFactory().get("/api/user/v1/accounts")
    request_cookies = dict(browser.cookies)
    request.COOKIES = dict(request_cookies)
    request.session = SessionStore(browser.cookies["sessionid"])
    request.user = get_user_model().objects.get()
    answered = EndSwitchedOffSessions(get_response)(request)
    assert believed == [name for name in request_cookies if name not in NAMES]
    gone = {name for name, one in answered.cookies.items() if one["max-age"] == 0}
    assert gone == set(NAMES)


def test_sec_15_a_session_that_no_launch_began_costs_no_query(db, client):
    client.force_login(get_user_model().objects.create_user("somebody"))
    with CaptureQueriesContext(database) as queries:
        client.get("/lti/1p3/launch/")
    assert not [query for query in queries if "lti_1p3_provider_deployment" in query["sql"]]


# --- SEC-31: quotas ---------------------------------------------------------------------------------------------------


def test_sec_31_a_registration_brings_so_many_new_people_a_day(connect, settings):
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 2
    connection, other = connect(), connect()
    link = connection.link(WELCOME)
    for number in range(3):
        connection.person(f"new-{number}")
    pages = [connection.launch(link, f"new-{number}") for number in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 429]
    assert outcome() == "quota_reached"
    assert LaunchAttempt.objects.first().support_code in pages[-1].text
    assert PlatformUser.objects.count() == get_user_model().objects.count() == 2
    assert connection.launch(link, "new-0").status_code == 200  # whoever was here before
    assert other.launch(other.link(WELCOME)).status_code == 200  # whoever comes from elsewhere


@pytest.mark.parametrize("kind", ["resource_link", "context"])
def test_sec_31_a_registration_brings_so_many_new_links_and_contexts_a_day(connection, settings, kind):
    connection.launch(connection.link(WELCOME, id="before"))
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 3
    pages = []
    for number in range(4):
        connection.platform.tamper_next_launch(
            claims=lambda claims, number=number: {**claims, f"{CLAIM}{kind}": {"id": f"new {number}"}}
        )
        pages.append(connection.launch(connection.link(WELCOME, id="before"), OTHER_LEARNER))
    assert [page.status_code for page in pages] == [200, 200, 429, 429]
    assert (ResourceLink if kind == "resource_link" else Context).objects.count() == 3
    assert connection.launch(connection.link(WELCOME, id="before")).status_code == 200


def test_sec_31_sec_35_a_refused_link_leaves_no_new_account(connection, settings):
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 1
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    cache.delete_many(people_counters(connection))
    assert connection.launch(connection.link(PROBLEM), OTHER_LEARNER).status_code == 429
    assert PlatformUser.objects.count() == get_user_model().objects.count() == 1


def people_counters(connection) -> list[str]:
    day = int(time.time()) // 86400
    return [f"lti1p3:new:{connection.registration.deployments.get().pk}:people:{at}" for at in (day - 1, day)]


def test_sec_31_what_is_refused_uses_up_no_quota(connection, settings):
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 1
    closed = connection.link(usage("vertical", "future", OTHER_COURSE), course=OTHER_COURSE)
    for _ in range(3):
        assert connection.launch(closed, OTHER_LEARNER).status_code == 403
    assert outcome() == "content_not_started"
    assert connection.launch(connection.link(WELCOME)).status_code == 200


def test_sec_31_a_count_that_fails_breaks_no_launch(db, settings, django_capture_on_commit_callbacks):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    with django_capture_on_commit_callbacks(execute=True) as counted:
        quotas.count(Deployment(pk=1), "people")
    assert len(counted) == 1


def test_sec_31_one_deployment_does_not_use_up_anothers_quota(connect, settings):
    settings.LTI_1P3_PROVIDER_DAILY_QUOTA = 1
    connection = connect(deployment_ids=("1", "2"))
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    assert connection.launch(connection.link(PROBLEM)).status_code == 429
    assert connection.launch_with({f"{CLAIM}deployment_id": "2"}).status_code == 200


# --- a relaunch's old key ---------------------------------------------------------------------------------------------


def old_session(browser) -> str:
    return next(cookie.value for cookie in browser.cookies if cookie.name == "sessionid")


def with_key(key: str) -> Browser:
    browser = Browser()
    browser.cookies.set("sessionid", key)
    return browser


def test_sec_11_the_old_keys_last_minute_cannot_be_prolonged(connection):
    browser, link = Browser(), connection.link(WELCOME)
    page = connection.launch(link, browser=browser)
    stolen = old_session(browser)
    connection.launch(link, browser=browser)
    assert with_key(stolen).get(page.url, timeout=5).status_code == 200
    later = SessionStore(stolen)
    later[ENDS] = time.time() - 1
    later.save()  # a write begins the cookie's own minute anew
    assert with_key(stolen).get(page.url, timeout=5).status_code == 403
    assert browser.get(page.url, timeout=5).status_code == 200


@pytest.mark.parametrize("begun", ["after", "before"])
def test_sec_11_a_request_with_the_old_key_does_not_bring_it_back(connection, begun):
    browser, link = Browser(), connection.link(WELCOME)
    connection.launch(link, browser=browser)
    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = old_session(browser)
    request.session = SessionStore(old_session(browser))
    if begun == "before":
        assert request.session["_auth_user_id"]  # loaded
    connection.launch(link, browser=browser)

    def view(request):
        request.session["work"] = "of a slow request"
        return HttpResponse()

    EndSwitchedOffSessions(view)(request)
    assert not request.session.modified
    assert EndSwitchedOffSessions(view)(client_request(old_session(browser))).status_code == 200
    fresh = client_request(old_session(browser))
    EndSwitchedOffSessions(view)(fresh)
    assert fresh.session.modified


def client_request(key: str):
    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = key
    request.session = SessionStore(key)
    return request


# --- SEC-21: the login's cookie ---------------------------------------------------------------------------------------


def login_cookie(connection) -> str:
    values = {"iss": connection.platform.issuer, "client_id": connection.client_id, "login_hint": "x"}
    values["target_link_uri"] = connection.content_url(WELCOME)
    url = f"{connection.lms}/lti/1p3/login/"
    return requests.post(url, data=values, allow_redirects=False, timeout=5).headers["Set-Cookie"]


def test_sec_21_the_logins_cookie_works_in_a_frame_of_another_site(connection, settings):
    settings.LTI_1P3_PROVIDER_PUBLIC_URL = connection.lms.replace("http:", "https:")
    cookie, *rest = login_cookie(connection).split(";")
    assert re.fullmatch(r"lti1p3-[0-9a-f]{16}=[\w-]{43}", cookie)
    attributes = {part.strip().lower() for part in rest}
    assert {"secure", "httponly", "samesite=none", "partitioned", "path=/lti/1p3/"} <= attributes


def test_sec_21_without_https_the_cookie_is_a_plain_one(connection):
    attributes = login_cookie(connection).lower()
    assert "samesite=lax" in attributes
    assert "1970" not in attributes
    assert "secure" not in attributes
    assert "partitioned" not in attributes


def test_the_logins_cookie_is_taken_back_with_the_attributes_it_was_given(connection, settings):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    settings.LTI_1P3_PROVIDER_PUBLIC_URL = connection.lms.replace("http:", "https:")
    landed = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=5)
    assert landed.status_code == 302
    gone = next(value for value in landed.raw.headers.getlist("Set-Cookie") if value.startswith("lti1p3-"))
    assert SimpleCookie(gone.removesuffix("; Partitioned")).popitem()[1]["max-age"] == "0"
    assert {"Secure", "SameSite=None", "Partitioned", "HttpOnly"} <= {part.strip() for part in gone.split(";")}
    assert "01 Jan 1970" in gone


# --- what a launch costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [LEARNER, INSTRUCTOR])
def test_a_returning_launch_makes_eight_queries_of_ours(connection, lms, person):
    link = connection.link(PROBLEM, graded=True)
    connection.gate(allowed_keys=[PROBLEM])
    for _ in range(2):  # the second one finds the outline written, and remembers the block
        connection.launch(link, person)
    initiation = forms(Browser().get(connection.platform.launch_url(link.id, person), timeout=5))[0]
    client, host = Client(), lms.removeprefix("http://")
    with CaptureQueriesContext(database) as asked:
        login = client.post("/lti/1p3/login/", initiation.fields, headers={"host": host})
    form = forms(requests.get(login["Location"], timeout=5))[0]
    with CaptureQueriesContext(database) as launched:
        assert client.post("/lti/1p3/launch/", form.fields, headers={"host": host}).status_code == 302
    ours = [query["sql"] for query in (*asked, *launched) if not any(own in query["sql"] for own in FRAMEWORKS_OWN)]
    with_user = [query["sql"] for query in launched if "lti_1p3_provider_platformuser" in query["sql"]]
    assert len({*ours, *with_user}) <= 8, "\n".join(ours + with_user)


def test_first_launches_of_a_class_at_once(connection):
    link = connection.link(PROBLEM, graded=True)
    for number in range(12):
        connection.person(f"pupil-{number}")
    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(lambda number: connection.launch(link, f"pupil-{number}"), range(12)))
    assert {page.status_code for page in pages} == {200}
    assert PlatformUser.objects.count() == 12
    assert (Context.objects.count(), ResourceLink.objects.count()) == (1, 1)


@pytest.mark.parametrize(("failures", "status"), [(2, 302), (3, 503)])
def test_a_deadlock_is_tried_again_and_then_refused_with_a_page(connection, failures, status):
    """A signal plays the database: it refuses the line item, which is written late, as in a deadlock."""
    browser = Browser()
    form, refusals = connection.launch_form(connection.link(PROBLEM, graded=True), browser=browser), []

    def refuse(sender, instance, **rest):
        if len(refusals) < failures:
            refusals.append(1)
            raise OperationalError(1213, "Deadlock found when trying to get lock")

    pre_save.connect(refuse, sender=LineItem)
    try:
        landed = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=10)
    finally:
        pre_save.disconnect(refuse, sender=LineItem)
    assert landed.status_code == status
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == (("ok", "") if status == 302 else ("database_busy", "OperationalError"))
    assert len(set(attempt.steps)) == len(attempt.steps)
    assert get_user_model().objects.count() == PlatformUser.objects.count() == (1 if status == 302 else 0)


@every(
    "error",
    [
        OperationalError(1366, "Incorrect string value: secret for column"),
        OperationalError("no such table: secret"),
        DataError("value too long: secret"),
        IntegrityError("duplicate entry: secret"),
        InterfaceError("connection already closed: secret"),
    ],
)
def test_another_error_of_the_database_is_refused_at_once_with_a_page(connection, caplog, error):
    LaunchAttempt.objects.all().delete()
    browser, refusals = Browser(), []
    form = connection.launch_form(connection.link(PROBLEM, graded=True), browser=browser)

    def refuse(sender, instance, **rest):
        refusals.append(1)
        raise error

    pre_save.connect(refuse, sender=LineItem)
    try:
        page = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=10)
    finally:
        pre_save.disconnect(refuse, sender=LineItem)
    attempt = LaunchAttempt.objects.get()
    assert (page.status_code, attempt.outcome, len(refusals)) == (500, "database_refused", 1)
    assert attempt.support_code in page.text
    assert attempt.detail.startswith(type(error).__name__)
    assert "secret" not in attempt.detail + page.text + caplog.text
    assert not get_user_model().objects.exists()


# --- cleaning up ------------------------------------------------------------------------------------------------------


def test_old_attempts_and_lapsed_grants_are_dropped_and_no_others(connection, settings):
    settings.LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC = 3600
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    connection.launch(connection.link(PROBLEM))
    connection.launch(connection.link(PROBLEM), OTHER_LEARNER)
    old, lapsed = LaunchAttempt.objects.last(), Grant.objects.last()
    LaunchAttempt.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(seconds=3601))
    Grant.objects.filter(pk=lapsed.pk).update(until=timezone.now() - timedelta(seconds=1))
    printed = StringIO()
    call_command("lti_1p3_clean_up", stdout=printed)
    assert json.loads(printed.getvalue()) == {
        "registrations_looked_at": 1,
        "old_attempts_dropped": 1,
        "lapsed_grants_dropped": 1,
        "old_content_requests_dropped": 0,
        "old_configurations_dropped": 0,
        "old_tallies_dropped": 0,
        "old_members_dropped": 0,
        "unused_accounts_dropped": 0,
        "course_roles_taken_back": 0,
    }
    assert LaunchAttempt.objects.count() == 2
    assert old not in LaunchAttempt.objects.all()
    assert Grant.objects.count() == 2
    assert lapsed not in Grant.objects.all()
    assert browser.get(page.url, timeout=5).status_code == 200


def test_more_than_a_batch_is_dropped(db, settings):
    settings.LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC = 0
    rows = [LaunchAttempt(support_code=f"X{number}", door="login", outcome="ok") for number in range(1003)]
    LaunchAttempt.objects.bulk_create(rows)
    assert clean_up()["old_attempts_dropped"] == 1003


def test_more_than_a_batch_of_grants_is_dropped(db, django_user_model):
    user = django_user_model.objects.create_user("learner")
    registration = Registration.objects.create(issuer="https://p.example", client_id="c")
    values = {"user": user, "deployment": Deployment.objects.create(registration=registration, deployment_id="1")}
    over = timezone.now() - timedelta(seconds=1)
    Grant.objects.bulk_create(Grant(**values, usage_digest=str(number), until=over) for number in range(1003))
    Grant.objects.create(**values, usage_digest="open", until=timezone.now() + timedelta(seconds=60))
    assert clean_up()["lapsed_grants_dropped"] == 1003
    assert Grant.objects.get().usage_digest == "open"


def test_a_grant_that_is_renewed_while_old_ones_are_dropped_stays(db, django_user_model):
    registration = Registration.objects.create(issuer="https://p.example", client_id="c")
    deployment = Deployment.objects.create(registration=registration, deployment_id="1")
    user, now = django_user_model.objects.create_user("learner"), timezone.now()
    Grant.objects.create(user=user, deployment=deployment, usage_digest="d", until=now - timedelta(seconds=1))
    renewed = {"until": now + timedelta(seconds=60)}
    with after_a_look(Grant, lambda: Grant.objects.update(**renewed)):
        assert clean_up()["lapsed_grants_dropped"] == 0
    assert Grant.objects.exists()


def test_the_task_that_celerys_beat_runs_drops_both(db, django_user_model, settings):
    settings.LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC = 0
    registration = Registration.objects.create(issuer="https://p.example", client_id="c")
    deployment = Deployment.objects.create(registration=registration, deployment_id="1")
    user, over = django_user_model.objects.create_user("learner"), timezone.now() - timedelta(seconds=1)
    Grant.objects.create(user=user, deployment=deployment, usage_digest="over", until=over)
    LaunchAttempt.objects.create(support_code="X", door="login", outcome="ok")
    tasks.clean_up.delay()
    assert not Grant.objects.exists()
    assert not LaunchAttempt.objects.exists()


def test_the_task_brings_outlines_in_step_though_the_clean_up_fails(db):
    with raised_in(upkeep.keep_up, ValueError("of whatever")), after_a_look(CourseOutline, lambda: None) as looks:
        with pytest.raises(ValueError, match="of whatever"):
            tasks.clean_up()
        assert looks

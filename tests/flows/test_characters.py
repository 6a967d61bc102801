"""Characters that a database may not keep, wherever text of a stranger comes in. What is for people is reduced, what
identifies something is refused, and each attempt is recorded.

Here on a database that keeps all; ``tests/faults/test_databases.py`` runs it again on MariaDB with 3-byte charsets.
"""

from __future__ import annotations

import json
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from demo.browser import Browser
from demo.lms.models import Profile
from lti_1p3_provider import checks
from lti_1p3_provider.database import storable
from lti_1p3_provider.database.storable import repertoire
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.doctor import site
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.users.find import user_of
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import AGS_CLAIM, CLAIM, COURSE, LEARNER, PROBLEM
from tests.scoring import earn
from tests.web_server import Said

PARTY, RARE = "\U0001f389", "\U00020bb7"  # an emoji; a Chinese character of many Japanese names
TEXT = f"Woche {PARTY}{RARE} één"


@pytest.fixture
def is_whole(transactional_db) -> bool:
    """Whether the database under test keeps everything."""
    whole = not repertoire().narrow
    assert whole is (settings.TEST_CHARSET in ("", "utf8mb4"))
    return whole


@pytest.fixture
def instead() -> str:
    """What stands for a character that is not kept."""
    return "?" if settings.TEST_CHARSET == "latin1" else "\ufffd"


@pytest.fixture
def kept(is_whole, instead) -> str:
    """What becomes of ``TEXT``."""
    return TEXT if is_whole else f"Woche {instead} één"


def newest() -> LaunchAttempt:
    found = LaunchAttempt.objects.first()
    assert found is not None
    return found


def changed(path: tuple[str, ...], value: str) -> Any:
    """Return a change of the claims that puts a value at a path."""

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        at = claims
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = value
        return claims

    return change


# --- what is for people -----------------------------------------------------------------------------------------------


def test_titles_labels_and_names_are_kept_as_far_as_can_be(connect, kept):
    connection, browser = connect(trust_emails=True), Browser()

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        context = {"id": "c", "label": TEXT, "title": TEXT}
        scopes = [*claims[AGS_CLAIM]["scope"], TEXT]
        return {
            **claims,
            "name": TEXT,
            f"{CLAIM}resource_link": {**claims[f"{CLAIM}resource_link"], "title": TEXT},
            f"{CLAIM}context": context,
            f"{CLAIM}launch_presentation": {"return_url": f"https://p.example/{TEXT}".replace(" ", "")},
            f"{CLAIM}custom": {TEXT: TEXT},
            AGS_CLAIM: {**claims[AGS_CLAIM], "scope": scopes},
        }

    link = connection.link(PROBLEM, graded=True)
    for _ in range(2):  # the second finds what the first wrote, and nothing to change
        connection.platform.tamper_next_launch(claims=change)
        assert connection.launch(link, LEARNER, browser).status_code == 200
        assert newest().outcome == "ok"
        assert (Context.objects.get().title, Context.objects.get().label) == (kept, kept)
        assert ResourceLink.objects.get().title == kept
        assert Profile.objects.get().name == kept
        assert kept in LineItem.objects.get().scopes
    assert PendingScore.objects.get().revision == 1
    back = browser.get(f"{connection.lms}/lti/1p3/back/{COURSE}/{PROBLEM}", allow_redirects=False, timeout=10)
    assert quote(PARTY) in back.headers["Location"]


def test_a_name_that_changes_to_one_that_cannot_be_kept(connection, kept):
    link = connection.link(PROBLEM)
    connection.enter(link)
    assert connection.launch_with({"name": TEXT}).status_code == 200
    assert Profile.objects.get().name == kept


def test_a_long_title_is_cut_where_the_column_ends(connection, is_whole, instead):
    title = f"{PARTY} " * 300
    assert connection.launch_with({f"{CLAIM}resource_link": {"id": "l", "title": title}}).status_code == 200
    assert ResourceLink.objects.get().title == (title if is_whole else title.replace(PARTY, instead))[:255]


def test_an_email_is_taken_whole_or_not_at_all(connect):
    connection = connect(trust_emails=True)
    for number, email in enumerate((f"ada@{PARTY}.example", f"{PARTY}@school.example", f"ada@schul{RARE}.example")):
        response = connection.launch_with({"email": email, "sub": f"person-{number}"})
        assert response.status_code == 200, newest().detail
    assert {user.email for user in get_user_model().objects.all()} <= {
        *(f"{user.username}@lti.invalid" for user in get_user_model().objects.all()),
        f"ada@{PARTY}.example",
        f"ada@schul{RARE}.example",
    }


# --- the record of an attempt -----------------------------------------------------------------------------------------


@every("kid", [PARTY, RARE, f"key {PARTY * 100}", TEXT])
def test_a_kid_is_recorded_as_far_as_can_be(connection, is_whole, kid):
    page = connection.tampered_launch(headers=lambda headers: {**headers, "kid": kid})
    assert page.status_code == 400
    assert (newest().outcome, newest().support_code in page.text) == ("key_unknown", True)
    assert (PARTY in newest().detail or RARE in newest().detail) is is_whole
    assert "kid" in newest().detail


def test_a_refusal_of_the_platform_is_recorded(connection):
    form = connection.launch_form(connection.link(PROBLEM))
    page = requests.post(form.action, data={**form.fields, "error": TEXT}, timeout=10)
    assert (page.status_code, newest().outcome) == (400, "platform_refused")
    assert "Woche" in newest().detail


def test_a_target_is_recorded_at_login(connection, kept):
    fields = {"iss": "https://nobody.example", "login_hint": TEXT, "target_link_uri": f"https://x.example/{TEXT}"}
    page = requests.post(f"{connection.lms}/lti/1p3/login/", data=fields, timeout=10)
    assert (page.status_code, newest().outcome) == (400, "registration_unknown")
    assert newest().target == f"https://x.example/{kept}"


# --- what identifies something ----------------------------------------------------------------------------------------

NAMES = {
    "sub": ("sub",),
    "deployment_id": (f"{CLAIM}deployment_id",),
    "resource_link.id": (f"{CLAIM}resource_link", "id"),
    "context.id": (f"{CLAIM}context", "id"),
    "lineitem": (AGS_CLAIM, "lineitem"),
    "lineitems": (AGS_CLAIM, "lineitems"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_as_it_is_or_refused(connection, is_whole, name):
    connection.platform.tamper_next_launch(claims=changed(NAMES[name], f"x{PARTY}"))
    page = connection.launch(connection.link(PROBLEM, graded=True))
    if is_whole and name != "deployment_id":
        assert newest().outcome == "ok"
        return
    assert newest().support_code in page.text
    if is_whole:
        assert newest().outcome == "deployment_unknown"
        assert Deployment.objects.filter(deployment_id=f"x{PARTY}").exists()
        return
    assert (page.status_code, newest().outcome) == (400, "text_not_kept")
    assert f"{NAMES[name][-1]} holds U+1F389" in newest().detail
    assert not PlatformUser.objects.exists()
    assert not Deployment.objects.exclude(deployment_id="1").exists()


@pytest.mark.parametrize("letter", [PARTY, RARE])
@pytest.mark.parametrize("place", ["course", "block"])
def test_a_target_is_refused_and_recorded(connection, is_whole, letter, place):
    """A rare letter is one that a key may hold."""
    keys = {"course": f"{COURSE}{letter}/{PROBLEM}", "block": f"{COURSE}/{PROBLEM}{letter}"}
    page = connection.launch_with({f"{CLAIM}target_link_uri": f"{connection.lms}/lti/1p3/launch/{keys[place]}"})
    assert page.status_code in (400, 404)
    could_be_a_key = letter == RARE
    assert newest().outcome == "text_not_kept" if could_be_a_key and not is_whole else newest().outcome != "ok"
    assert newest().target.startswith(f"{connection.lms}/lti/1p3/launch/{COURSE}")


@every("door", ["launch", "back", "session", "scores/mine"])
def test_addresses_of_content_are_refused(connection, door):
    browser = Browser()
    connection.launch(connection.link(PROBLEM), browser=browser)
    for keys in (f"{COURSE}{RARE}/{PROBLEM}", f"{COURSE}/{PROBLEM}{RARE}", f"{PARTY}/{PARTY}"):
        page = browser.get(f"{connection.lms}/lti/1p3/{door}/{keys}", timeout=10)
        assert 400 <= page.status_code < 500


@pytest.mark.parametrize("name", ["iss", "client_id"])
def test_a_login_with_a_name_that_cannot_be_kept(connection, is_whole, name):
    fields = {"iss": connection.platform.issuer, "client_id": connection.client_id, "login_hint": "x"}
    fields |= {"target_link_uri": connection.content_url(PROBLEM), name: f"https://{PARTY}.example"}
    page = requests.post(f"{connection.lms}/lti/1p3/login/", data=fields, timeout=10)
    assert page.status_code == 400
    assert newest().outcome == ("registration_unknown" if is_whole else "text_not_kept")
    assert newest().support_code in page.text


# --- scores -----------------------------------------------------------------------------------------------------------


def test_what_a_platform_says_about_a_score_is_quoted(connection, web_server, is_whole):
    link = connection.link(PROBLEM, graded=True)
    connection.enter(link)
    said = json.dumps({"error": f"kaputt {PARTY}"}).encode()
    Registration.objects.update(auth_token_url=web_server.says(Said(said, 400)))
    earn(3)
    row = PendingScore.objects.get()
    assert "kaputt" in row.detail
    assert (PARTY in row.detail) is is_whole
    assert (row.lease, row.attempts) == ("", 1)
    assert "kaputt" in Outage.objects.get().detail


@pytest.mark.parametrize("is_mine", [True, False])
def test_a_column_whose_address_cannot_be_kept(connection, web_server, is_whole, is_mine):
    """The platform's list has it: as the link's own, or as one that we may have made."""
    link = connection.link(PROBLEM, graded=True)
    container = web_server.says(Said())
    names = {"resourceLinkId": link.id} if is_mine else {"resourceId": PROBLEM, "tag": "open-edx-grade"}
    column = {"id": f"{container}{PARTY}", "label": TEXT, "scoreMaximum": 4, **names}
    web_server.says(Said(json.dumps([column]).encode()))
    Registration.objects.update(other_origins=container.rpartition("/")[0])
    connection.platform.tamper_next_launch(
        claims=lambda claims: {
            **claims,
            AGS_CLAIM: {"scope": claims[AGS_CLAIM]["scope"], "lineitems": container},
        }
    )
    connection.enter(link)
    earn(3)
    row = PendingScore.objects.get()
    if is_whole:
        assert LineItem.objects.get().url == column["id"]
    else:
        assert (row.given_up, row.reason, row.lease) == (True, "text_not_kept", "")
        assert "U+1F389" in row.detail


# --- operators --------------------------------------------------------------------------------------------------------

DETAILS = {
    "title": "T",
    "issuer": "https://x.example",
    "client_id": "c",
    "deployment_ids": ("1",),
    "auth_login_url": "https://x.example/a",
    "auth_token_url": "https://x.example/t",
    "key_set_url": "https://x.example/j",
}


@pytest.mark.parametrize(
    "values",
    [
        {"title": TEXT},
        {"issuer": TEXT},
        {"client_id": TEXT},
        {"deployment_ids": (TEXT,)},
        {"auth_login_url": f"https://x.example/{PARTY}"},
        {"auth_audience": TEXT},
        {"key_set_url": "", "key_set": {"keys": [{"kty": "RSA", "kid": TEXT}]}},
        {"allowed_orgs": (f"Org{RARE}",)},
        {"enrolment_mode": RARE},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_an_operator_enters_is_kept_or_refused_with_a_sentence(is_whole, values):
    if is_whole:
        register(PlatformDetails(**{**DETAILS, **values}))
        assert Registration.objects.exists()
        return
    with pytest.raises(ValidationError) as caught:
        register(PlatformDetails(**{**DETAILS, **values}))
    assert "does not keep U+" in str(caught.value)
    assert not Registration.objects.exists()


def test_the_command_says_so(is_whole):
    arguments = ["--title", TEXT, "--issuer", "https://x.example", "--client-id", "c", "--deployment-id", "1"]
    arguments += [f"--{name}=https://x.example" for name in ("auth-login-url", "auth-token-url", "key-set-url")]
    if is_whole:
        call_command("lti_1p3_register", *arguments, stdout=StringIO())
        return
    with pytest.raises(CommandError, match=r"title: .*U\+1F389, U\+20BB7"):
        call_command("lti_1p3_register", *arguments, stdout=StringIO())


def test_commands_find_nothing_under_such_a_name(connection):
    for command in (("lti_1p3_keys", "retire", TEXT), ("lti_1p3_doctor", TEXT), ("lti_1p3_scores", "status", TEXT)):
        with pytest.raises((CommandError, SystemExit)):
            call_command(*command, stdout=StringIO(), stderr=StringIO())
    assert user_of(TEXT, TEXT, TEXT) is None


def test_the_form_says_so(connection, admin_client, is_whole):
    row = connection.registration
    page = admin_client.get(f"/admin/lti_1p3_provider/registration/{row.pk}/change/")
    form = page.context["adminform"].form
    fields = {name: form[name].value() or "" for name in form.fields if form[name].value() not in (False, None)}
    prefixes = {one.formset.prefix: one.formset.initial_form_count() for one in page.context["inline_admin_formsets"]}
    for prefix, number in prefixes.items():
        fields |= {f"{prefix}-TOTAL_FORMS": number, f"{prefix}-INITIAL_FORMS": number}
    deployment = row.deployments.get()
    fields |= {
        "deployments-0-id": deployment.pk,
        "deployments-0-registration": row.pk,
        "deployments-0-deployment_id": TEXT,
        "deployments-0-status": "approved",
        "title": TEXT,
    }
    done = admin_client.post(f"/admin/lti_1p3_provider/registration/{row.pk}/change/", fields)
    row.refresh_from_db()
    if is_whole:
        assert (done.status_code, row.title) == (302, TEXT)
    else:
        assert (done.status_code, row.title) == (200, "Emulated platform")
        assert done.content.decode().count("does not keep U+1F389") >= 2


@every("name", ["launchattempt", "registration", "pendingscore", "platformuser", "toolkey"])
@every("query", ["q", "outcome", "reason", "title", "registration__title"])
def test_searches_for_such_characters(connection, admin_client, name, query):
    page = admin_client.get(f"/admin/lti_1p3_provider/{name}/", {query: TEXT})
    assert page.status_code in (200, 302, 400)  # the others for filters that there are not


def test_a_search_finds_the_title_that_the_platform_shows(connection, admin_client):
    connection.launch_with({f"{CLAIM}target_link_uri": f"https://x.example/{TEXT}"})
    page = admin_client.get("/admin/lti_1p3_provider/launchattempt/", {"q": TEXT.split()[1]})
    assert newest().support_code in page.content.decode()


def test_the_course_teams_page_finds_nobody_of_such_a_name(connection, admin_client):
    connection.enter(connection.link(PROBLEM, graded=True))
    page = admin_client.get(reverse("lti_1p3_provider:course_scores", args=[COURSE]), {"learner": TEXT, "state": TEXT})
    assert page.status_code == 200
    assert admin_client.get(f"/lti/1p3/scores/{COURSE}{RARE}/").status_code in (200, 403)


def test_check_and_doctor_name_the_charset(connection, is_whole):
    LaunchGate.objects.create(registration=connection.registration, allowed_courses=[COURSE])
    found = [message for message in checks.check_tables(None) if message.id == "lti_1p3_provider.W011"]
    said = [one.says for one in site.examine() if "W011" in one.says or one.about == "database"]
    assert len(said) == 1
    if is_whole:
        assert (found, "keeps all characters" in said[0]) == ([], True)
    else:
        assert settings.TEST_CHARSET in found[0].msg
        assert settings.TEST_CHARSET in said[0]


def test_the_database_is_asked_once(connection, django_assert_max_num_queries):
    storable._known.clear()
    with django_assert_max_num_queries(2):
        assert storable.keeps("plain")
        for _ in range(3):
            storable.reduce(TEXT)

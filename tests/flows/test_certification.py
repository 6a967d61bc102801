"""The certification suite's cases: BAD-* must be refused, OK-* must launch; ROLE-* are about the roles claim."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import CLAIM, INSTRUCTOR, LEARNER, MEMBERSHIP, PROBLEM, WELCOME
from tests.traces import nobody_came, refusal

ROLES = f"{CLAIM}roles"


def is_refused(response, code: str) -> bool:
    """Check the page, the record, and that nothing else is left."""
    attempt = LaunchAttempt.objects.first()
    assert (refusal(response), attempt.outcome) == (code, code), attempt.detail
    assert attempt.support_code in response.text
    assert [(row.deployment_id, row.status) for row in Deployment.objects.all()] == [("1", "approved")]
    return nobody_came()


def begin_anew() -> None:
    """Forget whoever came, so that the next launch is a first one."""
    for table in (LaunchAttempt, Session, get_user_model()):
        table.objects.all().delete()


def is_opened(connection, page) -> bool:
    """Check that the person sees the content, and goes on seeing it."""
    assert (page.status_code, page.url) == (200, connection.content_url(WELCOME)), page.text
    assert "<title>Welcome</title>" in page.text
    user = get_user_model().objects.get()
    assert PlatformUser.objects.get().user == user
    assert [attempt.outcome for attempt in LaunchAttempt.objects.all()] == ["ok"]
    sessions = [session.get_decoded() for session in Session.objects.all()]
    return [session["_auth_user_id"] for session in sessions] == [str(user.pk)]


def test_bad_01_no_kid(connection):
    response = connection.tampered_launch(headers=lambda headers: headers.pop("kid") and None)
    assert is_refused(response, "token_malformed")


def test_bad_02_wrong_kid_is_looked_up_once(connection):
    def fetches() -> int:
        return sum(request.path == "/jwks" for request in connection.platform.requests)

    before = fetches()
    for number in range(4):
        response = connection.tampered_launch(headers=lambda headers, n=number: {**headers, "kid": f"wrong-{n}"})
        assert is_refused(response, "key_unknown")
    assert fetches() - before == 1


def test_bad_03_wrong_version(connection):
    assert is_refused(connection.launch_with({f"{CLAIM}version": "11.3"}), "claim_invalid")


def test_bad_04_no_version(connection):
    assert is_refused(connection.launch_with({}, f"{CLAIM}version"), "claim_missing")


def test_bad_05_not_an_lti_message(connection):
    response = connection.tampered_launch(
        claims=lambda claims: {name: value for name, value in claims.items() if not name.startswith("https://")}
    )
    assert is_refused(response, "claim_missing")


def test_bad_06_several_claims_missing(connection):
    names = ("message_type", "roles", "resource_link", "deployment_id")
    assert is_refused(connection.launch_with({}, *(f"{CLAIM}{name}" for name in names)), "claim_missing")


def test_bad_07_times_of_the_past(connection):
    past = int(time.time()) - 86400
    assert is_refused(connection.launch_with({"iat": past, "exp": past + 60}), "token_expired")
    assert is_refused(connection.launch_with({"iat": past, "exp": int(time.time()) + 60}), "token_expired")
    assert is_refused(connection.launch_with({"exp": past}), "token_expired")
    connection.platform.faults.set("expired", endpoint="launch", times=1)
    assert is_refused(connection.launch(connection.link(WELCOME)), "token_expired")


@every(
    "number, name, code",
    [
        ("08", f"{CLAIM}message_type", "claim_missing"),
        ("09", ROLES, "claim_missing"),
        ("10", f"{CLAIM}deployment_id", "claim_missing"),
        ("11", f"{CLAIM}resource_link", "claim_missing"),
        ("12", "sub", "subject_missing"),
    ],
)
def test_bad_08_to_bad_12_a_claim_is_missing(connection, number, name, code):
    assert is_refused(connection.launch_with({}, name), code)


@pytest.mark.parametrize("person", [LEARNER, INSTRUCTOR])
def test_ok_01_teacher_and_student(connection, person):
    assert is_opened(connection, connection.launch(connection.link(WELCOME), person))


@every(
    "roles",
    [
        [
            f"{MEMBERSHIP}Learner",
            f"{MEMBERSHIP}Instructor",
            "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
        ],  # ok_02
        ["Learner"],  # ok_03
        [f"{MEMBERSHIP}Astronaut", "urn:something"],  # ok_04
        [""],  # ok_05
        [],  # role_03
    ],
)
def test_ok_02_to_ok_05_role_03_roles(connection, roles):
    begin_anew()
    assert is_opened(connection, connection.launch_with({ROLES: roles}))
    user = get_user_model().objects.get()
    assert not user.is_staff
    assert not user.is_superuser


@pytest.mark.parametrize(
    ("kept", "name", "email"),
    [
        (("email",), "", "ada.park@platform.example"),
        (("name", "given_name", "family_name"), "Ada Park", None),
        ((), "", None),
    ],
    ids=["ok_06_email_only", "ok_07_names_only", "ok_08_nothing"],
)
def test_ok_06_to_ok_08_personal_data(connect, kept, name, email):
    connection = connect(trust_emails=True)
    dropped = {"name", "given_name", "family_name", "email"} - set(kept)
    assert is_opened(connection, connection.launch_with({}, *dropped))
    user = get_user_model().objects.get()
    assert user.demo_profile.name == name
    assert user.email == (email or f"{user.username}@lti.invalid")


def test_ok_09_email_and_no_context(connect):
    connection = connect(trust_emails=True)
    dropped = ("name", "given_name", "family_name", f"{CLAIM}context")
    assert is_opened(connection, connection.launch_with({}, *dropped))
    assert get_user_model().objects.get().email == "ada.park@platform.example"


@every(
    "role",
    [
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
        f"{MEMBERSHIP}Administrator",
        f"{MEMBERSHIP}Instructor",
    ],
)
def test_role_04_sec_19_no_role_gives_a_privilege(connection, role):
    begin_anew()
    connection.launch_with({ROLES: [role]})
    user = get_user_model().objects.get()
    assert (user.is_staff, user.is_superuser, user.user_permissions.count()) == (False, False, 0)


@every(
    "roles, wanted",
    [
        ([f"{MEMBERSHIP}Learner"], True),
        (["Learner"], True),
        ([], True),
        ([f"{MEMBERSHIP}Instructor"], False),
        ([f"{MEMBERSHIP}Mentor"], False),
        ([f"{MEMBERSHIP}Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"], False),
        (
            [f"{MEMBERSHIP}Learner", "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"],
            True,
        ),
        (["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor", f"{MEMBERSHIP}Learner"], True),
    ],
)
def test_role_01_role_06_who_gets_scores(connection, roles, wanted):
    begin_anew()
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, ROLES: roles})
    connection.enter(connection.link(PROBLEM, graded=True))
    assert PlatformUser.objects.count() == 1
    assert PendingScore.objects.exists() is wanted

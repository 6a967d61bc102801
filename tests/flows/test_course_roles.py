"""What teachers of a platform become in a course here: by launches, over real HTTP, and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
import requests
from django.contrib.auth.models import AbstractUser, Group
from django.core.management import call_command
from django.db import transaction
from opaque_keys.edx.keys import CourseKey

from demo.browser import Browser
from demo.lms.course_roles import DemoCourseRoles
from demo.lms.people import TEAM
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import of_rows
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users.models import CourseRole, PlatformUser
from tests.cases import every
from tests.connection import CLAIM, COURSE, INSTRUCTOR, LEARNER, OTHER_COURSE, PROBLEM, WELCOME, Connection
from tests.reading_rows import queries_of_a_launch

M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
S = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
TEACHES, LEARNS = [f"{M}Instructor"], [f"{M}Learner"]
ASSISTS = [f"{S}Instructor#TeachingAssistant", f"{M}Instructor"]  # as Canvas says it
ALL = tuple(RoleName)
KEY = CourseKey.from_string(COURSE)
roles = DemoCourseRoles()


def map_roles(connection: Connection, **fields: str) -> None:
    Registration.objects.filter(pk=connection.registration.pk).update(**(fields or {"instructor_role": "staff"}))


def launch(connection: Connection, names: Iterable[str], link: Any = None, person: str = INSTRUCTOR) -> int:
    """Launch with these roles, and return the status: 302 leads to the content."""
    said = {f"{CLAIM}roles": list(names)}
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **said})
    return connection.answer_to(link or connection.link(PROBLEM), person).status_code


def opens(connection: Connection, names: Iterable[str]) -> bool:
    """Launch with these roles, and tell whether there is content at the end."""
    said = {f"{CLAIM}roles": list(names)}
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **said})
    return connection.launch(connection.link(PROBLEM), INSTRUCTOR).status_code == 200


def account(sub: str = INSTRUCTOR) -> AbstractUser:
    return PlatformUser.objects.select_related("user").get(sub=sub).user


def held(sub: str = INSTRUCTOR, course: str = COURSE) -> set[str]:
    return {str(role) for role in ALL if roles.has(account(sub), CourseKey.from_string(course), role)}


def clean_up() -> int:
    out = StringIO()
    call_command("lti_1p3_clean_up", stdout=out)
    return int(json.loads(out.getvalue())["course_roles_taken_back"])


def test_one_role_that_cannot_be_taken_keeps_no_other(connection, caplog):
    launch(connection, LEARNS)
    CourseRole.objects.create(
        user=account(),
        course_key="no key",
        course_digest=digest("no key"),
        role="staff",
        because="instructor_role",
        deployment=Deployment.objects.get(),
    )
    map_roles(connection)
    launch(connection, TEACHES)
    assert held() == {"staff"}
    LaunchGate.objects.create(registration=connection.registration, allowed_keys=[PROBLEM])
    assert clean_up() == 1
    assert held() == set()
    assert "was not taken back" in caplog.text


def test_a_beta_tester_of_a_launchs_may_be_staff_by_other_means(connection, client):
    map_roles(connection, instructor_role="beta_testers")
    launch(connection, TEACHES)
    user = account()
    user.groups.add(Group.objects.get_or_create(name=TEAM.format(COURSE))[0])
    client.force_login(user)
    assert client.get(f"/lti/1p3/scores/{COURSE}/").status_code == 200


def test_off_unless_the_registration_says_so(connection):
    assert opens(connection, TEACHES)
    assert held() == set()
    assert not CourseRole.objects.exists()


@pytest.mark.parametrize("role", ALL)
def test_a_launch_gives_the_role_once_and_notes_by_whom(connection, role):
    map_roles(connection, instructor_role=role.value)
    for _ in range(2):
        assert opens(connection, TEACHES)
    assert held() == {role.value}
    (row,) = CourseRole.objects.all()
    said = (row.user, row.course_key, row.role, row.because, row.deployment.registration)
    assert said == (account(), COURSE, role.value, "instructor_role", connection.registration)
    (noted,) = Change.objects.filter(kind="course role")
    assert (noted.action, noted.way, noted.name, noted.actor) == ("created", "launch", COURSE, None)
    assert noted.after["account"] == account().pk


def test_role_05_assistants_are_looked_for_first(connection):
    given = dict(zip(("instructor_role", "assistant_role", "designer_role"), ALL, strict=True))
    map_roles(connection, **given)
    link = connection.link(PROBLEM)
    for names, because in (
        (TEACHES, "instructor_role"),
        (["Instructor"], "instructor_role"),
        ([f"{M}Learner", f"{M}Instructor"], "instructor_role"),
        (ASSISTS, "assistant_role"),
        (list(reversed(ASSISTS)), "assistant_role"),
        (["TeachingAssistant", "Instructor"], "assistant_role"),
        ([f"{S}Instructor#TeachingAssistantSection", f"{M}Instructor"], "assistant_role"),
        ([f"{S}Instructor#TeachingAssistant", f"{M}Learner"], "assistant_role"),  # Open edX's Community TA
        ([f"{M}ContentDeveloper"], "designer_role"),
        ([f"{M}ContentDeveloper", f"{M}Instructor"], "instructor_role"),
    ):
        assert launch(connection, names, link) == 302
        assert held() == {given[because].value}, names
        assert CourseRole.objects.get().because == because, names


def test_role_05_an_assistant_to_whom_nothing_is_given_is_no_instructor(connection):
    map_roles(connection, instructor_role="staff", designer_role="staff")
    launch(connection, ASSISTS)
    assert held() == set()


NOTHING = (
    [f"{INSTITUTION}Instructor"],
    [f"{INSTITUTION}Administrator"],
    [f"{SYSTEM}SysAdmin"],
    [f"{SYSTEM}Administrator"],
    [f"{M}Mentor"],
    [f"{M}Member"],
    [f"{M}Manager"],
    [f"{M}Administrator"],
    [TEST_USER, f"{M}Instructor"],
    LEARNS,
    [],
    [""],
    ["instructor"],
    [f"{S}Instructor#PrimaryInstructor"],
    [f"{S}Learner#TeachingAssistant"],
    [f"{M}Staff"],
)


def test_role_04_sec_19_what_never_gives_anything(connection):
    map_roles(connection, **dict.fromkeys(("instructor_role", "assistant_role", "designer_role"), "staff"))
    link = connection.link(PROBLEM)
    for number, names in enumerate(NOTHING):
        sub = connection.person(f"nothing-{number}").id
        assert launch(connection, names, link, sub) == 302
        assert not CourseRole.objects.exists(), names
        assert held(sub) == set(), names
        assert not account(sub).is_staff, names
        assert not account(sub).is_superuser, names


def test_nobody_without_a_name_becomes_anything(connection):
    map_roles(connection)
    connection.registration.allow_anonymous = True
    connection.registration.instructor_role = "staff"
    connection.registration.save()
    page = connection.launch_with({f"{CLAIM}roles": TEACHES}, "sub")
    assert page.status_code == 200
    assert not CourseRole.objects.exists()


def test_sec_19_a_later_lower_role_takes_it_back(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    assert launch(connection, LEARNS) == 302
    assert held() == set()
    assert not CourseRole.objects.exists()
    assert [one.action for one in Change.objects.filter(kind="course role").order_by("pk")] == ["created", "deleted"]


def test_another_role_replaces_it(connection):
    map_roles(connection, instructor_role="staff", assistant_role="limited_staff")
    launch(connection, TEACHES)
    launch(connection, ASSISTS)
    assert held() == {"limited_staff"}


@pytest.mark.parametrize(
    "gate",
    [
        {"allowed_courses": [COURSE], "block_filter": {"all": ["problem"]}},
        {"allowed_keys": [PROBLEM]},
        {"allowed_orgs": ["DemoX"], "block_filter": {"courses": {COURSE: ["problem", "vertical"]}}},
    ],
)
def test_a_course_that_is_open_only_in_part_has_no_roles(connection, gate):
    map_roles(connection)
    connection.gate(**gate)
    assert launch(connection, TEACHES) == 302
    assert held() == set()


def test_sec_20_nothing_is_given_outside_the_gate(connection):
    map_roles(connection)
    connection.gate(allowed_courses=[OTHER_COURSE])
    assert launch(connection, TEACHES) == 403
    assert not CourseRole.objects.exists()
    assert not Group.objects.filter(user__isnull=False).exists()


def test_a_gate_that_opens_the_whole_course_lets_roles_be_given_there_only(connection):
    map_roles(connection)
    connection.gate(allowed_courses=[COURSE])
    launch(connection, TEACHES)
    assert held() == {"staff"}
    assert held(course=OTHER_COURSE) == set()


@pytest.mark.parametrize("who", ["site", "superuser", "course", "org"])
def test_accounts_that_are_staff_by_others_stay_closed(connection, who):
    map_roles(connection)
    launch(connection, LEARNS)
    user = account()
    if who == "site":
        user.is_staff = True
    elif who == "superuser":
        user.is_superuser = True
    else:
        name = f"staff of {OTHER_COURSE}" if who == "course" else "staff of all courses of DemoX"
        user.groups.add(Group.objects.create(name=name))
    user.save()
    assert launch(connection, TEACHES) == 403
    assert not CourseRole.objects.exists()


def test_a_role_that_somebody_else_gave_besides_keeps_the_account_closed(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    account().groups.add(Group.objects.create(name=TEAM.format(OTHER_COURSE)))
    assert launch(connection, TEACHES) == 403
    assert held() == {"staff"}


def test_a_role_that_the_person_had_is_not_ours_to_take(connection):
    map_roles(connection, instructor_role="beta_testers")
    launch(connection, LEARNS)
    roles.give(account(), KEY, RoleName.BETA_TESTER)
    for names in (TEACHES, LEARNS):
        assert launch(connection, names) == 302
        assert not CourseRole.objects.exists()
    assert held() == {"beta_testers"}


def test_what_an_operator_took_by_hand_is_not_given_again(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    roles.take(account(), KEY, RoleName.STAFF)
    assert opens(connection, TEACHES)
    assert held() == set()


def test_no_other_platform_signs_in_to_an_account_with_a_role_of_this_one(connect):
    """Accounts may be shared by a migration; a role of one platform's is not the other's to use."""
    first, second = connect(), connect()
    map_roles(first)
    launch(first, TEACHES)
    user = account()
    PlatformUser.objects.create(
        registration=second.registration, sub=INSTRUCTOR, sub_digest=digest(INSTRUCTOR), user=user
    )
    assert launch(second, TEACHES) == 403
    assert opens(first, TEACHES)


def test_of_two_that_gave_it_the_last_one_takes_it(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    other = Deployment.objects.create(registration=connection.registration, deployment_id="second")
    row = CourseRole.objects.get()
    CourseRole.objects.create(
        user=row.user,
        course_key=row.course_key,
        course_digest=row.course_digest,
        role=row.role,
        because=row.because,
        deployment=other,
    )
    launch(connection, LEARNS)
    assert held() == {"staff"}
    other.status = Deployment.Status.DISABLED
    other.save()
    assert clean_up() == 1
    assert held() == set()


@pytest.fixture
def teacher(connection: Connection) -> AbstractUser:
    """Somebody to whom a launch gave a role."""
    map_roles(connection)
    launch(connection, TEACHES)
    return account()


@every(
    "change",
    [
        lambda one: Registration.objects.update(enabled=False),
        lambda one: Registration.objects.update(instructor_role=""),
        lambda one: Registration.objects.update(instructor_role="limited_staff"),
        lambda one: Registration.objects.update(org="OtherX"),
        lambda one: Deployment.objects.update(status="disabled"),
        lambda one: Deployment.objects.all().delete(),
        lambda one: Registration.objects.all().delete(),
        lambda one: LaunchGate.objects.create(registration=one.registration, allowed_courses=[OTHER_COURSE]),
        lambda one: LaunchGate.objects.create(
            registration=one.registration, allowed_courses=[COURSE], block_filter={"all": ["problem"]}
        ),
    ],
)
def test_what_is_not_due_any_more_is_taken_back_by_the_clean_up(connection, teacher, change):
    with transaction.atomic():
        assert clean_up() == 0
        change(connection)
        assert roles.has(teacher, KEY, RoleName.STAFF)
        assert clean_up() == 1
        assert not roles.has(teacher, KEY, RoleName.STAFF)
        assert not CourseRole.objects.exists()
        noted = Change.objects.filter(kind="course role").order_by("pk").last()
        assert (noted.action, noted.way) == ("deleted", "clean-up")
        transaction.set_rollback(True)  # the next case has the role again


def test_a_launch_takes_back_what_is_not_mapped_any_more(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    map_roles(connection, instructor_role="")
    assert launch(connection, TEACHES) == 302
    assert held() == set()


def launched_at_once(connection: Connection, number: int) -> list[requests.Response]:
    link, posts = connection.link(PROBLEM), []
    for _ in range(number):
        browser = Browser()
        connection.platform.tamper_next_launch(claims=lambda claims: {**claims, f"{CLAIM}roles": TEACHES})
        posts.append((browser, connection.launch_form(link, INSTRUCTOR, browser)))
    together = Barrier(number)

    def post(one: Any) -> requests.Response:
        browser, form = one
        together.wait(timeout=30)
        return browser.post(form.action, data=form.fields, allow_redirects=False, timeout=60)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(post, posts))


def test_launches_at_once_give_it_once(connection):
    map_roles(connection)
    launch(connection, LEARNS)
    assert [one.status_code for one in launched_at_once(connection, 5)] == [302] * 5
    assert held() == {"staff"}
    assert CourseRole.objects.count() == 1
    assert Change.objects.filter(kind="course role").count() == 1


def test_a_refusal_gives_nothing(connection):
    """The role is written in the launch's transaction: here the content turns the person away after that."""
    map_roles(connection, instructor_role="limited_staff")
    Registration.objects.update(enrolment_mode="no such mode")
    assert launch(connection, TEACHES) == 403
    assert not CourseRole.objects.exists()
    assert not Group.objects.filter(name__startswith="limited staff", user__isnull=False).exists()


def queries_of(connection: Connection, link: Any, names: list[str] | None, person: str) -> int:
    if names is not None:
        connection.platform.tamper_next_launch(claims=lambda claims: {**claims, f"{CLAIM}roles": names})
    return len(queries_of_a_launch(connection, link, person))


def test_it_costs_a_returning_person_one_query_where_roles_are_mapped_and_none_elsewhere(connection):
    link = connection.link(PROBLEM, graded=True)
    for person, names in ((LEARNER, LEARNS), (INSTRUCTOR, TEACHES)):
        launch(connection, names, link, person)
    plain = [queries_of(connection, link, names, who) for who, names in ((LEARNER, LEARNS), (INSTRUCTOR, TEACHES))]
    map_roles(connection)
    launch(connection, TEACHES, link)
    mapped = [queries_of(connection, link, names, who) for who, names in ((LEARNER, LEARNS), (INSTRUCTOR, TEACHES))]
    assert [after - before for before, after in zip(plain, mapped, strict=True)] == [1, 1]


def test_forgetting_a_person_takes_the_role_back_and_the_account_is_ours_to_erase(connection):
    map_roles(connection)
    launch(connection, TEACHES)
    user = account()
    people = of_rows(PlatformUser.objects.filter(sub=INSTRUCTOR).select_related("registration", "user"))
    (said,) = export(people)["people"]
    assert [(one["course"], one["role"]) for one in said["course_roles"]] == [(COURSE, "staff")]
    done = forget(people)
    assert (done.course_roles, done.accounts_erased, done.accounts_left) == (1, 1, 0)
    assert not roles.has(user, KEY, RoleName.STAFF)
    assert not CourseRole.objects.exists()


def test_a_persons_page_says_which_roles_launches_gave(connection, admin_client):
    map_roles(connection)
    for names, said in ((TEACHES, f"{COURSE}: course staff ({connection.registration} / "), (LEARNS, ">none<")):
        launch(connection, names)
        row = PlatformUser.objects.get(sub=INSTRUCTOR)
        page = admin_client.get(f"/admin/lti_1p3_provider/platformuser/{row.pk}/change/").content.decode()
        assert said in page, page[page.find("field-roles") :][:900]


def test_the_team_page_is_closed_to_teachers_of_one_platform(connection):
    map_roles(connection)
    browser = Browser()
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, f"{CLAIM}roles": TEACHES})
    assert connection.launch(connection.link(WELCOME), INSTRUCTOR, browser).status_code == 200
    for page in ("scores", "links"):
        assert browser.get(f"{connection.lms}/lti/1p3/{page}/{COURSE}/", timeout=10).status_code == 403


@pytest.mark.parametrize(("most", "wakes"), [(1, True), (2, False)])
def test_a_worker_looks_at_all_where_there_are_more_than_are_counted(connection, no_worker, most, wakes):
    map_roles(connection)
    for person in (INSTRUCTOR, LEARNER):
        launch(connection, TEACHES, person=person)
    no_worker.clear()
    assert taking_back.ask(connection.registration, most) == 0  # the first that are counted stay
    assert bool(no_worker[taking_back.TASK]) is wakes


def test_all_are_taken_back_whoever_has_them(connection):
    map_roles(connection)
    for person in (INSTRUCTOR, LEARNER):
        launch(connection, TEACHES, person=person)
    Registration.objects.update(enabled=False)
    assert taking_back.take_back() == 2
    assert taking_back.take_back() == 0
    assert held(INSTRUCTOR) == held(LEARNER) == set()

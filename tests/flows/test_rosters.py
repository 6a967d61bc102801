"""Rosters: the platform's list of a course's people, kept as the least that says who is missing here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError
from django.db import connection as database
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from demo.browser import Browser, forms
from demo.lms.retirement import retire
from lti_1p3_provider import api, host
from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    AnswerUnreadable,
    DeploymentDisabled,
    LtiError,
    RosterNotOffered,
)
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.claims import LTI, NRPS
from lti_1p3_provider.management.commands.lti_1p3_clean_up import clean_up
from lti_1p3_provider.memberships import refresh
from lti_1p3_provider.memberships.compared import contexts, stored
from lti_1p3_provider.memberships.kept import names
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.memberships.sync import sync
from lti_1p3_provider.memberships.words import failed
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import by_sub
from lti_1p3_provider.people.forget import foresee, forget
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.users.models import CourseRole, PlatformUser
from tests.accidents import after_a_look, database_fails
from tests.connection import COURSE, LEARNER, OTHER_COURSE, OTHER_LEARNER, PROBLEM, Connection, usage
from tests.reading_rows import queries_of_a_launch
from tests.school import School, opened, page
from tests.scoring import earn, launched, make_due
from tests.team import signed_in, somebody
from tests.web_server import Said, WebServer

TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def said(url: object) -> dict[str, object]:
    return {NRPS: {"context_memberships_url": url, "service_versions": ["2.0"]}}


# --- the address ------------------------------------------------------------------------------------------------------


def test_the_address_is_kept_with_the_platforms_course(connection: Connection) -> None:
    connection.enter(connection.link(PROBLEM))
    assert Context.objects.get().memberships_url == connection.platform.memberships_url


def test_a_later_launch_may_name_another_address_and_one_that_names_none_leaves_it(connection: Connection) -> None:
    link = connection.link(PROBLEM)
    connection.enter(link)
    for claim, kept in (
        ("https://lms.example/members?id=2", "https://lms.example/members?id=2"),
        ("", "https://lms.example/members?id=2"),
        ("https://lms.example/\0", "https://lms.example/members?id=2"),
        ({"odd": 1}, "https://lms.example/members?id=2"),
    ):
        connection.tampered_launch(link, claims=lambda claims, claim=claim: {**claims, **said(claim)})
        assert Context.objects.get().memberships_url == kept


def test_a_returning_launch_writes_no_context(connection: Connection) -> None:
    link = connection.link(PROBLEM)
    connection.enter(link), connection.enter(link)
    asked = queries_of_a_launch(connection, link, LEARNER)
    assert asked
    assert not [sql for sql in asked if sql.startswith(("UPDATE", "INSERT")) and "_context" in sql]


def test_what_is_stored_of_a_link_names_the_address_later(connection: Connection) -> None:
    link = connection.link(PROBLEM)
    connection.enter(link, LEARNER)
    platform, deployment = connection.platform, Deployment.objects.get()
    stored = api.StoredLink(platform.issuer, connection.client_id, deployment.deployment_id, link.id)
    later = api.message_launch(stored)
    assert later.has_nrps()
    assert later.get_launch_data()[NRPS]["context_memberships_url"] == platform.memberships_url
    assert later.get_launch_data()[f"{LTI}resource_link"]["id"] == link.id


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def school(connection: Connection, web_server: WebServer) -> School:
    return opened(connection, web_server, School)


def test_nrps_04_the_least_is_kept_and_nobody_gets_an_account(school: School) -> None:
    named = {"user_id": "a", "roles": ["Learner"], "name": "Ada Park", "email": "ada@school.example"}
    school.sync(named, LEARNER)
    assert school.kept() == {"a": "Active", LEARNER: "Active"}
    assert PlatformUser.objects.count() == 1
    assert Member.objects.exclude(platform_user=None).get().platform_user.sub == LEARNER
    everything = json.dumps(list(Member.objects.values()), default=str)
    for secret in ("Ada", "school.example", digest("a"), digest(f"{school.context.deployment.registration_id}:a")):
        assert secret not in everything


def test_nrps_04_nobody_tries_ids_out_without_the_secret(settings: Any) -> None:
    found = []
    for secrets in (["first"], ["second"], ["second", "first"]):
        settings.LTI_1P3_PROVIDER_KEY_SECRETS = secrets
        found.append(names(1, "a"))
    assert found[0] != found[1]
    assert found[2] == (*found[1], *found[0])


def test_whoever_a_whole_list_lacks_has_left_and_may_come_back(school: School) -> None:
    school.sync("a", "b", {"user_id": "c", "status": "inactive", "roles": []})
    school.sync("a")
    assert school.kept() == {"a": "Active", "b": "Deleted", "c": "Deleted"}
    school.sync("a", "b")
    assert school.kept() == {"a": "Active", "b": "Active", "c": "Deleted"}


@pytest.mark.parametrize(
    "gap", [(), ("d", 7.5), ("d", {"roles": ["Learner"]}), ("d", {"user_id": "$User.id"})], ids=str
)
def test_nrps_03_a_list_with_gaps_removes_nobody(school: School, gap: tuple[object, ...]) -> None:
    school.sync("a", "b")
    school.sync(*gap)
    assert school.kept() == {"a": "Active", "b": "Active", **({"d": "Active"} if gap else {})}
    assert not Roster.objects.get().complete


def test_nrps_02_a_platform_without_pages_may_have_a_large_course(school: School) -> None:
    """6,000 people with their names and addresses: 2.5 MB on one page."""
    named = {"roles": ["Learner"], "name": "N" * 150, "email": "e" * 60 + "@school.example", "picture": "p" * 100}
    assert len(school.sync(*({"user_id": f"u-{number}", **named} for number in range(6000)))) == 6000
    assert Roster.objects.get().complete
    with pytest.raises(AnswerUnreadable, match="larger than 4194304 bytes"):
        school.sync(*({"user_id": f"u-{number}", **named} for number in range(12_000)))
    assert Member.objects.filter(status="Active").count() == 6000


def test_a_read_that_fails_half_way_changes_nothing(school: School) -> None:
    school.sync("a", "b")
    for second in (
        page(status=500),
        page(status=403),
        Said(b"{"),
        Said(b"", 302, {"Location": "https://elsewhere.example"}),
    ):
        url = school.says(page("d"))
        school.says(page("d", Link=f'<{url}?page=2>; rel="next"'), second)
        with pytest.raises(LtiError):
            sync(school.context)
        assert school.kept() == {"a": "Active", "b": "Active"}
        assert Roster.objects.get().failure
    school.sync("a")
    assert Roster.objects.get().failure == ""


def busy(number: int = 1213) -> OperationalError:
    return OperationalError(number, "what was to be stored")


@pytest.mark.parametrize("table", [Roster, Member])
def test_a_list_that_another_one_comes_before_is_stored_with_the_next_try(school: School, table: type[Model]) -> None:
    school.sync("a", "b")
    with database_fails(busy(), f'UPDATE "{table._meta.db_table}"', times=2) as failed:
        school.sync("a", "c")
    assert len(failed) == 2
    assert school.kept() == {"a": "Active", "b": "Deleted", "c": "Active"}


def test_a_list_that_the_database_refuses_in_another_way_is_tried_once(school: School) -> None:
    school.sync("a", "b")
    with (
        database_fails(busy(1366), f'UPDATE "{Member._meta.db_table}"') as failed,
        pytest.raises(OperationalError),
    ):
        school.sync("a", "c")
    assert len(failed) == 1
    assert school.kept() == {"a": "Active", "b": "Active"}


def test_two_courses_that_link_here_keep_their_own_people(school: School) -> None:
    """One course's refresh never removes the other's people."""
    first = school.context
    other = Context.objects.create(deployment=first.deployment, context_id="2", context_digest=digest("2"))
    Member.objects.create(
        context=other, subject_digest="0" * 64, status="Active", first_seen=timezone.now(), last_seen=timezone.now()
    )
    school.sync("a")
    school.sync("b")
    assert Member.objects.get(context=other).status == "Active"
    assert school.kept() == {"a": "Deleted", "b": "Active"}


def test_a_read_that_began_earlier_does_not_undo_a_later_one(school: School) -> None:
    now = timezone.now()
    school.sync("a", "b", now=now)
    school.sync("c", now=now - timedelta(seconds=5))
    assert school.kept() == {"a": "Active", "b": "Active"}


def test_an_older_failure_hides_no_newer_success_and_no_older_success_a_newer_failure(school: School) -> None:
    now = timezone.now()
    school.sync("a", now=now)
    school.says(page(status=500))
    with pytest.raises(LtiError):
        sync(school.context, now - timedelta(seconds=5))
    roster = Roster.objects.get()
    assert (roster.failure, roster.tried_at, roster.asked_at) == ("", now, now)
    with pytest.raises(LtiError):
        sync(school.context, now + timedelta(seconds=9))
    school.sync("a", "b", now=now + timedelta(seconds=5))
    roster = Roster.objects.get()
    assert school.kept() == {"a": "Active", "b": "Active"}
    assert roster.failure == "service_refused"
    assert (roster.tried_at, roster.asked_at) == (now + timedelta(seconds=9), now + timedelta(seconds=5))


@pytest.mark.parametrize("wrong", [timedelta(minutes=11), timedelta(days=300), timedelta(days=90_000)])
def test_a_clock_that_was_wrong_once_holds_back_no_later_read(school: School, wrong: timedelta) -> None:
    school.sync("a", now=timezone.now() + wrong)
    school.sync("a", "b")
    assert school.kept() == {"a": "Active", "b": "Active"}
    assert Roster.objects.get().asked_at < timezone.now()
    Roster.objects.update(tried_at=timezone.now() + wrong)
    school.says(page(status=403))
    with pytest.raises(LtiError):
        sync(school.context)
    assert Roster.objects.get().failure == "service_refused"
    Roster.objects.update(tried_at=timezone.now() + wrong)
    school.sync("a", "b")
    assert Roster.objects.get().failure == ""


def gone() -> None:
    PlatformUser.objects.all().delete()


def test_somebody_who_is_forgotten_while_the_list_is_read_has_no_account_in_it(school: School) -> None:
    with after_a_look(Roster, gone, at=2):  # the one that locks it
        listed = school.sync("a", LEARNER)
    assert [one.platform_user_pk for one in listed] == [None, None]
    assert not Member.objects.exclude(platform_user=None).exists()
    database.check_constraints()


def test_a_course_that_is_deleted_while_its_list_is_read_keeps_nothing(school: School) -> None:
    school.sync("a")
    with after_a_look(Roster, Context.objects.all().delete, at=1):  # before the one that locks it
        assert len(school.sync("a", "b")) == 2
    assert not Member.objects.exists()


@pytest.mark.parametrize("statement", ["INSERT INTO", "UPDATE"])
def test_somebody_who_is_forgotten_while_the_list_is_written_does_not_undo_it(school: School, statement: str) -> None:
    if statement == "UPDATE":
        school.sync("a", LEARNER)
        Member.objects.update(platform_user=None)
    where = f'{statement} "{Member._meta.db_table}"'
    with database_fails(IntegrityError("a foreign key"), where) as failed, after_a_look(Roster, gone, at=3):
        listed = school.sync("a", LEARNER)
    assert len(failed) == 1
    assert [one.platform_user_pk for one in listed] == [None, None]
    assert school.kept() == {"a": "Active", LEARNER: "Active"}
    database.check_constraints()


def test_what_cannot_be_written_twice_is_said(school: School) -> None:
    where = f'INSERT INTO "{Member._meta.db_table}"'
    with database_fails(IntegrityError("a foreign key"), where, times=9) as failed, pytest.raises(IntegrityError):
        school.sync("a")
    assert len(failed) == 2


def test_a_test_user_is_nobody(school: School) -> None:
    role = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    school.sync("a", {"user_id": "b", "roles": ["Learner", role]})
    assert school.kept() == {"a": "Active"}


@pytest.mark.parametrize("off", ["registration", "deployment"])
def test_nobody_asks_where_launches_are_switched_off(school: School, off: str) -> None:
    school.says(page("a"))
    if off == "deployment":
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    else:
        Registration.objects.update(enabled=False)
    before = len(school.server.asked)
    with pytest.raises(LtiError):
        sync(contexts(school.connection.registration)[0])
    assert len(school.server.asked) == before


def test_an_address_elsewhere_gets_no_request(school: School) -> None:
    Context.objects.update(memberships_url="https://elsewhere.example/members")
    with pytest.raises(AddressForbidden):
        sync(contexts(school.connection.registration)[0])


def test_it_costs_a_few_queries_for_hundreds_of_people(school: School) -> None:
    subs = [f"s{number}" for number in range(1000)]
    school.says(page(*subs), page(*subs))
    for _ in range(2):
        with CaptureQueriesContext(database) as asked:
            sync(school.context)
        assert len(asked) < 25
    assert Member.objects.count() == 1000


# --- another secret ---------------------------------------------------------------------------------------------------

SECRETS = "LTI_1P3_PROVIDER_KEY_SECRETS"


def test_nobody_leaves_because_the_secret_is_replaced(school: School, settings: Any) -> None:
    setattr(settings, SECRETS, ["old"])
    began = timezone.now()
    school.sync("a", "b", LEARNER, now=began - timedelta(days=2))
    setattr(settings, SECRETS, ["new", "old"])
    school.sync("a", LEARNER, now=began)
    assert sorted(Member.objects.values_list("status", flat=True)) == ["Active", "Active", "Deleted"]
    assert set(Member.objects.values_list("first_seen", flat=True)) == {began - timedelta(days=2)}
    setattr(settings, SECRETS, ["new"])  # whoever was listed has the new name by now
    school.sync("a", LEARNER)
    assert Member.objects.count() == 3
    assert school.kept_of("a", LEARNER) == {"a": "Active", LEARNER: "Active"}


def test_one_person_with_both_names_is_found_by_the_newer(school: School, settings: Any) -> None:
    for secret in ("old", "new"):
        setattr(settings, SECRETS, [secret])
        school.sync("a")
    setattr(settings, SECRETS, ["new", "old"])
    school.sync("a")
    assert sorted(Member.objects.values_list("status", flat=True)) == ["Active", "Deleted"]
    assert school.kept_of("a") == {"a": "Active"}


def test_who_launched_since_is_found_by_an_older_name(school: School, settings: Any) -> None:
    setattr(settings, SECRETS, ["old"])
    school.sync("a", OTHER_LEARNER)
    setattr(settings, SECRETS, ["new", "old"])
    school.connection.enter(school.connection.link(PROBLEM), OTHER_LEARNER)
    found, _ = stored(school.context)
    assert {one.sub for one in found if one.launched} == {OTHER_LEARNER}


# --- how it ends ------------------------------------------------------------------------------------------------------


def test_whom_nobody_lists_any_more_is_dropped_by_the_clean_up(school: School, settings: Any) -> None:
    settings.LTI_1P3_PROVIDER_ROSTER_DAYS = 10
    now = timezone.now()
    school.sync("a", "b", now=now - timedelta(days=11))
    school.sync("a", now=now - timedelta(days=9))
    assert clean_up()["old_members_dropped"] == 1
    assert school.kept() == {"a": "Active"}


def test_forgetting_takes_rows_of_people_who_came_and_who_never_did(school: School, settings: Any) -> None:
    school.sync("a", "b", LEARNER)
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = ["new", settings.SECRET_KEY]
    connection = school.connection
    for sub in ("a", LEARNER):
        person = by_sub(connection.registration.issuer, connection.client_id, sub)
        assert len(export(person)["people"][0]["rosters"]) == 1
        assert foresee(person).rosters == 1
        forget(person)
        assert export(person)["people"][0]["rosters"] == []
    assert Member.objects.count() == 1


def test_retirement_takes_the_row(school: School) -> None:
    school.sync("a", LEARNER)
    retire(PlatformUser.objects.get().user)
    assert school.kept() == {"a": "Active"}


def test_a_deleted_registration_leaves_nothing(school: School) -> None:
    school.sync("a", LEARNER)
    school.connection.registration.delete()
    assert not Member.objects.exists()
    assert not Roster.objects.exists()


# --- the command ------------------------------------------------------------------------------------------------------


def run(verb: str, connection: Connection, *more: str) -> tuple[dict[str, Any], int]:
    out, code = StringIO(), 0
    names = ["--issuer", connection.registration.issuer, "--client-id", connection.client_id]
    try:
        call_command("lti_1p3_roster", verb, *names, "--json", *more, stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return json.loads(out.getvalue()), code


def test_the_command_reads_the_platforms_own_list(connection: Connection) -> None:
    for name, roles in (("u-roster-2", ("Learner",)), ("u-roster-test", ("Learner", TEST_USER))):
        if not connection.platform.store.person(name):
            connection.person(name, roles=roles)
    connection.enter(connection.link(PROBLEM))
    user = PlatformUser.objects.get().user
    host.current().content.enrol(user, CourseKey.from_string(COURSE), "audit")
    said, code = run("sync", connection)
    assert (code, said["complete"], said["troubles"]) == (0, True, [])
    members = {one["sub"]: one for one in said["members"]}
    assert set(members) >= {LEARNER, "u-roster-2"}
    assert set(members[LEARNER]) == {"sub", "roles", "status", "launched", "enrolled"}
    assert members[LEARNER] == {
        "sub": LEARNER, "roles": ["Learner"], "status": "Active", "launched": True, "enrolled": True
    }  # fmt: skip
    assert (members["u-roster-2"]["launched"], members["u-roster-2"]["enrolled"]) == (False, False)
    shown, code = run("show", connection, "--context", Context.objects.get().context_id)
    people = [one for one in connection.platform.store.people() if not any("TestUser" in role for role in one.roles)]
    assert (code, shown["complete"], len(shown["members"])) == (0, True, len(people))  # other tests' people, too
    assert {one["sub"] for one in shown["members"]} == {LEARNER, None}


def test_who_launched_since_is_shown_as_launched(connection: Connection) -> None:
    connection.enter(connection.link(PROBLEM))
    run("sync", connection)
    connection.enter(connection.link(PROBLEM), OTHER_LEARNER)
    shown, _ = run("show", connection)
    assert {one["sub"] for one in shown["members"] if one["launched"]} == {LEARNER, OTHER_LEARNER}


def test_the_commands_exit_codes(connection: Connection, school: School) -> None:
    shown, code = run("show", connection)
    assert (shown["members"], shown["complete"], code) == ([], False, 3)
    school.says(page(status=403))
    said, code = run("sync", connection)
    assert (said["members"], said["complete"], code) == ([], False, 3)
    assert said["troubles"][0]["code"] == "service_refused"
    Context.objects.update(memberships_url="")
    assert run("sync", connection)[0]["troubles"][0]["code"] == "roster_not_offered"
    for wrong in (["--context", "nowhere"], ["--issuer", "https://nobody.example"]):
        with pytest.raises(CommandError) as refused:
            run("sync", connection, *wrong)
        assert refused.value.returncode == 2


def test_the_command_says_why_a_list_is_not_complete(connection: Connection, school: School) -> None:
    def why(verb: str) -> list[tuple[str, str]]:
        said, code = run(verb, connection)
        assert (said["complete"], code) == (False, 3)
        return [(one["code"], one["detail"].partition(".")[0]) for one in said["troubles"]]

    assert why("show") == [("not_asked", "sync asks the platform")]
    school.says(page(status=403))
    why("sync")
    assert why("show") == [("service_refused", "The platform does not let this site read the list")]
    for page_of, said in ((page("a", {"name": "?"}), "1 entry names nobody"), (page(), "the list is empty")):
        school.says(page_of)
        assert why("sync") == [("gaps", said)]
        assert why("show") == [("gaps", "The list had entries that name nobody, or was empty")]
    school.says(Said(b"<html>", 200))
    why("sync")
    (shown,) = run("show", connection)[0]["troubles"]
    assert shown["code"] == "answer_unreadable"
    assert f"What is stored is of {Roster.objects.get().asked_at:%Y-%m-%dT%H:%M}" in shown["detail"]


def test_what_the_database_refuses_costs_the_command_one_course(connection: Connection, school: School) -> None:
    first = school.context
    other = Context.objects.create(
        deployment=first.deployment, context_id="2", context_digest=digest("2"), memberships_url=first.memberships_url
    )
    school.says(page("a"), page("b"))
    with database_fails(busy(1366), f'INSERT INTO "{Member._meta.db_table}"'):
        said, code = run("sync", connection)
    assert (code, said["complete"], [one["sub"] for one in said["members"]]) == (3, False, ["b"])
    (trouble,) = said["troubles"]
    assert (trouble["code"], trouble["detail"]) == ("database_refused", "OperationalError 1366")
    assert trouble["context"] == first.context_id
    assert Member.objects.get().context == other


def test_a_platforms_course_is_found_by_its_exact_id(school: School) -> None:
    deployment = school.context.deployment
    for name in ("Ab", "aB", "Ä", "x" * 3000):
        Context.objects.create(deployment=deployment, context_id=name, context_digest=digest(name))
    for name in ("Ab", "aB", "Ä", "x" * 3000):
        assert [one.context_id for one in contexts(deployment.registration, name)] == [name]
    for nowhere in ("AB", "ä", "x" * 2999, "", "\0", "\udc00"):
        assert contexts(deployment.registration, nowhere) == []


# --- the page ---------------------------------------------------------------------------------------------------------


def place(connection: Connection, course: str = COURSE) -> str:
    return f"{connection.lms}/lti/1p3/roster/{course}/"


def figures(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"<li><b>(\d+)</b>", text)]


def press(browser: Browser, connection: Connection) -> requests.Response:
    form = forms(browser.get(place(connection), timeout=5))[-1]
    context = Context.objects.get(pk=contexts(connection.registration)[0].pk)
    return browser.post(form.action, data={**form.fields, "context": context.pk}, timeout=10)


def test_the_page_is_for_the_courses_team_only(connection: Connection) -> None:
    learner = Browser()
    connection.launch(connection.link(PROBLEM), browser=learner)
    other = signed_in(connection, somebody("other", OTHER_COURSE))
    given = somebody("given")
    host.current().course_roles.give(given, CourseKey.from_string(COURSE), RoleName.STAFF)
    CourseRole.objects.create(
        user=given, course_key=COURSE, course_digest=digest(COURSE), role="staff", because="instructor_role",
        deployment=Deployment.objects.get(),
    )  # fmt: skip
    for visitor in (learner, other, signed_in(connection, given)):
        assert visitor.get(place(connection), timeout=5).status_code == 403
        assert visitor.post(place(connection), timeout=5).status_code == 403
    assert Browser().get(place(connection), allow_redirects=False, timeout=5).status_code == 302
    got = signed_in(connection, somebody("teacher", COURSE)).get(place(connection), timeout=5)
    assert got.status_code == 200
    assert got.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_the_page_counts_who_came_and_who_did_not(connection: Connection, school: School) -> None:
    team = signed_in(connection, somebody("teacher", COURSE))
    assert "not been asked yet" in team.get(place(connection), timeout=5).text
    school.sync("a", "b", "c", LEARNER)
    school.sync("a", "b", LEARNER)
    text = team.get(place(connection), timeout=5).text
    assert figures(text) == [3, 1, 0, 2, 1]
    assert "had gaps" not in text
    school.sync()
    assert "had gaps" in team.get(place(connection), timeout=5).text
    Context.objects.update(memberships_url="")
    assert "No launch said where" in team.get(place(connection), timeout=5).text


def test_a_score_counts_in_the_course_that_it_is_in(connection: Connection, web_server: WebServer) -> None:
    launched(connection)
    earn(3)
    make_due()
    deliver_due()
    run("sync", connection)
    text = signed_in(connection, somebody("teacher", COURSE)).get(place(connection), timeout=5).text
    assert figures(text)[1:3] == [1, 1]


def test_a_score_in_another_course_that_the_platforms_course_links_to_counts_there(connection: Connection) -> None:
    launched(connection)
    earn(3)
    make_due()
    deliver_due()
    first = ResourceLink.objects.get()
    ResourceLink.objects.create(
        deployment=first.deployment,
        context=first.context,
        link_id="2",
        link_digest=digest("2"),
        course_key=OTHER_COURSE,
    )
    run("sync", connection)
    for course, numbers in ((COURSE, [1, 1]), (OTHER_COURSE, [1, 0])):
        text = signed_in(connection, somebody(f"t-{course[-1]}", course)).get(place(connection, course), timeout=5).text
        assert figures(text)[1:3] == numbers
        assert "came to this site from this platform" in text


def test_a_worker_asks_once_in_a_while(
    connection: Connection, school: School, no_worker: Mapping[str, list[tuple[Any, ...]]]
) -> None:
    team = signed_in(connection, somebody("teacher", COURSE))
    assert "is being asked" in press(team, connection).text
    assert "a moment ago" in press(team, connection).text
    assert no_worker["lti_1p3_provider.read_roster"] == [(school.context.pk,)]


def test_the_task_keeps_the_list_or_says_why_not(connection: Connection, school: School) -> None:
    school.says(page("a"))
    refresh.read(school.context.pk)
    assert school.kept() == {"a": "Active"}
    school.says(page(status=403))
    refresh.read(school.context.pk)
    team = signed_in(connection, somebody("teacher", COURSE))
    text = team.get(place(connection), timeout=5).text
    assert "service_refused" in text
    assert "what is shown is older. The platform does not let this site read the list. Its administrator can" in text
    refresh.read(0)


def test_the_page_says_why_a_list_could_not_be_read_and_who_can_do_what(connection: Connection, school: School) -> None:
    team = signed_in(connection, somebody("teacher", COURSE))
    assert "The platform has not been asked yet" in team.get(place(connection), timeout=5).text
    for code, sentence in (
        ("platform_unreachable", "The platform does not answer: ask again later."),
        ("address_forbidden", "is on a host that this site does not know as the platform&#x27;s"),
        ("registration_disabled", "The registration or the deployment is switched off here"),
        ("of_another_version", "Something is wrong on this site: tell its administrator."),
    ):
        Roster.objects.update_or_create(context=school.context, defaults={"failure": code})
        text = team.get(place(connection), timeout=5).text
        assert "The last try failed." in text
        assert sentence in text
        assert "has not been asked yet" not in text
        assert "is older" not in text


@pytest.mark.parametrize("error", [RosterNotOffered, AccessTokenRefused, AnswerUnreadable, DeploymentDisabled])
def test_what_a_platform_or_an_operator_can_mend_is_no_fault_of_the_site(error: type[LtiError]) -> None:
    assert failed(error.code) not in ("", failed("no_active_key"))


def test_a_course_that_does_not_link_here_is_not_asked_about(
    connection: Connection, school: School, no_worker: Mapping[str, list[tuple[Any, ...]]]
) -> None:
    today = connection.link(usage("vertical", "today", OTHER_COURSE), course=OTHER_COURSE)
    other = {f"{LTI}context": {"id": "another"}}
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **other})
    connection.enter(today, OTHER_LEARNER)
    team = signed_in(connection, somebody("other", OTHER_COURSE))
    form = forms(team.get(place(connection, OTHER_COURSE), timeout=5))[-1]
    for named in (str(school.context.pk), "9" * 30, "x", ""):
        answer = team.post(
            place(connection, OTHER_COURSE), data={**form.fields, "context": named}, timeout=5, allow_redirects=False
        )
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/lti/1p3/roster/{OTHER_COURSE}/")
    assert not no_worker["lti_1p3_provider.read_roster"]

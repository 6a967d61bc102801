"""MIG-02: people of LTI 1.1 keep their accounts, if a registration says how they are recognized; over real HTTP."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from demo.browser import Browser
from demo.lms import grades
from demo.lms.models import LtiConsumer, LtiUser, Profile
from demo.lms.people import TEAM
from demo.lms.retirement import retire
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.lti1p1 import CLAIM
from lti_1p3_provider.people.find import of_rows
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.people.unlink import unlink
from lti_1p3_provider.registrations.legacy_way import SAME_IDS, SIGNED, STATED
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.users.models import LegacyMatch, PlatformUser
from lti_1p3_provider.users.sign_in import make_ahead
from tests.cases import every
from tests.connection import COURSE, PROBLEM, WELCOME, Connection, answer
from tests.reading_rows import queries_of_a_launch
from tests.scoring import COURSE as STRUCTURE
from tests.scoring import block, given, make_due

KEY, SECRET = "riverside", "s3cret-of-riverside"
M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
S = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
numbers = itertools.count(1)
WAYS = (SIGNED, STATED, SAME_IDS)
each_way = pytest.mark.parametrize("way", WAYS)


def consumer(key: str = KEY, secret: str = SECRET) -> LtiConsumer:
    return LtiConsumer.objects.get_or_create(
        consumer_key=key, defaults={"consumer_name": f"The {key}", "consumer_secret": secret}
    )[0]


def old_person(lti_user_id: str, of: LtiConsumer | None = None, **values: Any) -> AbstractUser:
    user = get_user_model().objects.create_user(f"old{next(numbers)}", password="x", **values)
    Profile.objects.create(user=user)
    LtiUser.objects.create(lti_consumer=of or consumer(), lti_user_id=lti_user_id, edx_user=user)
    return user


def accept(connection: Connection, way: str, **values: Any) -> None:
    until = timezone.now().date() + timedelta(days=30)
    said = {"legacy_way": way, "legacy_consumer_key": KEY, "legacy_until": until, **values}
    Registration.objects.filter(pk=connection.registration.pk).update(**said)


def with_key(connection: Connection, key: str = KEY, secret: str = SECRET) -> None:
    """Let the platform say and sign who people were."""
    connection.platform.add_tool(replace(connection.platform.store.tool(connection.client_id), lti1p1=(key, secret)))


def somebody(connection: Connection, **values: Any) -> str:
    sub = f"lti11-{next(numbers)}"
    connection.person(sub, **values)
    return sub


def launch(connection: Connection, sub: str, link: Any = None, **claim: Any) -> PlatformUser:
    if claim:
        said = claim["claim"]
        connection.platform.tamper_next_launch(claims=lambda claims: {**claims, CLAIM: said})
    connection.enter(link or connection.link(WELCOME), sub)
    people = PlatformUser.objects.select_related("user")
    return people.get(sub_digest=digest(sub), registration=connection.registration)


def outcome(person: PlatformUser) -> str | None:
    return LegacyMatch.objects.filter(platform_user=person).values_list("outcome", flat=True).first()


@each_way
def test_mig_02_somebody_keeps_the_account(connection, way):
    with_key(connection)
    accept(connection, way)
    sub = somebody(connection)
    old = old_person(sub)  # the claim leaves the id out: it is equal
    for _ in range(2):
        assert launch(connection, sub).user == old
    (match,) = LegacyMatch.objects.all()
    assert (match.outcome, match.account, match.consumer_key) == ("adopted", old, KEY)
    (noted,) = Change.objects.filter(kind="LTI 1.1 account")
    assert (noted.way, noted.action, noted.name, noted.actor) == ("launch", "created", KEY, None)
    assert noted.after == {"account": old.pk, "way": way, "deployment": "1"}


@pytest.mark.parametrize("way", [SIGNED, STATED])
def test_mig_02_the_platform_names_another_id(connection, way):
    with_key(connection)
    accept(connection, way)
    sub = somebody(connection, lti1p1_id="4711")
    old = old_person("4711")
    old_person(sub)
    assert launch(connection, sub).user == old


@pytest.mark.parametrize("is_known", [True, False])
def test_mig_02_an_account_that_a_roster_made_gives_way_to_theirs_only(connection, is_known):
    accept(connection, SAME_IDS)
    sub = somebody(connection)
    made = make_ahead(connection.registration.deployments.get(), sub).user
    old = old_person(sub if is_known else "another")
    due = old if is_known else made
    assert launch(connection, sub).user == due
    made.refresh_from_db()
    assert made.is_active is not is_known


def test_mig_02_off_unless_the_registration_says_so(connection):
    with_key(connection)
    sub = somebody(connection)
    old = old_person(sub)
    assert launch(connection, sub).user != old
    assert not LegacyMatch.objects.exists()


@each_way
def test_mig_02_a_last_day_ends_it(connection, way):
    with_key(connection)
    accept(connection, way, legacy_until=timezone.now().date() - timedelta(days=1))
    sub = somebody(connection)
    old = old_person(sub)
    assert launch(connection, sub).user != old


@each_way
def test_the_last_day_counts(connection, way):
    with_key(connection)
    accept(connection, way, legacy_until=timezone.now().date())
    sub = somebody(connection)
    old = old_person(sub)
    assert launch(connection, sub).user == old


def test_mig_01_a_signature_with_another_secret_is_no_proof_and_is_reported(connection):
    with_key(connection, secret="something else")
    accept(connection, SIGNED)
    sub = somebody(connection)
    old = old_person(sub)
    person = launch(connection, sub)
    assert person.user != old
    assert outcome(person) == "unproved"
    assert not Change.objects.filter(kind="LTI 1.1 account").exists()


@every(
    "claim",
    [None, {}, [], {"user_id": "4711"}, {"oauth_consumer_key": KEY}, {"oauth_consumer_key": KEY, "user_id": 4711}],
)
def test_mig_01_a_claim_without_a_signature_is_no_proof(connection, claim):
    get_user_model().objects.all().delete()
    accept(connection, SIGNED)
    sub = somebody(connection)
    old = {old_person(sub), old_person("4711")}
    assert launch(connection, sub, claim=claim).user not in old


def test_mig_01_a_signature_of_another_launch_is_no_proof(connection):
    with_key(connection)
    accept(connection, SIGNED)
    seen: list[Any] = []
    thief, victim = somebody(connection), somebody(connection)
    old = old_person(victim)
    connection.platform.tamper_next_launch(claims=lambda claims: seen.append(claims[CLAIM]))
    connection.launch(connection.link(WELCOME), thief)
    person = launch(connection, somebody(connection), claim={**seen[0], "user_id": victim})
    assert person.user != old


def test_consumers_with_equal_ids_are_told_apart_by_their_keys(connection):
    with_key(connection)
    accept(connection, SIGNED, legacy_consumer_key="")
    sub = somebody(connection, lti1p1_id="7")
    other = old_person("7", consumer("lakeside", "s3cret-of-lakeside"))
    old = old_person("7")
    assert launch(connection, sub).user == old
    assert other != old


@pytest.mark.parametrize("way", [SIGNED, STATED])
def test_only_the_key_that_the_registration_names(connection, way):
    consumer("lakeside", "s3cret-of-lakeside")
    with_key(connection, "lakeside", "s3cret-of-lakeside")
    accept(connection, way)
    sub = somebody(connection)
    old = {old_person(sub), old_person(sub, consumer("lakeside"))}
    assert launch(connection, sub).user not in old


@every("key, sub_of_old", [("RIVERSIDE", "{}"), (KEY, "{} "), (KEY, "X{}")])
def test_keys_and_ids_are_compared_byte_by_byte(connection, key, sub_of_old):
    accept(connection, SAME_IDS, legacy_consumer_key=key)
    sub = somebody(connection)
    old = old_person(sub_of_old.format(sub))
    assert launch(connection, sub).user != old


@every(
    "stored, others",
    [
        ("Abc-{}", ("abc-{}", "ABC-{}", "Abc-{} ", " Abc-{}")),
        ("Ångström-{}", ("Angstrom-{}", "A\u030angstro\u0308m-{}")),
        ("Straße-{}", ("Strasse-{}",)),
        ("\U0001f389-{}", ("\U0001f600-{}", "-{}", "?-{}", "\ufffd-{}")),
    ],
)
def test_ids_that_a_database_takes_for_the_same_are_two_people(connection, stored, others):
    """``tests/faults/test_databases.py`` tries it on databases whose collations do."""
    accept(connection, SAME_IDS)
    number = next(numbers)
    old = old_person(stored.format(number))

    def comes(known_as: str) -> PlatformUser:
        connection.person(known_as)
        return launch(connection, known_as)

    for other in others:
        assert comes(other.format(number)).user != old
    person = comes(stored.format(number))
    assert person.user == old
    assert outcome(person) == "adopted"


@each_way
@every(
    "roles",
    [
        [f"{M}Instructor"],
        [f"{M}Learner", f"{M}Instructor"],
        [f"{M}Learner", f"{S}Instructor#TeachingAssistant"],
        [f"{M}Mentor"],
        [f"{M}Learner", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"],
        [f"{M}Learner", TEST_USER],
        [],
    ],
)
def test_mig_02_learners_only(connection, way, roles):
    with_key(connection)
    accept(connection, way)
    sub = somebody(connection, roles=roles)
    old = old_person(sub)
    assert launch(connection, sub).user != old
    assert not LegacyMatch.objects.exists()


def staff(user: AbstractUser) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)


def superuser(user: AbstractUser) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_superuser=True)


def course_staff(user: AbstractUser) -> None:
    user.groups.add(Group.objects.get_or_create(name=TEAM.format(COURSE))[0])


def off(user: AbstractUser) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


@each_way
@every("become, said", [(staff, "staff"), (superuser, "staff"), (course_staff, "staff"), (off, "inactive")])
def test_mig_02_no_account_of_staff_and_none_that_is_off(connection, way, become, said):
    with_key(connection)
    accept(connection, way)
    sub = somebody(connection)
    old = old_person(sub)
    become(old)
    person = launch(connection, sub)
    assert person.user != old
    assert outcome(person) == said


@each_way
def test_mig_02_whoever_launched_before_is_not_merged_but_reported(connection, way):
    with_key(connection)
    sub = somebody(connection)
    before, old = launch(connection, sub).user, old_person(sub)
    accept(connection, way)
    for _ in range(2):
        person = launch(connection, sub)
        assert person.user == before != old
    assert outcome(person) == "has_account"
    assert LegacyMatch.objects.get().account == old


def test_mig_02_two_people_who_are_said_to_be_the_same_one(connection):
    with_key(connection)
    accept(connection, SIGNED)
    old = old_person("4711")
    first, second = (launch(connection, somebody(connection, lti1p1_id="4711")) for _ in range(2))
    assert first.user == old != second.user
    assert (outcome(first), outcome(second)) == ("adopted", "taken")


def test_an_account_of_another_platforms_person_is_taken(connection, connect):
    accept(connection, SAME_IDS)
    other = connect()
    accept(other, SAME_IDS)
    sub = somebody(connection)
    old = old_person(sub)
    assert launch(connection, sub).user == old
    person = launch(other, sub)
    assert person.user != old
    assert outcome(person) == "taken"


def test_first_launches_at_once_make_one_binding(connection):
    accept(connection, SAME_IDS)
    sub, link, barrier = somebody(connection), connection.link(WELCOME), Barrier(2)
    old = old_person(sub)

    def one(_: int) -> int:
        browser = Browser()
        barrier.wait(10)
        return connection.launch(link, sub, browser).status_code

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(one, range(2))) == [200, 200]
    assert PlatformUser.objects.get(sub=sub).user == old
    assert outcome(PlatformUser.objects.get(sub=sub)) == "adopted"


def test_an_account_that_is_taken_over_stays_its_owners(connection):
    accept(connection, SAME_IDS)
    sub = somebody(connection)
    old = old_person(sub, email="old@own.example")
    old.set_unusable_password()  # as single sign-on has it
    old.save()
    launch(connection, sub)
    Registration.objects.update(trust_emails=True)
    said = {"name": "Mallory", "email": "mallory@evil.example"}
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, **said})
    assert connection.launch(connection.link(WELCOME), sub).status_code == 200
    old.refresh_from_db()
    assert (old.email, Profile.objects.get(user=old).name) == ("old@own.example", "")
    (person,) = of_rows(PlatformUser.objects.select_related("registration", "user"))
    with pytest.raises(LookupError, match="bring it back"):
        unlink(person, Author(None, Change.Way.COMMAND))
    forgotten = forget([person])
    assert (forgotten.accounts_erased, forgotten.accounts_left) == (0, 1)


def reads(connection: Connection, link: Any, sub: str) -> list[str]:
    found = queries_of_a_launch(connection, link, sub)
    return [sql for sql in found if "lti_provider_" in sql or "legacymatch" in sql]


@each_way
def test_a_returning_launch_asks_nothing_of_lti_1p1(connection, way):
    with_key(connection)
    accept(connection, way)
    link = connection.link(PROBLEM, graded=True)
    for sub in (somebody(connection), somebody(connection)):
        launch(connection, sub, link)
        assert PlatformUser.objects.get(sub=sub).legacy_digest
        assert reads(connection, link, sub) == []
        old_person(sub)


def test_they_find_their_work_and_the_new_column_gets_the_score(connection):
    accept(connection, SAME_IDS)
    sub = somebody(connection)
    old = old_person(sub)
    grades.record(old, STRUCTURE, block(PROBLEM), 2, 4)
    old_address = f"{connection.lms}/lti_provider/courses/{COURSE}/{PROBLEM}"
    link, browser = connection.link(PROBLEM, graded=True, target_link_uri=old_address), Browser()
    page = connection.launch(link, sub, browser)
    assert page.status_code == 200
    assert PlatformUser.objects.get(sub=sub).user == old
    assert answer(browser, page).status_code == 200
    make_due()
    deliver_due()
    earned, possible = given(connection, link, sub)
    assert earned == possible


@every("way", [STATED, SAME_IDS])
@every("missing", ["legacy_consumer_key", "legacy_until"])
def test_what_cannot_be_verified_needs_a_key_and_a_last_day(connection, way, missing):
    row = connection.registration
    row.legacy_way, row.legacy_consumer_key, row.legacy_until = way, KEY, date(2030, 1, 1)
    row.clean()
    setattr(row, missing, None if missing == "legacy_until" else "")
    with pytest.raises(ValidationError) as said:
        row.clean()
    assert list(said.value.message_dict) == [missing]


def test_the_gate_holds_for_old_addresses(connection):
    connection.gate(allowed_courses=["course-v1:OtherX+SOON+2099"])
    address = f"{connection.lms}/lti_provider/courses/{COURSE}/{PROBLEM}"
    page = connection.launch(connection.link(PROBLEM, target_link_uri=address), somebody(connection))
    assert page.status_code == 403


def report(*arguments: str) -> str:
    out = StringIO()
    call_command("lti_1p3_legacy", "report", *arguments, stdout=out)
    return out.getvalue()


def test_the_report_says_what_there_is_and_what_became_of_it(connection):
    consumer("lakeside", "s3cret-of-lakeside")
    accept(connection, SAME_IDS)
    kept, had = somebody(connection), somebody(connection)
    accept(connection, "")
    before = launch(connection, had).user
    accept(connection, SAME_IDS)
    old, other, boss = old_person(kept), old_person(had), old_person("boss", is_staff=True)
    off(old_person("gone"))
    retire(old_person("retired"))
    assert boss.is_staff
    launch(connection, kept)
    launch(connection, had)
    found = json.loads(report("--json"))
    lakeside, riverside = found["platforms"]
    assert lakeside == {"key": "lakeside", "name": "The lakeside", "people": 0, "accounts": {}}
    each = {"free": 1, "inactive": 1, "retired": 1, "staff": 1, "taken": 1}
    assert (riverside["people"], riverside["accounts"]) == (5, each)
    assert "1 the account of LTI 1.1 is being retired by the LMS" in report()
    (of,) = found["registrations"]
    assert (of["client_id"], of["way"], of["consumer_key"]) == (connection.client_id, SAME_IDS, KEY)
    assert of["outcomes"] == {"adopted": 1, "has_account": 1}
    assert of["not_adopted"] == [{"outcome": "has_account", "account": before.pk, "lti_1p1_account": other.pk}]
    assert of["doubts"] == []
    assert PlatformUser.objects.get(sub=kept).user == old
    assert "The lakeside (key lakeside), people: 0" in report()
    for secret in (SECRET, "s3cret-of-lakeside"):
        assert secret not in report() + report("--json")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"legacy_consumer_key": "gone"}, "no platform of LTI 1.1 with the key gone"),
        ({"legacy_until": date(2020, 1, 1)}, "not recognized any more: the last day was 2020-01-01"),
    ],
)
def test_the_report_says_why_nobody_is_recognized(connection, values, said):
    consumer()
    accept(connection, STATED, **values)
    assert said in report()


def test_inspect_lists_the_consumers(connection):
    old_person("4711")
    out = StringIO()
    call_command("lti_1p3_move_in", "inspect", "--json", stdout=out)
    assert json.loads(out.getvalue())["lti_1p1_platforms"] == [{"key": KEY, "name": "The riverside", "people": 1}]


def test_who_retires_is_in_no_row_any_more(connection):
    sub = somebody(connection)
    launch(connection, sub)
    accept(connection, SAME_IDS)
    old = old_person(sub)
    launch(connection, sub)
    assert LegacyMatch.objects.get().account == old
    retire(old)
    assert LegacyMatch.objects.get().account is None

"""The tenants' API: registrations, deployments and gates."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.rest_api.v1 import registering
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.tenants import CREATORS, DEMO, NOT_FOUND, OTHER, PLATFORM, SITE, Tenant, tenant

pytestmark = pytest.mark.django_db
NAME = "registrations/named/?issuer=https://moodle.riverside.example&client_id=JdjnPEISNUdn28q"
BODY = {name: value for name, value in PLATFORM.items() if name not in ("issuer", "client_id")}
COURSE = "course-v1:DemoX+LTI101+2026"
BLOCK = "block-v1:DemoX+LTI101+2026+type@problem+block@primary_colours"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def staff() -> Tenant:
    return tenant()


@pytest.fixture
def other() -> Tenant:
    return tenant(OTHER)


def made(by: Tenant, **values: object) -> dict:
    said = by("POST", "registrations/", {**PLATFORM, **values})
    assert said.status_code == 201, said.json()
    return said.json()


@pytest.fixture
def row(staff: Tenant) -> dict:
    """A registration."""
    return made(staff)


def test_a_platform_is_registered_with_what_its_preset_knows(staff):
    said = staff("POST", "registrations/", PLATFORM)
    assert said.status_code == 201
    row = Registration.objects.get()
    assert said["Location"] == f"/lti/1p3/api/v1/orgs/DemoX/registrations/{row.pk}/"
    assert (row.org, row.auth_token_url) == (DEMO, "https://moodle.riverside.example/mod/lti/token.php")
    assert LaunchGate.objects.values_list("allowed_orgs", flat=True).get() == [DEMO]
    assert said.json() == staff("GET", f"registrations/{row.pk}/").json()
    assert [one["id"] for one in staff("GET", "registrations/").json()["results"]] == [row.pk]


@pytest.mark.parametrize("role", [CREATORS, "staff of all courses of {}"])
def test_course_creators_and_staff_of_the_organization_may(role):
    assert tenant(role=role)("GET", "registrations/").status_code == 200


@every(
    "role, values",
    [
        ("", {"is_staff": True}),  # of the site
        ("", {}),
        ("staff of course-v1:DemoX+LTI101+2026", {}),
        ("staff of all courses of demox", {}),
        ("staff of all courses of DemoX2", {}),
    ],
)
def test_others_learn_nothing(role, values):
    said = tenant(role=role, **values)("GET", "registrations/")
    assert (said.status_code, said.json()) == (404, NOT_FOUND)


def test_superusers_reach_all_organizations(staff):
    row = made(staff)
    root = tenant(role="", is_superuser=True)
    assert root("GET", f"registrations/{row['id']}/").status_code == 200
    assert root.as_of(OTHER)("GET", f"registrations/{row['id']}/").status_code == 404
    assert root.as_of("No Organization")("GET", "registrations/").status_code == 404


def test_the_sites_own_registrations_are_in_no_organization(staff):
    own = Registration.objects.create(issuer="https://x.example", client_id="c", title="T")
    assert staff("GET", "registrations/").json()["results"] == []
    assert staff("GET", f"registrations/{own.pk}/").status_code == 404


def test_superusers_register_for_the_site_what_may_open_any_course(other):
    root = tenant(SITE, role="", is_superuser=True)
    made = root("PUT", NAME, BODY)
    assert (made.status_code, made.json()["org"]) == (201, "")
    assert made["Location"].endswith(f"/orgs/@site/registrations/{made.json()['id']}/")
    gate = f"registrations/{made.json()['id']}/gate/"
    assert root("GET", made["Location"]).json() == made.json()
    assert root("GET", gate).status_code == 404  # as where it is registered by hand
    lists = {"allowed_orgs": [DEMO, OTHER], "allowed_courses": [COURSE], "allowed_keys": [BLOCK]}
    assert root("PUT", gate, lists).status_code == 200
    assert root("PUT", gate, {"allowed_courses": ["nonsense"]}).status_code == 400
    assert {**root("GET", gate).json(), "block_filter": None} == {**lists, "block_filter": None}
    invited = root("POST", "invitations/", {"name": "R"}).json()
    assert (invited["allowed_orgs"], Invitation.objects.get().org) == ([], "")
    assert {one["kind"] for one in root("GET", "changes/").json()["results"]} == {"registration", "gate", "invitation"}
    assert other("PUT", NAME, BODY).json() == NOT_FOUND
    assert other("GET", "changes/").json()["results"] == []


def test_no_organization_is_called_as_the_site_is_in_addresses():
    with pytest.raises(ValidationError, match="org"):
        Registration(org=SITE).clean_fields(["title", "issuer", "client_id", "auth_login_url", "auth_token_url"])


def test_put_by_name_makes_changes_and_leaves_alone(staff):
    first = staff("PUT", NAME, BODY)
    assert first.status_code == 201
    again = staff("PUT", NAME, BODY)
    assert (again.status_code, again.json(), again["ETag"]) == (200, first.json(), first["ETag"])
    assert Change.objects.filter(kind="registration").count() == 1
    changed = staff("PUT", NAME, {**BODY, "title": "Moodle", "enabled": False})
    assert (changed.json()["title"], changed.json()["enabled"]) == ("Moodle", False)
    assert changed["ETag"] != first["ETag"]
    assert staff("PUT", NAME, BODY).json()["enabled"] is True  # as in a new one


def test_a_name_that_another_organization_has_is_not_found(staff, other):
    made(other)
    for said in (
        staff("PUT", NAME, BODY),
        staff("PUT", NAME, BODY, if_none_match="*"),
        staff("PUT", NAME, BODY, if_match="*"),
        staff("GET", NAME),
        staff("DELETE", NAME),
        staff("POST", "registrations/", PLATFORM),
        staff("GET", NAME.replace("client_id=J", "client_id=K")),  # which nobody has
    ):
        assert (said.status_code, said.json()) == (404, NOT_FOUND)
    assert Registration.objects.get().org == OTHER


def test_what_is_wrong_is_said_whoever_has_the_name(staff, other):
    wrong = {**BODY, "platform_host": "", "platform": "generic"}
    before = staff("PUT", NAME, wrong)
    made(other)
    after = staff("PUT", NAME, wrong)
    assert before.status_code == after.status_code == 400
    assert before.json()["fields"] == after.json()["fields"] != {}


def test_ones_own_name_is_a_conflict(staff):
    made(staff)
    said = staff("POST", "registrations/", PLATFORM)
    assert (said.status_code, said.json()["code"]) == (409, "api_conflict")
    assert len(said.json()["support_code"]) == 9


@pytest.mark.parametrize("through", ['W/"{}"', '"{}-gzip"', 'W/"{}-br"'])
def test_a_tag_counts_as_a_proxy_that_compresses_hands_it_on(staff, through):
    place = f"registrations/{made(staff)['id']}/"
    tag = staff("GET", place)["ETag"]
    handed_on = through.format(tag.strip('"'))
    assert staff("GET", place, if_none_match=handed_on).status_code == 304
    assert staff("PATCH", place, {"title": "A"}, if_match=handed_on).status_code == 200
    assert staff("PATCH", place, {"title": "B"}, if_match=handed_on).status_code == 412


def test_preconditions_protect_what_somebody_else_changed(staff):
    row = made(staff)
    place = f"registrations/{row['id']}/"
    tag = staff("GET", place)["ETag"]
    assert staff("GET", place, if_none_match=tag).status_code == 304
    assert staff("PATCH", place, {"title": "A"}, if_match=tag).status_code == 200
    for refused in (
        staff("PATCH", place, {"title": "B"}, if_match=tag),
        staff("PUT", place, {**PLATFORM, "title": "B"}, if_match=tag),
        staff("PUT", NAME, BODY, if_match=tag),
        staff("PUT", NAME, BODY, if_none_match="*"),
        staff("PATCH", place, {"title": "B"}, if_match=f"W/{tag}"),
        staff("DELETE", place, if_match=tag),
    ):
        assert (refused.status_code, refused.json()["code"]) == (412, "api_changed_meanwhile")
    assert Registration.objects.get().title == "A"
    assert staff("DELETE", place, if_match=f'"x", {staff("GET", place)["ETag"]}').status_code == 204
    assert staff("PUT", NAME, BODY, if_match="*").status_code == 412  # there is none


@every(
    "body, field",
    [
        ({"issuer": "https://y.example"}, "issuer"),
        ({"client_id": "another"}, "client_id"),
        ({"trust_emails": True}, "trust_emails"),
        ({"confine_sessions": False}, "confine_sessions"),
        ({"instructor_role": "staff"}, "instructor_role"),
        ({"designer_role": "beta_testers"}, "designer_role"),
        ({"learner_accounts": "existing_only"}, "learner_accounts"),
        ({"teacher_accounts": "existing_with_proof"}, "teacher_accounts"),
        ({"platform": "webct"}, "platform"),
        ({"key_set_url": "javascript:alert(1)"}, "key_set_url"),
        ({"title": ""}, "title"),
        ({"title": "\x00"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"key_set": {"keys": []}}, "key_set"),
        ({"platform_host": "a b"}, "platform_host"),
        ([], "body"),
        (b"{", "body"),
        (b'{"title": "A", "title": "B"}', "body"),
        (b'{"key_set": ' + b"[" * 2000 + b"]" * 2000 + b"}", "body"),
        (b'{"title": NaN}', "body"),
    ],
)
def test_wrong_values_are_named_and_nothing_changes(staff, row, body, field):
    before = Registration.objects.values().get()
    said = staff("PATCH", f"registrations/{row['id']}/", body)
    assert (said.status_code, said.json()["code"]) == (400, "api_request_invalid")
    assert field in said.json()["fields"]
    assert Registration.objects.values().get() == before


VICTIM = "https://moodle.victim.example/mod/lti/token.php"
MINE = {
    "auth_login_url": "https://mine.example/l",
    "key_set_url": "https://mine.example/k",
    "issuer": "https://mine.example",
}
REACHING = [
    ({"auth_token_url": "https://mine.example/t", "auth_audience": VICTIM}, "auth_audience"),
    ({"platform": "brightspace", "auth_token_url": "https://mine.example/t"}, "auth_audience"),  # it is filled in
    ({"auth_token_url": VICTIM}, "auth_login_url"),
    ({"auth_token_url": VICTIM, "auth_login_url": VICTIM}, "key_set_url"),
    ({"auth_token_url": VICTIM, "auth_login_url": VICTIM, "key_set_url": VICTIM}, "issuer"),
    (
        {
            **dict.fromkeys(("auth_token_url", "auth_login_url", "key_set_url"), "https://mine.example/x"),
            "other_origins": "https://files.victim.example",
        },
        "other_origins",
    ),
    ({"auth_token_url": "https://mine.example/t", "other_origins": "https://*.mine.example"}, "other_origins"),
]


@pytest.mark.parametrize(("values", "field"), REACHING)
def test_nobody_reaches_for_another_platforms_access_tokens(staff, values, field):
    """One key signs for all: what we are to a platform is a client ID, and where it is sent."""
    meant = {**PLATFORM, "platform": "generic", **MINE, **values}
    said = staff("POST", "registrations/", meant)
    assert (said.status_code, list(said.json()["fields"])) == (400, [field])
    pk = made(staff)["id"]
    changed = {name: value for name, value in meant.items() if name not in ("issuer", "client_id", "platform_host")}
    assert staff("PATCH", f"registrations/{pk}/", changed).status_code == 400


SHARED = {
    "platform": "brightspace",
    "auth_token_url": "https://auth.brightspace.com/core/connect/token",
    "auth_login_url": "https://learn.school.example/l",
    "key_set_url": "https://learn.school.example/k",
}


OF_THE_VICTIM = {**dict.fromkeys(SHARED, VICTIM), "platform": "generic"}


@pytest.mark.parametrize("values", [SHARED, OF_THE_VICTIM])
def test_a_client_id_that_another_has_at_the_same_vendor_is_not_found(staff, other, values):
    """Where customers share a token address, or somebody names another's own: whose it is, nothing says."""
    addresses = {**values, "client_id": "shared"}
    superuser = tenant(OTHER, is_superuser=True)
    made(superuser, **addresses, issuer="https://moodle.victim.example/1")
    said = staff("POST", "registrations/", {**PLATFORM, **addresses, "issuer": "https://moodle.victim.example/2"})
    assert (said.status_code, said.json()) == (404, NOT_FOUND)
    made(other, **addresses, issuer="https://moodle.victim.example/3")  # an organization's own do not stand in its way


def test_an_audience_of_the_token_addresss_host_or_of_a_known_platform_is_taken(staff):
    made(staff, auth_audience="https://moodle.riverside.example/audience")
    brightspace = {
        "platform": "brightspace",
        "client_id": "other",
        "auth_token_url": "https://auth.brightspace.com/core/connect/token",
        "key_set_url": "https://school.brightspace.com/d2l/.well-known/jwks",
        "auth_login_url": "https://school.brightspace.com/d2l/lti/authenticate",
    }
    assert made(staff, **brightspace)["auth_audience"] == "https://api.brightspace.com/auth/token"


def test_what_an_operator_entered_stays_when_staff_change_something_else(staff):
    pk = made(staff)["id"]
    Registration.objects.update(auth_audience=VICTIM)
    assert staff("PATCH", f"registrations/{pk}/", {"title": "Ours"}).status_code == 200


def test_superusers_may_open_what_is_not_the_organizations_and_its_staff_leave_it_so(staff):
    row = made(staff)
    root = tenant(role="", is_superuser=True)
    assert root("PATCH", f"registrations/{row['id']}/", {"trust_emails": True}).json()["trust_emails"] is True
    assert root("PATCH", f"registrations/{row['id']}/", {"instructor_role": "staff"}).status_code == 200
    assert staff("PUT", NAME, {**BODY, "instructor_role": "limited_staff"}).status_code == 400
    assert staff("PUT", NAME, BODY).json()["instructor_role"] == "staff"
    assert staff("PUT", NAME, {**BODY, "instructor_role": ""}).json()["instructor_role"] == ""
    assert staff("PUT", NAME, BODY).json()["trust_emails"] is True
    assert staff("PUT", NAME, {**BODY, "trust_emails": True}).status_code == 200
    assert staff("PUT", NAME, {**BODY, "trust_emails": False}).json()["trust_emails"] is False


def test_a_registration_with_people_is_not_deleted(staff):
    row = made(staff)
    PlatformUser.objects.create(registration_id=row["id"], sub="s", sub_digest="d", user=staff.user)
    assert staff("DELETE", f"registrations/{row['id']}/").json()["code"] == "api_conflict"
    assert Registration.objects.exists()


def test_deployments_are_listed_added_approved_and_switched_off(staff):
    row = made(staff)
    place = f"registrations/{row['id']}/deployments/"
    waiting = Deployment.objects.create(registration_id=row["id"], deployment_id="1", status="pending")
    assert [one["deployment_id"] for one in staff("GET", f"{place}?status=pending").json()["results"]] == ["1"]
    assert staff("PATCH", f"{place}{waiting.pk}/", {"status": "approved"}).json()["status"] == "approved"
    assert staff("PATCH", f"{place}{waiting.pk}/", {"status": "pending"}).status_code == 400
    tag = staff("GET", f"{place}{waiting.pk}/")["ETag"]
    assert staff("PATCH", f"{place}{waiting.pk}/", {"status": "disabled"}, if_match=tag).status_code == 200
    assert staff("PATCH", f"{place}{waiting.pk}/", {"status": "approved"}, if_match=tag).status_code == 412
    assert staff("POST", place, {"deployment_id": " 2 "}).status_code == 201
    assert staff("POST", place, {"deployment_id": " 2 ", "status": "disabled"}).status_code == 200
    assert sorted(Deployment.objects.values_list("deployment_id", "status")) == [(" 2 ", "disabled"), ("1", "disabled")]
    told = Change.objects.filter(kind="deployment").values_list("action", "before", "after")
    assert told[0] == ("changed", {"status": "approved"}, {"status": "disabled"})
    assert staff("PUT", f"{place}{waiting.pk}/", {"status": "approved"}).status_code == 405


@every(
    "lists",
    [
        {"allowed_orgs": [OTHER]},
        {"allowed_orgs": [DEMO, OTHER]},
        {"allowed_orgs": ["demox"]},
        {"allowed_courses": ["course-v1:OtherX+SOON+2099"]},
        {"allowed_courses": ["course-v1:demox+LTI101+2026"]},
        {"allowed_courses": [COURSE, "OtherX/SOON/2099"]},
        {"allowed_keys": [BLOCK.replace("DemoX", "OtherX")]},
        {"allowed_keys": ["lb:OtherX:lib:problem:p"]},
        {"allowed_courses": ["nonsense"]},
        {"allowed_courses": COURSE},
        {"allowed_orgs": [DEMO] * 1001},
        {"block_filter": {"all": "problem"}},
    ],
)
def test_a_gate_never_opens_what_is_anothers(staff, row, lists):
    said = staff("PUT", f"registrations/{row['id']}/gate/", lists)
    assert said.status_code == 400
    assert set(said.json()["fields"]) == set(lists)
    assert LaunchGate.objects.get().allowed_orgs == [DEMO]


def test_a_gate_is_replaced(staff):
    row = made(staff)
    place = f"registrations/{row['id']}/gate/"
    tag = staff("GET", place)["ETag"]
    lists = {"allowed_courses": [COURSE], "allowed_keys": [BLOCK], "block_filter": {"all": ["problem"]}}
    assert staff("PUT", place, lists, if_match=tag).json() == {"allowed_orgs": [], **lists}
    assert staff("PUT", place, {}, if_match=tag).status_code == 412
    assert LaunchGate.objects.get().allowed_courses == [COURSE]
    change = Change.objects.filter(kind="gate").first()
    assert change.before["allowed_orgs"] == [DEMO]
    assert change.after["allowed_courses"] == [COURSE]


def test_lists_come_in_parts(staff):
    for number in range(5):
        made(staff, client_id=f"c{number}")
    seen, after = [], 0
    while after is not None:
        said = staff("GET", f"registrations/?limit=2&after={after}").json()
        seen += [one["client_id"] for one in said["results"]]
        after = said["next"]
    assert seen == ["c0", "c1", "c2", "c3", "c4"]
    for wrong in ("limit=0", "limit=101", "limit=x", "after=-1", "after=99999999999999999999", "enabled=maybe"):
        assert staff("GET", f"registrations/?{wrong}").status_code == 400


def test_numbers_that_no_database_has_are_not_found(staff):
    made(staff)
    for number in (0, 2**63, 10**30):
        assert staff("GET", f"registrations/{number}/").json() == NOT_FOUND
        assert staff("PATCH", f"registrations/{number}/", {}).json() == NOT_FOUND


def at_once(*requests):
    """Send requests from threads that begin together; return the answers' statuses, sorted."""
    start = threading.Barrier(len(requests))

    def send(by: Tenant, arguments: tuple, headers: dict) -> int:
        start.wait()
        try:
            return Tenant(by.user, by.org)(*arguments, **headers).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(lambda one: send(*one), requests))


@pytest.mark.django_db(transaction=True)
def test_the_same_put_at_once_makes_one_registration(staff):
    said = at_once(*[(staff, ("PUT", NAME, BODY), {})] * 4)
    assert said == [200, 200, 200, 201]
    assert Registration.objects.count() == LaunchGate.objects.count() == 1
    assert Change.objects.filter(kind="registration").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_organizations_that_put_the_same_name_at_once_one_finds_nothing(staff, other):
    assert at_once((staff, ("PUT", NAME, BODY), {}), (other, ("PUT", NAME, BODY), {})) == [201, 404]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_change_what_they_read_one_gets_through(staff):
    place = f"registrations/{made(staff)['id']}/"
    tag = staff("GET", place)["ETag"]
    changes = [(staff, ("PATCH", place, {"title": f"T{number}"}), {"if_match": tag}) for number in range(4)]
    assert at_once(*changes) == [200, 412, 412, 412]


def test_a_name_that_only_the_database_takes_for_the_same_is_not_found(staff, other):
    """As databases that fold case do: what made the row cannot be seen, and is not told of."""
    made(other)
    row = Registration(**{**Registration.objects.values().get(), "id": None, "org": DEMO})
    with pytest.raises(registering.NameTaken), transaction.atomic():
        registering.make(row, Author(staff.user, Change.Way.API))
    assert Registration.objects.count() == 1
    assert LaunchGate.objects.count() == 1

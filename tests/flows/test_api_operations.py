"""The tenants' API: keys, attempts, scores, people and the trail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.db.models import BooleanField
from django.utils import timezone

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.onboarding.invitations import find
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.rest_api.v1.invitations import NewInvitationFields
from lti_1p3_provider.rest_api.v1.registration_fields import WIDE, RegistrationFields
from lti_1p3_provider.rest_api.v1.scores import MOST
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox.wake import READ_BACK, TASK
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.inviting import Registering
from tests.tenants import COURSE, DEMO, OTHER, SITE, belongings, tenant

pytestmark = pytest.mark.django_db
SECRETS = ("private", "PRIVATE", '"d"')
OFFERED = sorted(set(NewInvitationFields().fields) & set(RegistrationFields().fields))


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def ours():
    return belongings(OTHER)


@pytest.fixture
def staff():
    return tenant(OTHER)


def test_keys_show_their_public_part_only(staff):
    old, new = keys.generate(), keys.rotate()
    keys.retire(old.kid)
    said = staff("GET", "keys/")
    assert [one["kid"] for one in said.json()["results"]] == [new.kid]
    assert said.json()["results"][0]["public_jwk"] == keys.published()[0]
    assert not any(word in said.content.decode() for word in SECRETS)
    assert "encrypted" not in said.content.decode()


def test_the_tools_addresses_are_those_of_the_command(staff, settings):
    settings.LMS_ROOT_URL = "https://lms.school.example"
    said = staff("GET", "tool/").json()
    assert said["jwks_url"] == "https://lms.school.example/lti/1p3/pub/jwks/"
    assert said["redirect_uri"] == "https://lms.school.example/lti/1p3/launch/"


def test_an_attempt_is_found_by_its_support_code_in_any_case(staff, ours):
    row = LaunchAttempt.objects.get()
    row.outcome, row.detail, row.steps = "gate_closed", "x is not within", ["state", "signature"]
    row.save()
    LaunchAttempt.objects.create(support_code="WXYZ-2345", door="launch", outcome="ok")  # of nobody
    said = staff("GET", "attempts/abcd-efgh/").json()
    assert (said["outcome"], said["steps"]) == ("gate_closed", ["state", "signature"])
    assert said["explanation"] == "The registration's launch gate does not include this content."
    assert "subject_digest" not in said
    assert [one["support_code"] for one in staff("GET", "attempts/?outcome=gate_closed").json()["results"]] == [
        "ABCD-EFGH"
    ]
    assert staff("GET", "attempts/?outcome=ok").json()["results"] == []
    for strange in ("WXYZ-2345", "nothing", "%00"):
        assert staff("GET", f"attempts/{strange}/").status_code == 404


def test_scores_are_listed_by_state(staff, ours):
    place = f"registrations/{ours['registration']}/scores/"
    assert [one["state"] for one in staff("GET", f"{place}?state=given_up").json()["results"]] == ["given_up"]
    assert staff("GET", f"{place}?state=sent").json()["results"] == []
    assert len(staff("GET", f"{place}?course={COURSE.replace('+', '%2B')}&user=lti_OtherX").json()["results"]) == 1
    assert staff("GET", f"{place}?user=nobody").json()["results"] == []
    assert staff("GET", f"{place}?course=nonsense").status_code == 400
    assert staff("GET", f"{place}?state=nowhere").status_code == 400
    assert staff("GET", f"{place}status/").json()["given_up"] == 1


@pytest.mark.django_db(transaction=True)
def test_scores_are_sent_again_and_that_is_noted(staff, ours, no_worker):
    place = f"registrations/{ours['registration']}/scores/resend/"
    assert staff("POST", place, {"only": "missing"}).json() == {"number": 0, "more": False}
    assert staff("POST", place, {"only": "given_up"}).json() == {"number": 1, "more": False}
    row = PendingScore.objects.get()
    assert (row.given_up, row.revision) == (False, 1)
    assert row.due_at is not None
    assert no_worker[TASK] == [()]
    change = Change.objects.filter(kind="scores").first()
    assert (change.action, change.after["number"], change.actor) == ("resent", 1, staff.user)


def test_a_score_that_was_delivered_meanwhile_is_not_sent_again(staff, ours, no_worker):
    """It was given up when it was chosen, and is not any more when it is changed."""
    chosen = []

    def deliver(go_on, sql, *others):
        found = go_on(sql, *others)
        if f"LIMIT {MOST + 1}" in sql:
            chosen.append(sql)
            PendingScore.objects.update(given_up=False, due_at=None)
        return found

    place = f"registrations/{ours['registration']}/scores/resend/"
    with connection.execute_wrapper(deliver):
        assert staff("POST", place, {"only": "given_up"}).json() == {"number": 0, "more": False}
    assert len(chosen) == 1
    assert PendingScore.objects.get().due_at is None


def test_a_score_that_the_platform_lost_is_sent_again(staff, ours, no_worker):
    now = timezone.now()
    lost = {"sent_given": 1, "sent_maximum": 2, "sent_at": now - timedelta(1), "result_at": now, "given_up": False}
    PendingScore.objects.update(**lost)
    place = f"registrations/{ours['registration']}/scores/"
    assert staff("GET", place).json()["results"][0]["missing"] is True
    assert staff("POST", f"{place}resend/", {"only": "missing"}).json()["number"] == 1
    assert PendingScore.objects.get().due_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_worker_compares_scores(staff, ours, no_worker):
    said = staff("POST", f"registrations/{ours['registration']}/scores/compare/", {})
    assert (said.status_code, said.json()) == (202, {"number": 1, "more": False})
    assert no_worker[READ_BACK] == [([ours["score"]],)]
    assert Change.objects.filter(action="compared").exists()


@pytest.mark.parametrize("verb", ["resend", "compare"])
def test_scores_of_links_without_a_column_are_listed_and_nothing_else(staff, ours, verb, no_worker):
    place = f"registrations/{ours['registration']}/scores/"
    LineItem.objects.update(url="", container_url="https://x.example/list")
    assert staff("POST", f"{place}{verb}/", {}).json() == {"number": 1, "more": False}
    before = PendingScore.objects.get().revision
    LineItem.objects.update(url="", container_url="")
    assert staff("POST", f"{place}{verb}/", {}).json() == {"number": 0, "more": False}
    assert PendingScore.objects.get().revision == before
    assert len(staff("GET", place).json()["results"]) == 1


def test_scores_of_another_registration_are_left_alone(staff, ours, no_worker):
    other = Registration.objects.create(org=OTHER, issuer="https://y.example", client_id="c", title="T")
    for verb in ("resend", "compare"):
        assert staff("POST", f"registrations/{other.pk}/scores/{verb}/", {}).json()["number"] == 0
    assert PendingScore.objects.get().revision == 0


def test_a_person_is_found_exported_and_forgotten(staff, ours):
    for query in ("sub=u-1", "username=lti_OtherX", f"sub=u-1&registration={ours['registration']}"):
        assert [one["id"] for one in staff("GET", f"people/?{query}").json()["results"]] == [ours["person"]]
    for query in ("sub=U-1", "username=nobody", "username=%00"):
        assert staff("GET", f"people/?{query}").json()["results"] == []
    assert staff("GET", "people/").status_code == 400
    place = f"people/{ours['person']}/"
    assert staff("GET", place).json()["people"][0]["platform"]["sub"] == "u-1"
    done = staff("DELETE", place).json()
    assert (done["people"], done["scores"], done["accounts_erased"]) == (1, 1, 1)
    assert not PlatformUser.objects.exists()
    assert staff("GET", place).status_code == 404
    assert staff("DELETE", place).status_code == 404
    told = Change.objects.get(kind="people")
    assert (told.action, told.after["people"]) == ("forgotten", 1)
    assert "u-1" not in json.dumps([told.before, told.after, told.name])


def test_an_account_of_another_organization_too_is_left(staff, ours):
    """Forgetting somebody here takes nothing from another organization's people."""
    other = Registration.objects.create(org=DEMO, issuer="https://y.example", client_id="c", title="T")
    user = get_user_model().objects.get(username="lti_OtherX")
    PlatformUser.objects.create(registration=other, sub="u-9", sub_digest="d", user=user)
    assert staff("DELETE", f"people/{ours['person']}/").json()["accounts_left"] == 1
    user.refresh_from_db()
    assert user.is_active
    assert PlatformUser.objects.get().registration == other


def test_the_trail_says_who_changed_what(staff, ours):
    place = f"registrations/{ours['registration']}/"
    staff("PATCH", place, {"title": "New", "enabled": False})
    staff("PUT", f"{place}gate/", {"allowed_courses": [COURSE]})
    last, first, _ = staff("GET", f"changes/?registration={ours['registration']}").json()["results"]
    assert (first["actor"], first["way"], first["action"]) == (staff.user.username, "api", "changed")
    assert first["before"] == {"title": "Riverside Moodle", "enabled": True}
    assert first["after"] == {"title": "New", "enabled": False}
    assert (last["kind"], last["before"]["allowed_orgs"]) == ("gate", [OTHER])
    assert len(staff("GET", "changes/?kind=gate").json()["results"]) == 1
    get_user_model().objects.filter(pk=staff.user.pk).update(is_superuser=True)
    Change.objects.update(actor=None)
    assert staff("GET", "changes/").json()["results"][0]["actor"] == ""


def test_a_write_that_changes_nothing_leaves_no_note(staff, ours):
    before = Registration.objects.get().updated_at
    for _ in range(2):
        staff("PATCH", f"registrations/{ours['registration']}/", {"title": "Riverside Moodle"})
    assert Change.objects.filter(action="changed").count() == 0
    assert Registration.objects.get().updated_at == before


def test_an_invitations_address_is_shown_once(staff):
    made = staff("POST", "invitations/", {"name": "Riverside", "host": "moodle.riverside.example", "days": 1})
    assert made.status_code == 201, made.json()
    row = Invitation.objects.get()
    assert (row.org, row.allowed_orgs) == (OTHER, [OTHER])
    token = made.json()["url"].rstrip("/").rpartition("/")[2]
    assert find(token) == row
    for said in (staff("GET", "invitations/"), staff("GET", f"invitations/{row.pk}/"), staff("GET", "changes/")):
        assert token not in said.content.decode()
        assert row.token_digest not in said.content.decode()


def test_an_invitation_that_nobody_used_is_revoked(staff):
    place = f"invitations/{staff('POST', 'invitations/', {'name': 'R'}).json()['id']}/"
    assert staff("DELETE", place).json()["status"] == "revoked"
    assert staff("DELETE", place).json()["code"] == "api_conflict"
    assert [one["after"]["status"] for one in staff("GET", "changes/").json()["results"]] == ["revoked", "open"]


@every(
    "body, field",
    [
        ({"name": ""}, "name"),
        ({"allowed_orgs": [DEMO]}, "allowed_orgs"),
        ({"allowed_courses": ["course-v1:DemoX+LTI101+2026"]}, "allowed_courses"),
        ({"allowed_keys": ["block-v1:DemoX+LTI101+2026+type@problem+block@p"]}, "allowed_keys"),
        ({"trust_emails": True}, "trust_emails"),
        ({"confine_sessions": False}, "confine_sessions"),
        ({"learner_accounts": "existing_only"}, "learner_accounts"),
        ({"teacher_accounts": "existing_with_proof"}, "teacher_accounts"),
        ({"instructor_role": "beta_testers"}, "instructor_role"),
        ({"assistant_role": "staff"}, "assistant_role"),
        ({"designer_role": "limited_staff"}, "designer_role"),
        ({"designer_role": "owner"}, "designer_role"),
        ({"days": 366}, "days"),
        ({"days": 0}, "days"),
        ({"host": "a b"}, "host"),
    ],
)
def test_an_invitation_offers_nothing_of_others(staff, body, field):
    said = staff("POST", "invitations/", {"name": "R", **body})
    assert (said.status_code, list(said.json()["fields"])) == (400, [field])
    assert not Invitation.objects.exists()


@every("name", OFFERED)
def test_an_invitation_gives_nothing_that_its_maker_may_not_give_a_registration(staff, ours, name):
    field = Registration._meta.get_field(name)
    values = [True, False] if isinstance(field, BooleanField) else [*dict(field.choices or ()), "audit"]
    for value in values:
        direct = staff("PATCH", f"registrations/{ours['registration']}/", {name: value}).status_code
        offered = staff("POST", "invitations/", {"name": "R", name: value}).status_code
        assert (value, direct, offered) in ((value, 200, 201), (value, 400, 400))


def test_what_is_the_sites_to_decide_about_registrations_can_be_said_of_invitations():
    assert set(WIDE) <= {*OFFERED, *LEGACY_FIELDS}  # of LTI 1.1 a platform that is invited proves its key


def test_superusers_invite_with_what_their_organizations_staff_may_not(staff):
    wide = {"trust_emails": True, "learner_accounts": "existing_only", "instructor_role": "staff"}
    root = tenant(OTHER, role="", is_superuser=True)
    made = root("POST", "invitations/", {"name": "R", **wide})
    assert made.status_code == 201, made.json()
    seen = staff("GET", f"invitations/{made.json()['id']}/").json()
    assert {name: seen[name] for name in wide} == wide
    (noted,) = staff("GET", "changes/?kind=invitation").json()["results"]
    assert {name: noted["after"][name] for name in wide} == wide


@pytest.mark.parametrize(
    ("gate", "status"),
    [
        ({}, 201),
        ({"allowed_courses": []}, 400),
        ({"block_filter": {"all": ["problem"]}}, 400),
        ({"allowed_orgs": [OTHER], "allowed_courses": []}, 201),
    ],
)
def test_a_gate_that_an_invitation_of_the_sites_says_names_something(gate, status):
    root = replace(tenant(OTHER, role="", is_superuser=True), org=SITE)
    said = root("POST", "invitations/", {"name": "R", **gate})
    assert said.status_code == status, said.json()
    assert Invitation.objects.exists() is (status == 201)


def test_a_platform_that_was_invited_is_the_organizations(staff, lms, web_server):
    there = Registering(web_server)
    there.register(staff("POST", "invitations/", {"name": "Riverside"}).json()["url"])
    (row,) = staff("GET", "registrations/").json()["results"]
    assert (row["org"], row["issuer"]) == (OTHER, there.configuration["issuer"])
    assert staff("GET", f"registrations/{row['id']}/gate/").json()["allowed_orgs"] == [OTHER]
    made = staff("GET", f"changes/?registration={row['id']}&kind=registration").json()["results"][0]
    assert (made["way"], made["actor"], made["action"]) == ("invitation", "", "created")

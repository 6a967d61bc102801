"""Registrations of organizations: what they open, how they are made, and what the admin notes of changes."""

from __future__ import annotations

import pytest
from django.core.management import CommandError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.deep_linking import gate_scope
from lti_1p3_provider.deep_linking.entries import Chooser
from lti_1p3_provider.errors import GateClosed
from lti_1p3_provider.gates import policy
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, Deployment, Registration, ToolKey
from tests.unit.registering import BASE, KEYS, URLS, form, run

pytestmark = pytest.mark.django_db
ADD = "/admin/lti_1p3_provider/registration/add/"
OWN, FOREIGN = (CourseKey.from_string(f"course-v1:{org}+C+1") for org in ("DemoX", "OtherX"))
OTHER_SPELLING = CourseKey.from_string("course-v1:demox+C+1")


def block(course: CourseKey) -> UsageKey:
    return course.make_usage_key("problem", "p")


def registered(org: str = "DemoX", **lists: list[str]) -> Registration:
    row = Registration.objects.create(org=org, title="T", issuer="https://x.example", client_id="c")
    if lists:
        LaunchGate.objects.create(registration=row, **lists)
    return row


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"allowed_orgs": ["DemoX", "OtherX", "demox"]},
        {"allowed_courses": [str(OWN), str(FOREIGN), str(OTHER_SPELLING)]},
        {"allowed_keys": [str(block(OWN)), str(block(FOREIGN)), str(block(OTHER_SPELLING))]},
    ],
)
def test_an_organizations_registration_opens_nothing_of_others_whatever_its_gate_names(lists):
    row = registered(**lists)
    assert policy.opens(row, OWN, block(OWN))
    assert policy.opening_of(row, OWN).has(str(block(OWN)), "problem")
    scope = gate_scope.of(Chooser(row, 1, None, None))
    assert scope.may_have(OWN)
    for course in (FOREIGN, OTHER_SPELLING):
        assert not policy.opens(row, course, block(course))
        assert not policy.opening_of(row, course).has(str(block(course)), "problem")
        assert not scope.may_have(course)
        with pytest.raises(GateClosed, match="belongs to 'DemoX'"):
            policy.require(row, course, block(course))


def test_the_sites_own_opens_what_it_did(settings):
    row = registered("")
    assert policy.opens(row, FOREIGN, block(FOREIGN))
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    assert gate_scope.of(Chooser(row, 1, None, None)).is_empty
    row.org = "DemoX"
    assert gate_scope.of(Chooser(row, 1, None, None)).is_empty


def test_a_gate_that_names_others_is_doubted():
    row = registered(allowed_orgs=["DemoX", "OtherX"], allowed_keys=[str(block(FOREIGN)), str(block(OWN))])
    said = next(one for one in doubts(row) if "belongs to" in one.says)
    assert f"OtherX; {block(FOREIGN)}" in said.says
    assert str(block(OWN)) not in said.says
    assert said.refuses


def test_the_command_says_whose_it_is_and_keeps_it():
    run(*BASE, *URLS, *KEYS, "--org=DemoX")
    run(*BASE, *URLS, *KEYS)
    assert Registration.objects.values_list("org", "org_digest").get() == ("DemoX", digest("DemoX"))
    run(*BASE, *URLS, *KEYS, "--org=")
    assert Registration.objects.values_list("org", "org_digest").get() == ("", "")
    with pytest.raises(CommandError, match="No organization has such a name"):
        run(*BASE, *URLS, *KEYS, "--org=Two Words")


def entered(**values: str) -> dict[str, str]:
    return form(
        title="T", platform="moodle", platform_host="m.example", issuer="https://m.example", client_id="c", **values
    )


def test_the_admin_notes_what_becomes_of_a_registration(admin_client, admin_user):
    deployment = {"deployments-TOTAL_FORMS": "1", "deployments-0-deployment_id": "1", "deployments-0-status": "pending"}
    gate = {"gate-TOTAL_FORMS": "1", "gate-0-allowed_orgs": "DemoX", "gate-0-block_filter": "{}"}
    assert admin_client.post(ADD, entered(org="DemoX", **deployment, **gate)).status_code == 302
    assert set(Change.objects.values_list("kind", "action", "way", "org", "actor")) == {
        (kind, "created", "admin", "DemoX", admin_user.pk) for kind in ("registration", "deployment", "gate")
    }
    row, known = Registration.objects.get(), Deployment.objects.get()
    Change.objects.all().delete()
    there = {"deployments-INITIAL_FORMS": "1", "deployments-0-id": str(known.pk)}
    approved = {**deployment, "deployments-0-status": "approved", **there}
    change = f"/admin/lti_1p3_provider/registration/{row.pk}/change/"
    assert admin_client.post(change, entered(org="DemoX", **approved)).status_code == 302
    assert list(Change.objects.values_list("kind", "name", "before", "after")) == [
        ("deployment", "1", {"status": "pending"}, {"status": "approved"})
    ]
    assert admin_client.post(change.replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert sorted(Change.objects.filter(action="deleted").values_list("kind", flat=True)) == [
        "deployment",
        "gate",
        "registration",
    ]


def test_what_moves_to_another_organization_is_gone_for_one_and_new_for_the_other(admin_client):
    row = registered(allowed_orgs=["DemoX"])
    Registration.objects.update(auth_login_url="https://m.example/a", key_set_url="https://m.example/j")
    change = f"/admin/lti_1p3_provider/registration/{row.pk}/change/"
    assert admin_client.post(change, entered(org="OtherX")).status_code == 302
    told = set(Change.objects.filter(kind="registration").values_list("org", "action"))
    assert told == {("DemoX", "deleted"), ("OtherX", "created")}
    assert not Change.objects.filter(org="OtherX").exclude(before={}).exists()


def test_the_admin_notes_what_becomes_of_keys_and_no_secret(admin_client):
    admin_client.post("/admin/lti_1p3_provider/toolkey/add/", {"pem": ""})
    first = ToolKey.objects.get()
    place = {"_selected_action": [str(first.pk)], "confirmed": "yes"}
    admin_client.post("/admin/lti_1p3_provider/toolkey/", {"action": "rotate", **place})
    admin_client.post("/admin/lti_1p3_provider/toolkey/", {"action": "retire", **place})
    said = list(Change.objects.filter(name=first.kid).order_by("pk").values_list("action", "before", "after"))
    assert said == [
        ("created", {}, {"status": "active"}),
        ("changed", {"status": "active"}, {"status": "rotated"}),
        ("changed", {"status": "rotated"}, {"status": "retired"}),
    ]
    assert Change.objects.filter(name=keys.ensure()[0].kid).count() == 1


def test_the_trail_is_read_only(admin_client):
    row = Change.objects.create(way="admin", action="changed", kind="key", name="k", after={"status": "<b>"})
    place = "/admin/lti_1p3_provider/change/"
    assert "k" in admin_client.get(place).content.decode()
    page = admin_client.get(f"{place}{row.pk}/change/")
    assert page.status_code == 200
    assert "<b>" not in page.content.decode().replace("<b>Change", "")
    assert admin_client.post(f"{place}{row.pk}/change/", {"name": "x"}).status_code == 403
    assert admin_client.post(f"{place}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{place}add/").status_code == 403


def test_an_invitation_of_the_admin_is_noted_and_may_be_an_organizations(admin_client):
    accounts = dict.fromkeys(ACCOUNT_FIELDS, "new")
    values = {"name": "R", "org": "DemoX", "days": "7", "block_filter": "{}", "confine_sessions": "on", **accounts}
    place = "/admin/lti_1p3_provider/invitation/"
    page = admin_client.post(f"{place}add/", {**values, "allowed_orgs": "OtherX"})
    assert "belongs to DemoX; its launch gate names what is not of it: OtherX" in page.content.decode()
    row = Invitation.objects.get()
    assert row.org_digest == digest("DemoX")
    admin_client.post(place, {"action": "revoke", "_selected_action": [str(row.pk)]})
    assert list(Change.objects.order_by("pk").values_list("kind", "action", "org", "after__status")) == [
        ("invitation", "created", "DemoX", "open"),
        ("invitation", "changed", "DemoX", "revoked"),
    ]


@pytest.mark.parametrize(
    ("chosen", "shown"), [("", {"Ours", "Theirs"}), ("site", {"Ours"}), ("organizations", {"Theirs"})]
)
def test_the_list_of_registrations_is_filtered_by_whose_they_are(admin_client, chosen, shown):
    for title, org in (("Ours", ""), ("Theirs", "DemoX")):
        addresses = dict.fromkeys(("auth_login_url", "auth_token_url", "key_set_url"), "https://a.example/x")
        Registration.objects.create(title=title, org=org, issuer=f"https://{title}.example", client_id="c", **addresses)
    page = admin_client.get("/admin/lti_1p3_provider/registration/", {"whose": chosen} if chosen else {})
    assert {row.title for row in page.context["cl"].result_list} == shown

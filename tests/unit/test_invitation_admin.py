"""Invitations in the admin and by command: the address is shown once, and a record is not edited."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from lti_1p3_provider.onboarding import invitations
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.onboarding.models import OPTIONS, Invitation
from lti_1p3_provider.registrations.models import Registration
from tests.cases import every

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("permissions")]
ADDRESS = re.compile(r"https://lms\.example/lti/1p3/register/([\w-]{43})/")
COURSE = "course-v1:DemoX+LTI101+2026"
BLOCK = "block-v1:DemoX+LTI101+2026+type@problem+block@colours"
PAGE = "/admin/lti_1p3_provider/invitation/"
PEOPLE = {
    "learner_accounts": "existing_with_proof",
    "teacher_accounts": "existing_only",
    "instructor_role": "staff",
    "assistant_role": "limited_staff",
    "designer_role": "beta_testers",
}
ACCOUNTS = {"learner_accounts": "new", "teacher_accounts": "new"}


@pytest.fixture(autouse=True)
def public(settings):
    settings.LMS_ROOT_URL = "https://lms.example"


def form(**values):
    usual = {"host": "", "days": "7", "block_filter": "{}", "confine_sessions": "on", **ACCOUNTS}
    return {"name": "Riverside", **usual, **values}


def test_sec_43_the_address_is_shown_once_with_a_mail(admin_client):
    made = admin_client.post(
        f"{PAGE}add/", form(host="https://Moodle.example/", allowed_courses=f"{COURSE}\n", days="3")
    )
    assert made.status_code == 200
    page = made.content.decode()
    token, row = set(ADDRESS.findall(page)), Invitation.objects.get()
    assert len(token) == 1
    assert invitations.find(token.pop()) == row
    assert "no-store" in made.headers["Cache-Control"]
    assert "Riverside is invited to use content of Stand-in LMS" in page
    assert (row.host, row.allowed_courses) == ("Moodle.example", [COURSE])
    assert row.expires_at - row.created_at == timedelta(days=3)
    for later in (PAGE, f"{PAGE}{row.pk}/change/"):
        shown = admin_client.get(later).content.decode()
        assert "Riverside" in shown
        assert not ADDRESS.search(shown)
        assert row.token_digest not in shown
    assert not ADDRESS.search(str(admin_client.session.items()) + str(admin_client.cookies))


def test_an_invitation_that_opens_everything_says_so(admin_client):
    page = admin_client.post(f"{PAGE}add/", form()).content.decode()
    assert "Everything that is published on this site" in page


def test_a_course_that_is_not_there_is_told_at_once(admin_client):
    page = admin_client.post(f"{PAGE}add/", form(allowed_courses="course-v1:No+Such+Course")).content.decode()
    assert "names what this site does not have" in page


def test_what_its_people_get_is_chosen_as_for_a_registration(admin_client):
    assert "Staff of a course" in admin_client.get(f"{PAGE}add/").content.decode()
    page = admin_client.post(f"{PAGE}add/", form(**PEOPLE, allowed_keys=f"{BLOCK}\n"))
    assert "no launch gives a role" in page.content.decode()
    row = Invitation.objects.get()
    assert {name: getattr(row, name) for name in PEOPLE} == PEOPLE
    again = admin_client.get(f"{PAGE}add/?like={row.pk}").context["adminform"].form.initial
    assert {name: again[name] for name in PEOPLE} == PEOPLE
    assert "course staff" in admin_client.get(f"{PAGE}{row.pk}/change/").content.decode()


def test_the_form_for_what_is_entered_by_hand_leads_those_who_may_to_an_invitation(client):
    user = User.objects.create_user("registers", password="x", is_staff=True)
    client.force_login(user)
    for name, leads in (("add_registration", False), ("add_invitation", True)):
        user.user_permissions.add(Permission.objects.get(codename=name))
        page = client.get("/admin/lti_1p3_provider/registration/add/").content.decode()
        assert ("make an invitation" in page) is leads
    assert "lti-gate-chooser" in client.get(f"{PAGE}add/").content.decode()
    assert client.post("/admin/lti_1p3_provider/registration/guided/courses/").status_code == 200  # what it asks


def test_whoever_may_make_no_registration_invites_nobody(client):
    user = User.objects.create_user("invites", password="x", is_staff=True)
    client.force_login(user)
    for name in ("view_invitation", "add_invitation"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    assert client.post(f"{PAGE}add/", form()).status_code == 403
    assert not Invitation.objects.exists()
    user.user_permissions.add(Permission.objects.get(codename="add_registration"))
    assert client.post(f"{PAGE}add/", form()).status_code == 200
    assert Invitation.objects.count() == 1


@every(
    "wrong",
    [
        {"name": ""},
        {"instructor_role": "owner"},
        {"learner_accounts": ""},
        {"host": "a b"},
        {"days": "0"},
        {"days": "366"},
        {"allowed_courses": "x"},
        {"allowed_orgs": "+"},
    ],
)
def test_what_is_wrong_stands_at_its_field(admin_client, wrong):
    page = admin_client.post(f"{PAGE}add/", form(**wrong))
    assert list(page.context["adminform"].form.errors) == list(wrong)
    assert not Invitation.objects.exists()


def test_a_record_is_neither_edited_nor_deleted_but_revoked(admin_client):
    row, _ = invite(Offer("Riverside"))
    assert admin_client.post(f"{PAGE}{row.pk}/change/", form(name="Changed")).status_code == 403
    assert admin_client.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    ticked = {"action": "revoke", "_selected_action": [row.pk]}
    assert "1 invitations were revoked" in admin_client.post(PAGE, ticked, follow=True).content.decode()
    row.refresh_from_db()
    assert row.status == "revoked"


def test_another_begins_with_the_values_of_one(admin_client):
    row, _ = invite(Offer("Riverside", allowed_courses=(COURSE,), enrolment_mode="audit"))
    assert f"?like={row.pk}" in admin_client.get(f"{PAGE}{row.pk}/change/").content.decode()
    initial = admin_client.get(f"{PAGE}add/?like={row.pk}").context["adminform"].form.initial
    assert (initial["name"], initial["allowed_courses"], initial["enrolment_mode"]) == ("Riverside", [COURSE], "audit")
    for odd in ("x", "999999", "-1", "²"):
        assert admin_client.get(f"{PAGE}add/?like={odd}").status_code == 200


def test_whoever_may_only_look_revokes_and_makes_none(client):
    user = User.objects.create_user("looks", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_invitation"))
    client.force_login(user)
    row, _ = invite(Offer("Riverside"))
    assert client.get(PAGE).status_code == 200
    assert client.post(f"{PAGE}add/", form()).status_code == 403
    client.post(PAGE, {"action": "revoke", "_selected_action": [row.pk]}, follow=True)
    row.refresh_from_db()
    assert row.status == "open"


def test_an_invitation_that_failed_says_why_and_leads_to_its_attempt(admin_client):
    row, _ = invite(Offer("Riverside"))
    invitations.use(row, "https://moodle.example")
    invitations.failed(row, Invitation.Status.REFUSED, "registration_not_taken", "ABCD-EFGH")
    page = admin_client.get(f"{PAGE}{row.pk}/change/").content.decode()
    assert "The platform refused to register this site" in page
    assert "/launchattempt/?q=ABCD-EFGH" in page


def command(*arguments: str) -> tuple[dict, str]:
    printed, warned = StringIO(), StringIO()
    call_command("lti_1p3_invite", "--json", *arguments, stdout=printed, stderr=warned)
    return json.loads(printed.getvalue()), warned.getvalue()


def test_the_command_prints_address_and_expiry_and_nothing_else():
    said, warned = command("--name=Riverside", f"--allow-course={COURSE}", "--allow-org=DemoX", "--expires-days=2")
    row = Invitation.objects.get()
    assert list(said) == ["url", "expires_at"]
    assert datetime.fromisoformat(said["expires_at"]) == row.expires_at
    assert invitations.find(ADDRESS.fullmatch(said["url"])[1]) == row
    assert (row.allowed_courses, row.allowed_orgs) == ([COURSE], ["DemoX"])
    assert (row.trust_emails, row.confine_sessions, row.enrolment_mode) == (False, True, "")
    assert warned == ""


def test_the_commands_options_are_those_of_the_registration_to_be():
    _, warned = command("--name=R", "--trust-emails", "--enrol=audit", "--subsection-columns", "--whole-lms")
    row = Invitation.objects.get()
    assert (row.trust_emails, row.confine_sessions, row.enrolment_mode, row.subsection_columns) == (
        True,
        False,
        "audit",
        True,
    )
    assert "may open everything" in warned


def test_the_command_says_what_its_people_get_as_that_of_registrations():
    said = [f"--{name.replace('_', '-')}={value}" for name, value in PEOPLE.items()]
    _, warned = command("--name=R", f"--allow-block={BLOCK}", *said)
    row = Invitation.objects.get()
    assert {name: getattr(row, name) for name in PEOPLE} == PEOPLE
    assert "no launch gives a role" in warned
    command("--name=R", "--instructor-role=none", "--no-whole-lms")
    row, fresh = Invitation.objects.order_by("pk").last(), Registration()
    assert {name: getattr(row, name) for name in OPTIONS} == {name: getattr(fresh, name) for name in OPTIONS}


def test_without_json_it_is_for_people():
    printed = StringIO()
    call_command("lti_1p3_invite", "--name=R", stdout=printed, stderr=StringIO())
    assert ADDRESS.search(printed.getvalue())


@pytest.mark.parametrize(
    "wrong",
    [
        ["--name="],
        ["--name=R", "--host=a b"],
        ["--name=R", "--allow-course=x"],
        ["--name=R", "--expires-days=0"],
        ["--name=R", "--designer-role=owner"],
    ],
)
def test_the_command_says_what_is_wrong(wrong):
    with pytest.raises(CommandError):
        command(*wrong)
    assert not Invitation.objects.exists()


def test_the_registrations_page_says_what_was_granted(admin_client):
    addresses = dict.fromkeys(("auth_login_url", "auth_token_url", "key_set_url"), "https://lms.example/a")
    row = Registration.objects.create(title="T", issuer="https://lms.example", client_id="c", **addresses)
    place = f"/admin/lti_1p3_provider/registration/{row.pk}/change/"
    assert "It granted" not in admin_client.get(place).content.decode()
    Registration.objects.update(granted_scopes=["https://x.example/scope/score"], approve_next_deployment=True)
    page = admin_client.get(place).content.decode()
    assert "It granted: score." in page
    assert "The first deployment that launches is approved" in page

"""Who registers a platform is told what its gate and its enrolment mode name and this site does not have."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import courses
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.registrations.models import Registration
from tests.connection import COURSE, OTHER_COURSE, PROBLEM
from tests.unit.registering import BASE, KEYS, URLS, form, run

pytestmark = pytest.mark.django_db
GONE = "course-v1:Gone+Gone+Gone"
COMMAND = [*BASE, *URLS, *KEYS]


class Catalogue:
    """A host's courses and their modes; counts how many it was asked for."""

    def __init__(self, modes: dict[str, set[str]]) -> None:
        self.modes = {CourseKey.from_string(key): frozenset(has) for key, has in modes.items()}
        self.asked = 0

    def enrolment_modes(self, course_key: CourseKey) -> frozenset[str] | None:
        self.asked += 1
        return self.modes.get(course_key)

    def newest_courses(self, org: str | None, most: int) -> Sequence[CourseKey]:
        return [key for key in self.modes if org in (None, key.org)][:most]


def registration(mode: str = "", **gate: list[str]) -> Registration:
    row = Registration.objects.create(issuer="https://p.example", client_id="c", enrolment_mode=mode)
    if gate:
        LaunchGate.objects.create(registration=row, **gate)
    return row


def said(*arguments: object) -> list[tuple[str, bool]]:
    return [(doubt.about, doubt.refuses) for doubt in doubts(*arguments)]


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ({"allowed_courses": [COURSE]}, [("enrolment", True)]),
        ({"allowed_keys": [PROBLEM]}, [("reach", False), ("enrolment", True)]),
        ({"allowed_courses": [OTHER_COURSE]}, []),
        ({"allowed_orgs": ["DemoX"]}, [("enrolment", False)]),
        ({"allowed_orgs": ["OtherX"]}, []),
        ({"allowed_orgs": ["DemoX"], "allowed_courses": [COURSE]}, [("enrolment", True)]),
        ({"allowed_courses": [GONE]}, [("gate", False)]),
        ({"allowed_keys": ["block-v1:Gone+Gone+Gone+type@problem+block@x"]}, [("gate", False), ("reach", False)]),
        ({"allowed_orgs": ["OtherX"], "block_filter": {"all": ["problem"]}}, [("reach", False)]),
        ({"allowed_orgs": ["GoneX"]}, [("gate", False)]),
        ({"allowed_courses": [GONE, COURSE]}, [("gate", False), ("enrolment", True)]),
        ({}, [("enrolment", False)]),
    ],
)
def test_each_way_to_name_courses_is_looked_at(gate, expected):
    catalogue = Catalogue({COURSE: {"honor"}, OTHER_COURSE: {"audit", "verified"}})
    assert said(registration("audit", **gate), catalogue) == expected


def test_a_gate_for_blocks_that_is_none_for_the_site_is_said(settings):
    row, catalogue = registration(allowed_keys=[PROBLEM]), Catalogue({COURSE: {"audit"}})
    assert said(row, catalogue) == []
    row.confine_sessions = False
    (doubt,) = doubts(row, catalogue)
    assert (doubt.about, "use the whole site" in doubt.says) == ("reach", True)
    row.gate.allowed_keys, row.gate.allowed_courses = [], [COURSE]
    row.gate.save()
    assert said(row, catalogue) == []


def test_the_page_of_a_registration_says_what_its_people_may_reach(admin_client):
    row = registration(allowed_keys=[PROBLEM])
    address = f"/admin/lti_1p3_provider/registration/{row.pk}/change/"
    assert "What they launched, with all that is below it" in admin_client.get(address).content.decode()
    Registration.objects.update(confine_sessions=False)
    page = admin_client.get(address).content.decode()
    assert "The whole site" in page
    assert "The launch gate limits what they launch, and nothing else." in page


def test_without_an_enrolment_mode_nobody_is_enrolled_and_no_mode_is_missing():
    catalogue = Catalogue({COURSE: {"honor"}})
    assert said(registration(allowed_courses=[COURSE]), catalogue) == []


def test_the_sentence_names_course_mode_and_what_there_is():
    (doubt,) = doubts(registration("audit", allowed_courses=[COURSE]), Catalogue({COURSE: {"verified", "honor"}}))
    assert doubt.says.startswith(f"No enrolment mode 'audit' in {COURSE} (it has honor, verified).")
    assert "Add the mode 'audit'" in str(doubt)


def test_where_a_gate_is_required_a_registration_without_one_opens_nothing(settings):
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    catalogue = Catalogue({COURSE: {"honor"}})
    assert said(registration("audit"), catalogue) == []
    assert catalogue.asked == 0


def test_a_large_site_and_a_large_gate_cost_no_more_than_the_bounds():
    many = [f"course-v1:DemoX+C{number}+R" for number in range(1000)]
    catalogue = Catalogue({key: {"honor"} for key in many})
    (doubt,) = doubts(registration("audit", allowed_orgs=["DemoX"]), catalogue)
    assert catalogue.asked == courses.MAX_NEWEST
    assert f"and {courses.MAX_NEWEST - courses.MAX_SHOWN} more" in doubt.says
    LaunchGate.objects.update(allowed_orgs=[], allowed_courses=many)
    catalogue.asked = 0
    doubts(Registration.objects.get(), catalogue)
    assert catalogue.asked == courses.MAX_NAMED


@pytest.mark.parametrize("error", [DatabaseError("secret"), RuntimeError("secret"), RecursionError()])
def test_a_host_that_cannot_say_is_a_doubt_and_spoils_no_transaction(error):
    class Broken(Catalogue):
        def enrolment_modes(self, course_key: CourseKey) -> frozenset[str] | None:
            if isinstance(error, DatabaseError):
                connection.cursor().execute("SELECT * FROM nowhere")
            raise error

    (doubt,) = doubts(registration("audit", allowed_courses=[COURSE]), Broken({}))
    assert (doubt.about, doubt.refuses) == ("courses", False)
    assert "secret" not in str(doubt)
    assert Registration.objects.exists()  # the transaction goes on


def test_the_command_warns_and_registers_all_the_same():
    printed = run(*COMMAND, "--enrol=verified", f"--allow-course={COURSE}", f"--allow-course={GONE}")
    gone, mode = printed["warnings"]
    assert GONE in gone
    assert f"No enrolment mode 'verified' in {COURSE} (it has audit, honor)" in mode
    assert Registration.objects.get().enrolment_mode == "verified"
    out = StringIO()
    call_command("lti_1p3_register", *COMMAND, stdout=out)
    assert f"Warning: {mode}" in out.getvalue()


def test_the_command_has_no_warning_where_all_fits():
    assert run(*COMMAND, "--enrol=audit", f"--allow-course={COURSE}", "--allow-org=OtherX")["warnings"] == []


def test_the_admin_warns_after_saving(admin_client):
    gate = {
        "gate-TOTAL_FORMS": "1",
        "gate-0-allowed_courses": f"{COURSE}\r\n{GONE}",
        "gate-0-allowed_orgs": "",
        "gate-0-allowed_keys": "",
        "gate-0-block_filter": "{}",
    }
    values = form(title="T", platform="moodle", platform_host="m.example", client_id="c", enrolment_mode="nope", **gate)
    page = admin_client.post("/admin/lti_1p3_provider/registration/add/", values, follow=True).content.decode()
    assert Registration.objects.get().enrolment_mode == "nope"
    assert page.count('class="warning"') == 2
    assert GONE in page
    assert "No enrolment mode &#x27;nope&#x27; in" in page

"""A platform registers itself by an invitation, over real HTTP. What it says is what Moodle said, but for one thing."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from demo.browser import Browser, forms
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import DeploymentUnknown, RegistrationAnswerLost
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.dynamic_registration import Granted
from lti_1p3_provider.onboarding import made, reading
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.onboarding.models import Invitation, OpenedConfiguration
from lti_1p3_provider.registrations.find import deployment_for
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.web.sealed import seal, unseal
from tests.cases import every
from tests.connection import CLAIM, COURSE, WELCOME
from tests.inviting import CAPTURE, PLATFORM, SCOPES, TOKEN, TOOL, Registering, said
from tests.web_server import Said

NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


@pytest.fixture
def there(lms, web_server) -> Registering:
    return Registering(web_server)


def secret_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def require_unlogged(caplog, *secrets: str) -> None:
    """Check what was logged, but for the requests that the tests themselves make, and the test server's lines."""
    own = ("urllib3", "django.server")
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith(own))
    assert [secret for secret in secrets if secret in logged] == []


def invitation() -> Invitation:
    return Invitation.objects.latest("pk")


def test_dr_08_dr_05_a_platform_registers_itself_and_brings_what_the_invitation_has(there):
    url = there.invite(host=there.host, allowed_courses=(COURSE,), enrolment_mode="audit", confine_sessions=False)
    page = there.register(url)
    assert page.status_code == 200
    assert "Registered. Now activate it" in page.text
    row = Registration.objects.get()
    assert (row.title, row.platform, row.issuer, row.client_id) == (
        "Riverside Moodle",
        "moodle",
        there.base,
        "WHdpTpBJxRGBXU1",
    )
    assert row.auth_login_url == f"{there.base}/mod/lti/auth.php"
    assert row.auth_token_url == f"{there.base}/mod/lti/token.php"
    assert row.key_set_url == f"{there.base}/mod/lti/certs.php"
    assert (row.enrolment_mode, row.confine_sessions, row.trust_emails, row.enabled) == ("audit", False, False, True)
    assert row.gate.allowed_courses == [COURSE]
    assert sorted(row.granted_scopes)[0] == SCOPES[1]
    assert list(row.deployments.values_list("deployment_id", "status")) == [("2", "approved")]
    assert not row.approve_next_deployment
    assert (invitation().status, invitation().registration) == ("registered", row)
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.door, attempt.registration) == ("ok", "register", row)


def test_dr_08_what_an_invitation_says_of_people_their_registration_has(there):
    people = {
        "learner_accounts": "existing_with_proof",
        "teacher_accounts": "existing_only",
        "instructor_role": "staff",
        "assistant_role": "limited_staff",
        "designer_role": "beta_testers",
    }
    page = there.look(there.invite(**people))
    for words in (
        "Learners may use an account that they have here.",
        "Teachers need an account here, and sign in to it once.",
        "instructors become: course staff.",
        "teaching assistants become: limited staff",
        "content developers become: beta tester",
    ):
        assert words in page.text
    there.go_on(page)
    row = Registration.objects.get()
    assert {name: getattr(row, name) for name in people} == people


def test_an_invitation_that_says_nothing_of_people_promises_nothing(there):
    text = there.look(there.invite()).text
    assert "become" not in text
    assert "is enrolled" not in text
    assert "an account" not in text


def test_dr_04_the_request_is_the_one_that_moodle_took(there, lms):
    """Field by field as in the capture, where a real Moodle answered with a client id."""
    there.register(there.invite(trust_emails=True))
    asked, took = there.asked_for, CAPTURE["registration_request"]
    assert {name: asked[name] for name in ("application_type", "response_types", "grant_types")} == {
        name: took[name] for name in ("application_type", "response_types", "grant_types")
    }
    assert asked["token_endpoint_auth_method"] == took["token_endpoint_auth_method"]
    assert asked["redirect_uris"] == [f"{lms}/lti/1p3/launch/"]
    assert asked["initiate_login_uri"] == f"{lms}/lti/1p3/login/"
    assert asked["jwks_uri"] == f"{lms}/lti/1p3/pub/jwks/"
    assert asked["client_name"] == "Stand-in LMS"
    assert set(asked["scope"].split()) == set(SCOPES) <= set(took["scope"].split())
    tool = asked[TOOL]
    assert tool["domain"] == lms.partition("://")[2]  # of the target_link_uri, with its port, as Moodle compares it
    assert tool["target_link_uri"] == asked["redirect_uris"][0]
    assert tool["claims"] == ["iss", "sub", "name", "given_name", "family_name", "email"] == took[TOOL]["claims"]
    assert tool["custom_parameters"] == {"context_history": "$Context.id.history"}
    first, second = tool["messages"]
    assert first == {"type": "LtiResourceLinkRequest"}
    assert (second["type"], second["placements"]) == ("LtiDeepLinkingRequest", ["ContentArea"])
    assert second["target_link_uri"] == f"{lms}/lti/1p3/deep-linking/"
    assert "tos_uri" not in asked


def test_terms_and_privacy_are_named_where_the_site_has_them(there, settings):
    settings.LTI_1P3_PROVIDER_TERMS_URL = "https://lms.example/tos"
    settings.LTI_1P3_PROVIDER_PRIVACY_URL = "https://lms.example/privacy"
    settings.LTI_1P3_PROVIDER_TOOL_NAME = "Open edX of Riverside"
    page = there.look(there.invite())
    assert 'href="https://lms.example/privacy"' in page.text
    there.go_on(page)
    asked = there.asked_for
    assert (asked["tos_uri"], asked["policy_uri"]) == ("https://lms.example/tos", "https://lms.example/privacy")
    assert asked["client_name"] == "Open edX of Riverside"


def test_only_what_the_platform_supports_is_asked_for(there):
    there.configuration["scopes_supported"] = [SCOPES[0], "openid", 7, None]
    there.configuration["claims_supported"] = ["sub", "name"]
    there.configuration[PLATFORM] = {"messages_supported": ["LtiResourceLinkRequest"], "variables": ["Context.id"]}
    page = there.look(there.invite(trust_emails=True))
    assert "does not let teachers choose content" in page.text
    assert "Email addresses" not in page.text
    there.go_on(page)
    asked = there.asked_for
    assert asked["scope"] == SCOPES[0]
    assert asked[TOOL]["claims"] == ["sub", "name"]
    assert asked[TOOL]["messages"] == [{"type": "LtiResourceLinkRequest"}]
    assert "custom_parameters" not in asked[TOOL]


def test_an_email_that_is_not_trusted_is_not_asked_for(there):
    there.register(there.invite())
    assert "email" not in there.asked_for[TOOL]["claims"]


def test_the_page_says_who_asks_for_what_and_what_it_may_open(there):
    page = there.look(there.invite(allowed_orgs=("DemoX",), enrolment_mode="audit"))
    for words in ("Moodle", "4.5.6", there.host, "All courses of DemoX", "Send scores", "Names of people", "audit"):
        assert words in page.text
    assert Registration.objects.count() == len(there.posted) == 0
    page = there.look(there.invite())
    assert "Everything that is published on this site" in page.text


def test_an_invitation_of_an_organization_opens_what_is_its_own(there):
    text = there.look(there.invite(org="Riverside")).text
    assert "Everything that is published of Riverside." in text
    assert "on this site" not in text


def test_opening_prefetching_and_reloading_use_nothing_up_and_ask_the_platform_nothing(there):
    url = there.invite()
    for _ in range(3):
        assert there.open(url).status_code == 200
        assert there.browser.head(url, timeout=20).status_code == 200
        assert "belongs in your learning platform" in there.browser.get(url, timeout=20).text
    assert len(there.server.asked) == 0
    assert invitation().status == "open"


def test_the_configuration_is_read_once_although_the_page_is_loaded_again(there):
    """Brightspace's address works exactly once, and comes without a token."""
    url = there.invite()
    there.will_say(said(there.configuration), Said(b"gone", 404))
    opened = there.open(url, token="")
    pages = [there.go_on(opened), there.go_on(opened), there.go_on(there.open(url, token=""))]
    assert [page.status_code for page in pages] == [200] * 3
    (asked,) = there.server.asked
    assert "Authorization" not in asked.headers
    there.will_say(said(there.response, 201))
    assert there.go_on(pages[0]).status_code == 200
    assert "Authorization" not in there.posted[0].headers
    assert Registration.objects.count() == 1


def test_dr_01_the_token_goes_to_the_platform_and_nowhere_else(there, caplog):
    caplog.set_level(logging.DEBUG)
    url = there.invite()
    pages = [there.open(url), page := there.look(url), there.go_on(page)]
    assert {one.headers["Authorization"] for one in there.server.asked} == {f"Bearer {TOKEN}"}
    require_unlogged(caplog, TOKEN, secret_of(url))
    for page in pages:
        assert TOKEN not in page.text
        assert secret_of(url) not in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page.headers["Cache-Control"]
        assert "Set-Cookie" not in page.headers
        assert "X-Frame-Options" not in page.headers
        assert "frame-ancestors" not in page.headers["Content-Security-Policy"]
    kept = str([vars(row) for model in (Invitation, OpenedConfiguration) for row in model.objects.all()])
    assert TOKEN not in kept
    assert "certs.php" not in kept


@every("token", ["a b", "a\r\nX-Evil: 1", "ü", "a" * 8193])
def test_dr_01_a_token_that_is_none_is_refused(there, token):
    page = there.open(there.invite(), token=token)
    assert (page.status_code, "registration_address_invalid" in page.text) == (400, True)


@every(
    "address",
    ["http://platform.example/c", "ftp://a.example", "https://a:b@c.example/", "javascript:x", "https://" + "a" * 3000],
)
def test_dr_01_sec_05_an_address_that_may_not_be_called_is_refused(there, address):
    page = there.open(there.invite(), address=address)
    assert (page.status_code, "registration_address_invalid" in page.text) == (400, True)


def test_a_refusal_of_an_invitation_that_is_still_good_logs_no_secret(there, caplog):
    url = there.invite()
    for page in (
        there.open(url, address="ftp://a.example"),
        there.open(url, token="a b"),
        there.browser.post(url, timeout=20),
        there.browser.delete(url, timeout=20),
    ):
        assert 400 <= page.status_code < 500
    there.will_say(Said(b"<html>"))
    assert there.go_on(there.open(url)).status_code == 502
    require_unlogged(caplog, TOKEN, secret_of(url))
    assert invitation().status == "open"


@every("address", ["https://10.0.0.1/c", "https://169.254.169.254/latest", "https://[fd00::1]/c"])
def test_sec_05_a_private_address_is_not_called(there, address, settings):
    page = there.go_on(there.open(there.invite(), address=address))
    assert "address_forbidden" in page.text
    assert invitation().status == "open"


@every("name", NEEDED)
@every("value", [None, "", 7, "nothing"])
def test_dr_03_what_a_registration_needs_must_be_there(there, name, value):
    page = there.saying({name: value}).look(there.invite())
    assert page.status_code in (403, 502)
    assert "configuration_unreadable" in page.text or (name == "issuer" and "configuration_foreign" in page.text)
    assert invitation().status == "open"


@every("name", NEEDED)
@every("family", ["moodle", "canvas", "blackboard", "unheard-of"])
def test_dr_02_nobody_speaks_for_another_platform(there, name, family):
    product = {**there.configuration[PLATFORM], "product_family_code": family}
    page = there.saying({name: "https://other.example/x", PLATFORM: product}).look(there.invite())
    assert (page.status_code, "configuration_foreign" in page.text) == (403, True)
    assert invitation().status == "open"


@pytest.mark.parametrize("family", ["moodle", "unheard-of", "desire2learn"])
def test_dr_02_nobody_collects_assertions_that_count_at_another_platform(there, family):
    """The family's own audience is filled in, too, beside whatever token address a configuration names."""
    there.configuration[PLATFORM]["product_family_code"] = family
    if family != "desire2learn":
        there.configuration["authorization_server"] = "https://other.example/token"
    page = there.look(there.invite())
    assert (page.status_code, "configuration_foreign" in page.text) == (403, True)
    assert invitation().status == "open"


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        (
            "canvas",
            {"issuer": "https://canvas.instructure.com", "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks"},
        ),
        ("canvas", {"issuer": "https://canvas.test.instructure.com"}),
        (
            "BlackboardLearn",
            {"issuer": "https://blackboard.com", "token_endpoint": "https://developer.blackboard.com/t"},
        ),
        ("desire2learn", {"token_endpoint": "https://auth.brightspace.com/core/connect/token"}),
    ],
)
def test_dr_02_families_of_which_it_is_known_have_other_hosts(there, family, changes):
    there.configuration |= changes
    there.configuration[PLATFORM]["product_family_code"] = family
    assert "Registered. Now" in there.register(there.invite()).text
    row = Registration.objects.get()
    assert there.base in row.origins  # frames and services of a school are on its own host
    assert row.issuer == there.configuration["issuer"]
    assert row.auth_audience == ("https://api.brightspace.com/auth/token" if family == "desire2learn" else "")


def test_canvas_names_the_school_and_spells_placements_in_its_way(there):
    canvas = "https://canvas.instructure.com/lti/"
    there.configuration[PLATFORM] = {
        "product_family_code": "canvas",
        f"{canvas}account_name": "Lakeside <b>School</b>",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": [f"{canvas}course_navigation"]},
            {
                "type": "LtiDeepLinkingRequest",
                "placements": [f"{canvas}assignment_selection", f"{canvas}link_selection"],
            },
        ],
    }
    page = there.look(there.invite())
    assert "Lakeside &lt;b&gt;School" in page.text
    there.go_on(page)
    (message,) = there.asked_for[TOOL]["messages"]
    assert message["placements"] == [f"{canvas}assignment_selection", f"{canvas}link_selection"]


def test_an_invitation_for_another_host_is_not_used(there):
    page = there.look(there.invite(host="moodle.example"))
    assert (page.status_code, "platform_not_invited" in page.text) == (403, True)
    assert invitation().status == "open"
    assert there.posted == []


@pytest.mark.parametrize("status", [200, 201])
def test_dr_05_what_was_granted_is_stored_and_what_was_not_is_said(there, status):
    there.response |= {"scope": SCOPES[0], TOOL: {}}
    page = there.register(there.invite(), said(there.response, status))
    assert "did not grant everything" in page.text
    assert "Make and change its own columns" in page.text
    assert "Send scores" not in page.text
    assert "The first one that launches is let in" in page.text
    row = Registration.objects.get()
    assert row.granted_scopes == [SCOPES[0]]
    assert row.approve_next_deployment
    assert not row.deployments.exists()


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ({"deployment_id": "7", TOOL: {}}, ["7"]),
        ({TOOL: {"deployment_id": 7}}, []),
        ({TOOL: None}, []),
        ({TOOL: [3]}, []),
    ],
)
def test_dr_05_a_deployment_is_found_where_platforms_put_it(there, place, found):
    there.response |= place
    there.register(there.invite())
    assert list(Deployment.objects.values_list("deployment_id", flat=True)) == found
    assert Registration.objects.get().approve_next_deployment is not bool(found)


def test_dr_05_a_platform_that_says_nothing_of_scopes_is_believed(there):
    there.response["scope"] = None
    assert "did not grant everything" not in there.register(there.invite()).text
    assert Registration.objects.get().granted_scopes is None


def test_dr_06_a_registration_that_exists_is_never_changed(there):
    there.register(there.invite(allowed_orgs=("DemoX",)))
    before = Registration.objects.values().get()
    page = there.register(there.invite(name="Another"))
    assert (page.status_code, "registration_there" in page.text) == (409, True)
    assert Registration.objects.values().get() == before
    row = Invitation.objects.get(name="Another")
    assert (row.status, row.outcome, row.registration) == ("refused", "registration_there", None)
    assert LaunchAttempt.objects.get(support_code=row.support_code).outcome == "registration_there"


def test_dr_07_the_done_page_can_ask_the_platform_to_close_it(there, lms):
    page = there.register(there.invite())
    assert 'id="close"' in page.text
    script = there.browser.get(f"{lms}/static/lti_1p3_provider/invited.js", timeout=20).text
    assert '"org.imsglobal.lti.close"' in script
    assert "press &#x27;Activate&#x27;" in page.text


ANSWERS = {
    "html": (Said(b"<html>Please sign in</html>"), "registration_answer_lost", "unknown"),
    "empty": (Said(b""), "registration_answer_lost", "unknown"),
    "no client_id": (said({"client_name": "x"}), "registration_answer_lost", "unknown"),
    "client_id is no text": (said({"client_id": 7}), "registration_answer_lost", "unknown"),
    "client_id with spaces": (said({"client_id": " a "}), "registration_answer_lost", "unknown"),
    "long client_id": (said({"client_id": "a" * 256}), "registration_answer_lost", "unknown"),
    "500": (Said(b"oops", 500), "registration_answer_lost", "unknown"),
    "redirect": (Said(b"", 302, {"Location": "http://169.254.169.254/"}), "registration_answer_lost", "unknown"),
    "deep": (Said(b"[" * 5000), "registration_answer_lost", "unknown"),
    "huge": (Said(b" " * 2_000_000), "registration_answer_lost", "unknown"),
    "422": (said({"errors": ["unknown scope"]}, 422), "registration_not_taken", "refused"),
    "400": (Said(b"domain_targetlinkuri_mismatch", 400), "registration_not_taken", "refused"),
    "401": (Said(b"<html>no</html>", 401), "registration_not_taken", "refused"),
}


@every("name", ANSWERS)
def test_an_answer_that_makes_no_registration_is_explained_and_never_asked_for_again(there, name):
    (answer, code, status), before = ANSWERS[name], len(there.posted)
    page = there.look(url := there.invite(), answer)
    ends = [there.go_on(page), there.go_on(page), there.go_on(page)]
    assert code in ends[0].text
    assert [end.status_code < 600 and end.status_code >= 400 for end in ends] == [True] * 3
    assert len(there.posted) - before == 1
    row = invitation()
    assert (row.status, row.outcome, row.registration) == (status, code, None)
    assert row.support_code in ends[0].text
    assert LaunchAttempt.objects.get(support_code=row.support_code).outcome == code
    assert Registration.objects.count() == 0
    if status == "unknown":
        assert "Look at your learning platform" in ends[1].text
    assert there.open(url, token="another").status_code == 409


def test_the_platforms_own_words_are_shown_but_not_its_token_or_markup(there):
    page = there.register(there.invite(), said({"errors": ["unknown scope <b>"]}, 422))
    assert "unknown scope &lt;b&gt;" in page.text
    page = there.register(there.invite(), Said(f"token {TOKEN} is over".encode(), 401))
    assert TOKEN not in page.text
    page = there.register(there.invite(), Said(b"<html><script>alert(1)</script>", 400))
    assert "alert" not in page.text
    assert not LaunchAttempt.objects.filter(detail__contains="scope").exists()


def test_two_submits_at_once_make_one_registration(there):
    page = there.look(there.invite())
    form, together = forms(page)[0], Barrier(4)

    def press(_):
        together.wait(timeout=30)
        return Browser().submit(form)

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(press, range(4)))
    assert len(there.posted) == 1
    assert Registration.objects.count() == 1
    assert {end.status_code for end in ends} <= {200, 202}
    again = there.go_on(page)
    assert "Registered. Now activate it" in again.text
    assert len(there.posted) == 1


def test_two_who_open_it_at_once_read_the_configuration_once(there):
    url = there.invite()
    there.will_say(said(there.configuration), Said(b"gone", 404))
    form, together = forms(there.open(url))[0], Barrier(4)

    def go_on(_):
        together.wait(timeout=30)
        return Browser().submit(form)

    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(go_on, range(4)))
    assert [page.status_code for page in pages] == [200] * 4
    assert len(there.server.asked) == 1
    assert OpenedConfiguration.objects.count() == 1


def test_of_invitations_used_at_once_with_one_client_id_one_makes_the_registration(there):
    """Two invitations, and a platform that gives the same client ID to both."""
    pages = [there.look(there.invite(name=name, allowed_orgs=(name,))) for name in ("One", "Two")]
    there.will_say(said(there.response))
    sent, together = [forms(page)[0] for page in pages], Barrier(2)

    def press(form):
        together.wait(timeout=30)
        return Browser().submit(form)

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(press, sent))
    assert sorted(end.status_code for end in ends) == [200, 409]
    row = Registration.objects.get()
    assert row.gate.allowed_orgs == [row.title]
    assert sorted(Invitation.objects.values_list("status", flat=True)) == ["refused", "registered"]


def test_dr_05_of_first_launches_at_once_one_deployment_is_let_in(there):
    there.response[TOOL] = {}
    there.register(there.invite())
    registration, together = Registration.objects.get(), Barrier(6)

    def launch(number):
        try:
            together.wait(timeout=30)
            return deployment_for(Registration.objects.get(pk=registration.pk), str(number % 3), None).deployment_id
        except DeploymentUnknown:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        let_in = list(pool.map(launch, range(6)))
    (first,) = set(let_in) - {None}
    assert Deployment.objects.get(status="approved").deployment_id == first
    assert Deployment.objects.filter(status="pending").count() == 2


def test_a_process_that_died_leaves_the_truth_behind(there):
    page = there.look(there.invite())
    row = invitation()
    Invitation.objects.update(status="unknown", sent_at=timezone.now(), sent_to=there.base)
    waiting = there.go_on(page)
    assert (waiting.status_code, "has not answered yet" in waiting.text) == (202, True)
    Invitation.objects.update(sent_at=row.created_at - timedelta(minutes=2))
    late = there.go_on(waiting)
    assert (late.status_code, "registration_answer_lost" in late.text) == (502, True)
    assert there.posted == []


def test_what_came_of_it_is_shown_to_the_platform_that_used_it_only(there, web_server):
    """Two platforms opened the same invitation; the second learns nothing of the first."""
    url = there.invite()
    page = there.look(url)
    Invitation.objects.update(status="unknown", sent_at=timezone.now(), sent_to="https://first.example")
    other = there.go_on(page)
    assert (other.status_code, "invitation_used" in other.text) == (409, True)
    assert "first.example" not in other.text


def test_revoking_and_expiry_count_until_the_last_moment(there):
    page = there.look(there.invite())
    Invitation.objects.update(status="revoked")
    assert "invitation_revoked" in there.go_on(page).text
    Invitation.objects.update(status="open", expires_at=timezone.now())
    assert "invitation_expired" in there.go_on(page).text
    assert there.posted == []


@every("step", ["read", "send"])
@every("form", ["", "x", "gAAAAAB", "ü" * 10])
def test_dr_08_a_form_that_was_not_sealed_here_is_refused(there, lms, step, form):
    page = there.browser.post(f"{lms}/lti/1p3/register/{step}/", data={"form": form}, timeout=20)
    assert (page.status_code, "registration_form_over" in page.text) == (410, True)
    assert there.browser.get(f"{lms}/lti/1p3/register/{step}/", timeout=20).status_code == 410


def test_dr_08_a_form_for_one_step_is_none_for_another(there, lms):
    sealed = forms(there.open(there.invite()))[0].fields["form"]
    page = there.browser.post(f"{lms}/lti/1p3/register/send/", data={"form": sealed}, timeout=20)
    assert page.status_code == 410


@every("token", ["a", "..", "a" * 43, "%00", "%F0%9F%98%80"])
def test_dr_08_nobody_registers_without_an_invitation(there, lms, token):
    page = there.open(f"{lms}/lti/1p3/register/{token}/")
    assert page.status_code == 404


BAD_CONFIGURATIONS = {
    "html": Said(b"<html>Sign in</html>"),
    "empty": Said(b""),
    "list": Said(b"[]"),
    "404": Said(b"{}", 404),
    "deep": Said(b'{"a":' * 3000),
    "twice": Said(b'{"issuer": "a", "issuer": "b"}'),
    "not UTF-8": Said(b'{"issuer": "\xff"}'),
    "large": Said(b'{"a": "' + b"a" * 300_000 + b'"}'),
    "redirect elsewhere": Said(b"", 302, {"Location": "https://169.254.169.254/"}),
}


def test_a_configuration_that_cannot_be_read_uses_nothing_up(there):
    url = there.invite()
    for name, answer in BAD_CONFIGURATIONS.items():
        before = len(there.server.asked)
        there.will_say(answer)
        page = there.go_on(there.open(url))
        assert (page.status_code, "configuration_unreadable" in page.text) == (502, True), name
        assert len(there.server.asked) - before == 1, name
        attempt = LaunchAttempt.objects.first()
        assert (attempt.outcome, attempt.support_code in page.text) == ("configuration_unreadable", True), name
    assert "Registered. Now" in there.register(url).text


def test_markup_of_a_platform_is_text(there):
    there.configuration[PLATFORM] |= {"product_family_code": "<i>x</i>", "version": "<script>alert(1)</script>"}
    page = there.look(there.invite(name="<u>Riverside</u>"))
    assert "<i>x" not in page.text
    assert "<script>alert" not in page.text
    assert "<u>" not in page.text


def test_off_means_off(there, settings, caplog):
    url = there.invite()
    settings.ENABLE_LTI_1P3_PROVIDER = False
    with caplog.at_level(logging.DEBUG):
        assert there.open(url).status_code == 404
    require_unlogged(caplog, secret_of(url), TOKEN)


def test_a_failure_that_nobody_expected_logs_no_secret(there, settings, caplog):
    """Our script has no entry among the site's files: somebody forgot to collect them."""
    url = there.invite()
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    with caplog.at_level(logging.DEBUG):
        assert there.open(url).status_code == 500
    require_unlogged(caplog, secret_of(url), TOKEN)
    assert "LTI register: ImproperlyConfigured" in caplog.text


def test_a_registration_endpoint_that_may_not_be_called_gives_the_invitation_back(there, settings):
    """Its name leads to a private address by now: nothing was sent."""
    allowed = settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS
    page = there.look(there.invite())
    row = OpenedConfiguration.objects.get()
    before, moved = row.content, "https://localhost"
    said_there = {**unseal(reading.PURPOSE, before, 60), "address": f"{moved}/openid-configuration"}
    said_there["text"] = said_there["text"].replace(there.base, moved)
    OpenedConfiguration.objects.update(content=seal(reading.PURPOSE, said_there))
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    assert "address_forbidden" in there.go_on(page).text
    assert (invitation().status, invitation().sent_at, invitation().sent_to) == ("open", None, "")
    assert there.posted == []
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = allowed
    OpenedConfiguration.objects.update(content=before)
    assert there.go_on(page).status_code == 200
    assert invitation().status == "registered"


def in_the_way(number: int, error: Exception):
    """Return what stops that many inserts of registrations with an error."""
    left = [number]

    def execute(go_on, sql, *others):
        if sql.startswith("INSERT") and "registration" in sql and left[0]:
            left[0] -= 1
            raise error
        return go_on(sql, *others)

    return execute


def granted_to(invitation: Invitation) -> Registration:
    row = Registration(
        title="Riverside",
        issuer="https://moodle.example",
        auth_login_url="https://moodle.example/login",
        auth_token_url="https://moodle.example/token",
        key_set_url="https://moodle.example/keys",
    )
    made.registration(row, invitation, Granted(client_id="granted-1", deployment_id="2", scopes=None))
    return row


def test_a_client_id_is_not_lost_in_a_conflict_with_another_transaction(db):
    invited, _ = invite(Offer("Riverside", allowed_courses=(COURSE,)))
    with connection.execute_wrapper(in_the_way(2, OperationalError(1213, "Deadlock found"))):
        granted_to(invited)
    row = Registration.objects.get()
    assert (row.client_id, row.gate.allowed_courses) == ("granted-1", [COURSE])
    assert list(row.deployments.values_list("deployment_id", flat=True)) == ["2"]
    assert (invitation().status, invitation().registration) == ("registered", row)


@pytest.mark.parametrize(("times", "number"), [(9, 1213), (1, 1366)])
def test_a_client_id_that_cannot_be_stored_is_named(db, times, number):
    invited, _ = invite(Offer("Riverside"))
    with (
        connection.execute_wrapper(in_the_way(times, OperationalError(number, "no"))),
        pytest.raises(RegistrationAnswerLost, match="granted-1"),
    ):
        granted_to(invited)
    assert not Registration.objects.exists()
    assert invited.registration is None


def test_who_loses_the_race_for_an_old_configuration_gets_the_new_one(there):
    url = there.invite()
    there.look(url)
    row = OpenedConfiguration.objects.get()
    fresh, row.content = row.content, "what was read hours ago"
    row.opened_at -= timedelta(hours=2)
    row.save()
    lost = []

    def execute(go_on, sql, *others):
        if sql.startswith("UPDATE") and not lost:
            lost.append(sql)
            OpenedConfiguration.objects.update(opened_at=timezone.now() + timedelta(seconds=1), content=fresh)
        return go_on(sql, *others)

    address = f"{there.base}/configuration"
    OpenedConfiguration.objects.update(address_digest=digest(f"{address}\0{TOKEN}"))
    with connection.execute_wrapper(execute):
        found = reading.opened(row.invitation, address, TOKEN)
    assert len(lost) == 1
    assert found.content == fresh


def test_dr_05_the_first_launch_brings_the_deployment_and_the_second_waits(connect):
    """As after a registration in whose answer no deployment was named."""
    connection = connect(deployment_ids=())
    Registration.objects.update(approve_next_deployment=True)
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    assert list(Deployment.objects.values_list("deployment_id", "status")) == [("1", "approved")]
    connection.platform.tamper_next_launch(claims=lambda claims: {**claims, f"{CLAIM}deployment_id": "2"})
    assert "deployment_unknown" in connection.launch(connection.link(WELCOME)).text
    assert set(Deployment.objects.values_list("deployment_id", "status")) == {("1", "approved"), ("2", "pending")}


def test_somebody_who_launched_in_this_browser_before_can_register(connect, web_server):
    """Their session is confined to what they launched, and has nothing to do with this."""
    connection = connect()
    there = Registering(web_server)
    connection.launch(connection.link(WELCOME), browser=there.browser)
    assert "Registered. Now activate it" in there.register(there.invite()).text
    assert there.browser.get(connection.content_url(WELCOME), timeout=20).status_code == 200

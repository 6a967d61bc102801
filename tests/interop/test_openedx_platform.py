"""The LTI platform of Open edX (`lti-consumer-xblock`, not ours) against our app: real HTTP both ways, no stand-ins."""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from django.core.cache import cache

from demo.browser import Browser, forms
from demo.lms.models import Profile
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import BrowserMismatch, GrantMissing, LaunchReplayed
from lti_1p3_provider.lti.access_tokens import access_token
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.find import user_of
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import AGS_CLAIM, CLAIM, MEMBERSHIP, OTHER_PROBLEM, PROBLEM, RIGHT, UNIT, answer

from .openedx import ASSISTANT, INSTRUCTOR, LEARNER, NAMELESS, PlatformNotStarted, claims_of, eventually, running

WRONG = ["Yellow"]
LAMPS, WHITE = "Which are the primary colours of lamps?", "What do a red, a green and a blue lamp give together?"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
TEACHING_ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"


def account(openedx, person):
    """Return the account that a person of the platform has with us."""
    return user_of(openedx.registration.issuer, openedx.registration.client_id, openedx.sub(person))


def earn(openedx, link, chosen=RIGHT, person=LEARNER):
    """Launch and answer; return browser and page, to answer again."""
    browser = Browser()
    page = openedx.launch(link, person, browser)
    assert page.status_code == 200, page.text
    assert answer(browser, page, chosen).status_code == 200
    return browser, page


def points(rows):
    """Return the points in rows of the score table."""
    return [(row["score_given"], row["score_maximum"]) for row in rows]


def published(rows):
    """Return the points in rows of the platform's grade book, whose column has 10."""
    return [(row["person"], row["value"], row["max_value"]) for row in rows]


# --- people -----------------------------------------------------------------------------------------------------------


def test_learner_sees_the_problem_in_the_platforms_frame(openedx):
    link = openedx.any_link()
    page = openedx.launch(link)
    assert page.status_code == 200
    assert page.url == link["target_link_uri"]
    assert LAMPS in page.text
    assert openedx.registration.issuer in page.headers["Content-Security-Policy"].partition("frame-ancestors")[2]
    assert LaunchAttempt.objects.get().outcome == "ok"


def test_shared_name_and_email_are_taken_over(openedx):
    openedx.launch(openedx.any_link(), LEARNER)
    user = account(openedx, LEARNER)
    assert user.email == "ada@example.org"
    assert Profile.objects.get(user=user).name == "Ada Learner"


def test_placeholder_stands_for_what_is_not_shared(openedx):
    link = openedx.any_link()
    claims = claims_of(openedx.launch_form(link, NAMELESS))
    assert not {"name", "email", "given_name", "family_name", "preferred_username"} & claims.keys()
    assert LAMPS in openedx.launch(link, NAMELESS).text
    user = account(openedx, NAMELESS)
    assert user.email == f"{user.username}@lti.invalid"
    assert Profile.objects.get(user=user).name == ""


def test_second_launch_uses_the_same_account(openedx):
    openedx.launch(openedx.any_link())
    first = account(openedx, LEARNER)
    assert WHITE in openedx.launch(openedx.any_link(UNIT)).text
    assert [(row.sub, row.user) for row in PlatformUser.objects.all()] == [(openedx.sub(LEARNER), first)]


# --- scores -----------------------------------------------------------------------------------------------------------


def test_answer_reaches_the_score_table_and_the_grade_book(openedx):
    link = openedx.link()
    earn(openedx, link)
    (score,) = openedx.scores(link)
    assert (score["user_id"], score["score_given"], score["score_maximum"]) == (openedx.sub(LEARNER), 4, 4)
    assert (score["activity_progress"], score["grading_progress"]) == ("Completed", "FullyGraded")
    assert published(openedx.grades(link)) == [(LEARNER, 10, 10)]


def test_better_second_answer_updates_score_with_a_newer_timestamp(openedx):
    link, seen = openedx.link(), len(openedx.platform.requests())
    browser, page = earn(openedx, link, WRONG)
    (before,) = openedx.scores(link)
    answer(browser, page, RIGHT)
    (after,) = openedx.scores(link)
    assert points([before, after]) == [(0, 4), (4, 4)]
    assert datetime.fromisoformat(after["timestamp"]) > datetime.fromisoformat(before["timestamp"])
    assert published(openedx.grades(link)) == [(LEARNER, 0, 10), (LEARNER, 10, 10)]
    wanted = [("token", 200), ("score", 201), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted


def test_score_of_a_unit_is_the_sum_of_its_problems(openedx, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    link = openedx.link(UNIT)
    browser, page = earn(openedx, link, RIGHT)
    assert points(openedx.scores(link)) == [(4, 6)]
    assert answer(browser, page, ["White light"], number=1).status_code == 200
    assert points(openedx.scores(link)) == [(6, 6)]
    assert [round(row["value"], 3) for row in openedx.grades(link)] == [6.667, 10]


def test_no_score_is_sent_for_the_instructor_but_for_a_teaching_assistant_who_is_a_learner(openedx):
    link, seen = openedx.link(), len(openedx.platform.requests())
    earn(openedx, link, person=INSTRUCTOR)
    assert not PendingScore.objects.exists()
    earn(openedx, link, person=ASSISTANT)
    wanted = [("token", 200), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted
    assert [row["user_id"] for row in openedx.scores(link)] == [openedx.sub(ASSISTANT)]


@pytest.mark.parametrize(
    ("person", "roles"),
    [
        (INSTRUCTOR, {f"{MEMBERSHIP}Administrator", f"{MEMBERSHIP}Instructor"}),
        (ASSISTANT, {f"{MEMBERSHIP}Learner", TEACHING_ASSISTANT}),
    ],
)
def test_platform_sends_the_roles_that_these_tests_are_about(openedx, person, roles):
    sent = claims_of(openedx.launch_form(openedx.any_link(), person))[f"{CLAIM}roles"]
    assert {role for role in sent if "membership" in role} == roles


# --- launches ---------------------------------------------------------------------------------------------------------


def test_claim_decides_where_a_deep_linked_item_differs_from_the_login(openedx):
    link, browser = openedx.link(OTHER_PROBLEM), Browser()
    login = requests.get(link["start_urls"][LEARNER], allow_redirects=False, timeout=10).headers["Location"]
    (said,) = parse_qs(urlsplit(login).query)["target_link_uri"]
    form = openedx.launch_form(link, browser=browser)
    claimed = claims_of(form)[f"{CLAIM}target_link_uri"]
    assert (said.endswith(PROBLEM), claimed.endswith(OTHER_PROBLEM)) == (True, True)
    page = browser.submit(form)
    assert page.url == claimed
    assert WHITE in page.text
    assert GrantMissing.code in browser.get(said, timeout=10).text
    answer(browser, page, ["White light"])
    assert points(openedx.scores(link)) == [(2, 2)]


def test_replayed_launch_form_is_refused(openedx):
    browser = Browser()
    form = openedx.launch_form(openedx.any_link(), browser=browser)
    before = copy.deepcopy(browser)
    assert browser.submit(form).status_code == 200
    assert refusal(browser.submit(form)) == BrowserMismatch.code  # our cookie went with the first use
    assert refusal(before.submit(form)) == LaunchReplayed.code
    assert PlatformUser.objects.count() == 1


def test_new_token_for_a_used_login_is_refused(openedx):
    """The platform answers the same authentication request again, with a genuine token."""
    browser = Browser()
    asked = browser.get(openedx.any_link()["start_urls"][LEARNER], timeout=10)
    before = copy.deepcopy(browser)
    assert browser.follow(asked).status_code == 200
    again = before.get(asked.url, timeout=10)
    assert forms(again)[0].fields["state"] == forms(asked)[0].fields["state"]
    assert refusal(before.follow(again)) == LaunchReplayed.code


def refusal(page):
    """Return the code of the newest refusal, which the page names."""
    attempt = LaunchAttempt.objects.first()
    assert page.status_code >= 400
    assert attempt.support_code in page.text
    return attempt.outcome


def test_launch_signed_with_a_new_key_of_the_platform(openedx):
    before = launch_and_tell_kid(openedx)
    openedx.platform.replace_key()
    assert launch_and_tell_kid(openedx) != before


def launch_and_tell_kid(openedx):
    """Launch, and return the id of the key that signed it."""
    browser = Browser()
    form = openedx.launch_form(openedx.any_link(), browser=browser)
    assert LAMPS in browser.submit(form).text
    return jwt.get_unverified_header(form.fields["id_token"])["kid"]


# --- services ---------------------------------------------------------------------------------------------------------


def test_score_arrives_after_our_key_was_rotated(openedx):
    link, seen = openedx.link(), len(openedx.platform.requests())
    browser, page = earn(openedx, link, WRONG)
    old = ToolKey.objects.get()
    fresh = keys.rotate()
    keys.retire(old.kid)  # only the new key is left to be fetched
    assert [jwk["kid"] for jwk in keys.published()] == [fresh.kid]
    cache.clear()  # an access token lasts an hour: ask for another one now
    answer(browser, page, RIGHT)
    assert points(openedx.scores(link)) == [(4, 4)]
    wanted = [("token", 200), ("score", 201)] * 2
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted


def test_access_token_that_is_believed_no_more_is_replaced_once(openedx):
    """This platform answers 403 where the specification has 401."""
    link, seen = openedx.link(), len(openedx.platform.requests())
    browser, page = earn(openedx, link, WRONG)
    openedx.platform.replace_key()
    answer(browser, page, RIGHT)
    assert points(openedx.scores(link)) == [(4, 4)]
    wanted = [("token", 200), ("score", 201), ("score", 403), ("token", 200), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted


def test_launch_names_the_services_and_members_can_be_read(openedx):
    link = openedx.any_link()
    claims = claims_of(openedx.launch_form(link))
    assert claims[AGS_CLAIM]["lineitem"] == link["line_item_url"]
    service = claims[NRPS_CLAIM]["context_memberships_url"]
    token = access_token(openedx.deployment, [NRPS_SCOPE])
    answered = requests.get(service, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answered.status_code == 200, answered.text
    members = {member["user_id"] for member in answered.json()["members"]}
    assert members == {openedx.sub(person) for person in (LEARNER, NAMELESS, INSTRUCTOR, ASSISTANT)}


# --- the fixture itself -----------------------------------------------------------------------------------------------


def test_platform_that_does_not_start_shows_its_log(openedx_installed, tmp_path: Path):
    with pytest.raises(PlatformNotStarted, match=r"(?s)ended with 2; .*--tool-login-url"), running(tmp_path, []):
        pytest.fail("it started without being told about a tool")

"""The LTI platform of Open edX (`lti-consumer-xblock`, not ours) against our app: real HTTP both ways, no stand-ins."""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import cache
from opaque_keys.edx.keys import CourseKey

from demo.browser import Browser, forms
from demo.lms.models import Profile
from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import GrantMissing, LaunchReplayed
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.lti import nrps, transport
from lti_1p3_provider.lti.access_tokens import access_token
from lti_1p3_provider.memberships import ahead
from lti_1p3_provider.memberships import sync as rosters
from lti_1p3_provider.memberships.compared import contexts
from lti_1p3_provider.memberships.plan import Outcome
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey
from lti_1p3_provider.scores.gradebook.ensure import TAG
from lti_1p3_provider.scores.gradebook.reconcile import reconcile
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.users.find import user_of
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import AGS_CLAIM, CLAIM, COURSE, MEMBERSHIP, OTHER_PROBLEM, PROBLEM, RIGHT, SUBSECTION, UNIT
from tests.picking import Picker

from .openedx import ASSISTANT, INSTRUCTOR, LEARNER, NAMELESS, PlatformNotStarted, eventually, running

WRONG, WHITE_LIGHT = ["Yellow"], ["White light"]
LAMPS, WHITE = "Which are the primary colours of lamps?", "What do a red, a green and a blue lamp give together?"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ADMINISTERS, TEACHES, LEARNS = (f"{MEMBERSHIP}{role}" for role in ("Administrator", "Instructor", "Learner"))
ASSISTS = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"


def account(openedx, person):
    """Return the account that a person of the platform has with us."""
    return user_of(openedx.registration.issuer, openedx.registration.client_id, openedx.sub(person))


def earn(openedx, link, chosen=RIGHT, person=LEARNER):
    """Launch and answer; return the visit, to answer again."""
    visit = openedx.visit(link, person)
    visit.answer(chosen)
    return visit


def points(rows):
    """Return the points in rows of the score table."""
    return [(row["score_given"], row["score_maximum"]) for row in rows]


def published(rows):
    """Return the points in rows of the platform's grade book, whose column has 10."""
    return [(row["person"], row["value"], row["max_value"]) for row in rows]


# --- people -----------------------------------------------------------------------------------------------------------


def test_learner_sees_the_problem_with_name_and_email_taken_over(openedx):
    link = openedx.any_link()
    visit = openedx.visit(link, LEARNER)
    assert LAMPS in visit.page.text
    assert visit.page.url == link["target_link_uri"]
    assert openedx.registration.issuer in visit.page.headers["Content-Security-Policy"].partition("frame-ancestors")[2]
    assert LaunchAttempt.objects.get().outcome == "ok"
    user = account(openedx, LEARNER)
    assert (user.email, Profile.objects.get(user=user).name) == ("ada@example.org", "Ada Learner")


def test_placeholder_stands_for_what_is_not_shared(openedx):
    visit = openedx.visit(openedx.any_link(), NAMELESS)
    assert LAMPS in visit.page.text
    assert not {"name", "email", "given_name", "family_name", "preferred_username"} & visit.claims.keys()
    user = account(openedx, NAMELESS)
    assert (user.email, Profile.objects.get(user=user).name) == (f"{user.username}@lti.invalid", "")


def test_second_launch_uses_the_same_account(openedx):
    openedx.visit(openedx.any_link())
    first = account(openedx, LEARNER)
    assert WHITE in openedx.visit(openedx.any_link(UNIT)).page.text
    assert [(row.sub, row.user) for row in PlatformUser.objects.all()] == [(openedx.sub(LEARNER), first)]


# --- scores -----------------------------------------------------------------------------------------------------------


def test_answer_reaches_the_score_table_and_the_grade_book(openedx):
    link = openedx.link()
    earn(openedx, link)
    (score,) = openedx.scores(link)
    assert (score["user_id"], score["score_given"], score["score_maximum"]) == (openedx.sub(LEARNER), 4, 4)
    assert (score["activity_progress"], score["grading_progress"]) == ("Completed", "FullyGraded")
    assert published(openedx.grades(link)) == [(LEARNER, 10, 10)]


def test_ags_03_ags_06_column_is_made_kept_in_step_and_read_back(openedx):
    """Open edX wants an integer as maximum, and gives one component one container."""
    link, other = openedx.links_without_columns()
    asked = len(openedx.platform.answered())
    visit = earn(openedx, link, WRONG)
    (column,) = openedx.columns([link, other])
    assert (column["score_maximum"], column["resource_id"], column["tag"]) == (4, PROBLEM, TAG)
    assert column["resource_link_id"] == link["resource_link_id"]
    LineItem.objects.update(maximum=1)
    visit.answer(RIGHT)
    report = reconcile(PendingScore.objects.all())
    assert (report.same, report.differences, report.troubles) == (1, [], [])
    earn(openedx, other)
    ours = LineItem.objects.order_by("pk")
    assert [(item.created_here, item.maximum, item.reason) for item in ours] == [(True, 4, ""), (True, 4, "")]
    made = [row["url"] for row in openedx.columns([link, other])]
    assert len(made) == 2
    scores = [row for row in openedx.platform.rows()["scores"] if row["line_item_url"] in made]
    assert points(scores) == [(4, 4), (4, 4)]
    assert [status for method, _, status in openedx.platform.answered(asked) if method == "PUT"] == [200]


def test_better_second_answer_updates_score_with_a_newer_timestamp(openedx):
    link, seen = openedx.link(), len(openedx.platform.answered())
    visit = earn(openedx, link, WRONG)
    (before,) = openedx.scores(link)
    visit.answer(RIGHT)
    (after,) = openedx.scores(link)
    assert points([before, after]) == [(0, 4), (4, 4)]
    assert datetime.fromisoformat(after["timestamp"]) > datetime.fromisoformat(before["timestamp"])
    assert published(openedx.grades(link)) == [(LEARNER, 0, 10), (LEARNER, 10, 10)]
    wanted = [("token", 200), ("score", 201), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted


def test_score_of_a_unit_is_the_sum_of_its_problems(openedx, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 0
    link = openedx.link(UNIT)
    visit = earn(openedx, link, RIGHT)
    assert points(openedx.scores(link)) == [(4, 6)]
    visit.answer(WHITE_LIGHT, number=1)
    assert points(openedx.scores(link)) == [(6, 6)]
    assert [round(row["value"], 3) for row in openedx.grades(link)] == [6.667, 10]


def test_no_score_is_sent_for_the_instructor_but_for_a_teaching_assistant_who_is_a_learner(openedx):
    link, seen = openedx.link(), len(openedx.platform.answered())
    assert context_roles(earn(openedx, link, person=INSTRUCTOR)) == {ADMINISTERS, TEACHES}
    assert not PendingScore.objects.exists()
    assert context_roles(earn(openedx, link, person=ASSISTANT)) == {LEARNS, ASSISTS}
    wanted = [("token", 200), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted
    assert [row["user_id"] for row in openedx.scores(link)] == [openedx.sub(ASSISTANT)]


def context_roles(visit):
    """Return the roles in the course that the platform sent."""
    return {role for role in visit.claims[f"{CLAIM}roles"] if "membership" in role}


# --- launches ---------------------------------------------------------------------------------------------------------


def test_claim_decides_where_a_deep_linked_item_differs_from_the_login(openedx):
    link = openedx.link(OTHER_PROBLEM)
    login = requests.get(link["start_urls"][LEARNER], allow_redirects=False, timeout=60).headers["Location"]
    (said,) = parse_qs(urlsplit(login).query)["target_link_uri"]
    visit = openedx.visit(link)
    claimed = visit.claims[f"{CLAIM}target_link_uri"]
    assert (said.endswith(PROBLEM), claimed.endswith(OTHER_PROBLEM)) == (True, True)
    assert WHITE in visit.page.text
    assert visit.page.url == claimed
    assert GrantMissing.code in visit.browser.get(said, timeout=60).text
    visit.answer(WHITE_LIGHT)
    assert points(openedx.scores(link)) == [(2, 2)]


def test_dl_07_an_instructor_chooses_and_a_learner_launches(openedx):
    rebuild(CourseKey.from_string(COURSE))
    start = openedx.platform.about["rows_url"].replace("rows/", "{}/deep-link-1/")
    browser = Browser()
    picker = Picker(openedx, browser.open(start.format("choose")), browser)
    assert "Choose content" in picker.page.text, picker.page.text
    saved = picker.go().open(SUBSECTION, UNIT).send(OTHER_PROBLEM)
    assert saved.status_code == 200, saved.text
    [item] = requests.get(start.format("chosen"), timeout=60).json()["items"]
    assert (item["type"], item["url"]) == ("ltiResourceLink", openedx.lms + f"/lti/1p3/launch/{COURSE}/{OTHER_PROBLEM}")
    assert item["lineItem"]["scoreMaximum"] == 2
    assert openedx.visit(openedx.any_link()).page.status_code == 200


CHOOSES = "deep-link-2"


def begin_choosing(openedx):
    """Open our page from the component."""
    rebuild(CourseKey.from_string(COURSE))
    browser = Browser()
    start = openedx.platform.about["rows_url"].replace("rows/", f"choose/{CHOOSES}/")
    picker = Picker(openedx, browser.open(start), browser)
    assert "Choose content" in picker.page.text, picker.page.text
    return picker.go().open(SUBSECTION, UNIT)


def choices(openedx):
    """Return which content the component has stored, in order."""
    said = requests.get(openedx.platform.about["rows_url"].replace("rows/", f"chosen/{CHOOSES}/"), timeout=60).json()
    return [item["custom"]["openedx_target"] for item in said["items"]]


def launched(openedx):
    """Launch the component as a learner; return what is on the page."""
    link = next(one for one in openedx.platform.about["links"] if CHOOSES in one["resource_link_id"])
    return openedx.visit(link).page.text


def test_dl_03_dl_09_several_arrive_in_their_order_and_once(openedx):
    picker = begin_choosing(openedx)
    first, token = [UNIT, PROBLEM, SUBSECTION], picker.token
    assert picker.send(*first).status_code == 200
    assert choices(openedx) == first
    again = picker.post("answer", token=token, chosen=OTHER_PROBLEM)
    assert again.status_code == 409, again.text
    assert choices(openedx) == first


def test_dl_07_a_component_that_was_set_up_again_opens_what_was_chosen_last(openedx):
    for chosen, question, other in ((PROBLEM, LAMPS, WHITE), (OTHER_PROBLEM, WHITE, LAMPS)):
        assert begin_choosing(openedx).send(chosen).status_code == 200
        page = launched(openedx)
        assert (question in page, other in page) == (True, False)


def test_dl_06_an_answer_with_nothing_is_taken_and_empties_the_component(openedx):
    begin_choosing(openedx).send(PROBLEM)
    cancelled = begin_choosing(openedx).press("cancel", "1", tick=(UNIT,))
    assert cancelled.status_code == 200, cancelled.text
    assert choices(openedx) == []


def test_dl_10_what_the_gate_shuts_while_somebody_chooses_reaches_no_component(openedx):
    begin_choosing(openedx).send(PROBLEM)
    picker = begin_choosing(openedx)
    LaunchGate.objects.create(registration=openedx.registration, allowed_keys=[UNIT])
    refused = picker.send(OTHER_PROBLEM)
    assert (refused.status_code, LaunchAttempt.objects.first().outcome) == (403, "content_not_offered")
    assert choices(openedx) == [PROBLEM]
    assert picker.send(UNIT).status_code == 200  # the same page goes on
    assert choices(openedx) == [UNIT]


def test_dl_04_an_answer_is_signed_with_a_key_that_is_new_since_the_page_was_opened(openedx):
    picker = begin_choosing(openedx)
    old, fresh = ToolKey.objects.get(), keys.rotate()
    keys.retire(old.kid)
    assert [jwk["kid"] for jwk in keys.published()] == [fresh.kid]
    assert picker.send(SUBSECTION).status_code == 200
    assert choices(openedx) == [SUBSECTION]


def test_replayed_launch_form_is_refused(openedx):
    browser = Browser()
    form = openedx.launch_form(openedx.any_link(), LEARNER, browser)
    before = copy.deepcopy(browser)
    assert browser.submit(form).status_code == 200
    assert refusal(browser.submit(form)) == LaunchReplayed.code
    assert refusal(before.submit(form)) == LaunchReplayed.code
    assert PlatformUser.objects.count() == 1


def test_new_token_for_a_used_login_is_refused(openedx):
    """The platform answers the same authentication request again, with a genuine token."""
    browser = Browser()
    asked = browser.get(openedx.any_link()["start_urls"][LEARNER], timeout=60)
    before = copy.deepcopy(browser)
    assert browser.follow(asked).status_code == 200
    again = before.get(asked.url, timeout=60)
    assert forms(again)[0].fields["state"] == forms(asked)[0].fields["state"]
    assert refusal(before.follow(again)) == LaunchReplayed.code


def refusal(page):
    """Return the code of the newest refusal, which the page names."""
    attempt = LaunchAttempt.objects.first()
    assert page.status_code >= 400
    assert attempt.support_code in page.text
    return attempt.outcome


# --- services ---------------------------------------------------------------------------------------------------------


def test_score_arrives_after_our_key_was_rotated(openedx):
    link, seen = openedx.link(), len(openedx.platform.answered())
    visit = earn(openedx, link, WRONG)
    old = ToolKey.objects.get()
    fresh = keys.rotate()
    keys.retire(old.kid)  # only the new key is left to be fetched
    assert [jwk["kid"] for jwk in keys.published()] == [fresh.kid]
    cache.clear()  # an access token lasts an hour: ask for another one now
    visit.answer(RIGHT)
    assert points(openedx.scores(link)) == [(4, 4)]
    wanted = [("token", 200), ("score", 201)] * 2
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted


def test_access_token_that_is_believed_no_more_is_replaced_once(openedx):
    """This platform answers 403 where the specification has 401. Its new key signs the next launch as well."""
    link, seen = openedx.link(), len(openedx.platform.answered())
    visit = earn(openedx, link, WRONG)
    openedx.platform.replace_key()
    visit.answer(RIGHT)
    assert points(openedx.scores(link)) == [(4, 4)]
    wanted = [("token", 200), ("score", 201), ("score", 403), ("token", 200), ("score", 201)]
    assert eventually(lambda: openedx.service_requests(link, seen), wanted) == wanted
    assert openedx.visit(link).kid != visit.kid


def test_launch_names_the_services_and_members_can_be_read(openedx):
    link = openedx.any_link()
    claims = openedx.visit(link).claims
    assert claims[AGS_CLAIM]["lineitem"] == link["line_item_url"]
    service = claims[NRPS_CLAIM]["context_memberships_url"]
    token = access_token(openedx.deployment, [NRPS_SCOPE])
    answered = requests.get(service, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert answered.status_code == 200, answered.text
    members = {member["user_id"] for member in answered.json()["members"]}
    assert members == {openedx.sub(person) for person in (LEARNER, NAMELESS, INSTRUCTOR, ASSISTANT)}


def lists_given(openedx, skip):
    return sum("membership" in path for _, path, _ in openedx.platform.answered(skip))


@pytest.mark.parametrize("limit", [None, 1, 3])
def test_its_list_of_people_is_read_whole_however_many_it_gives_at_once(openedx, limit):
    service = openedx.visit(openedx.any_link()).claims[NRPS_CLAIM]["context_memberships_url"]
    seen = len(openedx.platform.answered())
    found = transport.run(nrps.read(openedx.deployment, service, limit))
    roles = {member.sub: sorted(member.roles.context) for member in found.people}
    people = (LEARNER, NAMELESS, INSTRUCTOR, ASSISTANT)
    assert roles.keys() == {openedx.sub(person) for person in people}
    assert found.complete
    assert roles[openedx.sub(LEARNER)] == ["Learner"]
    assert "Instructor" in roles[openedx.sub(INSTRUCTOR)]
    pages = -(-len(people) // (limit or len(people)))
    assert eventually(lambda: lists_given(openedx, seen), pages) == pages


def test_its_learners_are_enrolled_before_they_come_and_no_teacher(openedx):
    openedx.visit(openedx.any_link(), INSTRUCTOR)
    registration = openedx.registration
    LaunchGate.objects.update_or_create(registration=registration, defaults={"allowed_courses": [COURSE]})
    registration.enrolment_mode, registration.ahead_way = "audit", "enrol"
    registration.save()
    (context,) = contexts(registration)
    done = ahead.provide(context, rosters.read(context), COMMAND)
    assert done == Outcome(accounts=2, enrolled=2)
    assert account(openedx, ASSISTANT) is None
    user = account(openedx, LEARNER)
    assert Profile.objects.get(user=user).name == ""
    openedx.visit(openedx.any_link(), LEARNER)
    assert account(openedx, LEARNER) == user
    assert Profile.objects.get(user=user).name == "Ada Learner"


# --- the fixture itself -----------------------------------------------------------------------------------------------


def test_platform_that_does_not_start_shows_its_log(openedx_installed, tmp_path: Path):
    with pytest.raises(PlatformNotStarted, match=r"(?s)ended with 2; .*--tool-login-url"), running(tmp_path, []):
        pytest.fail("it started without being told about a tool")

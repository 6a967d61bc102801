"""Deep Linking by rule (DL-01 to DL-10, SEC-22): an instructor chooses over the emulated platform, which takes no
answer that the strictest of platforms would refuse."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from demo.browser import Browser, forms
from demo.platform.dialogs import Dialog
from lti_1p3_provider.deep_linking.entries import Entry, MessageFacts
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.registrations.models import ToolKey
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import (
    CLAIM,
    COURSE,
    INSTRUCTOR,
    MEMBERSHIP,
    OTHER_PROBLEM,
    PROBLEM,
    SUBSECTION,
    UNIT,
    WELCOME,
    Connection,
    usage,
)
from tests.picking import DL, SETTINGS, Picker, begin, begin_with, items_of, with_settings

ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
BASICS = usage("sequential", "basics")
WELCOME_TEXT = usage("html", "welcome_text")
WHOLE = usage("course", "course")


def with_roles(connection: Connection, *roles: str) -> Picker:
    return begin_with(connection, lambda claims: {**claims, f"{CLAIM}roles": list(roles)})


def refused(picker: Picker, code: str, status: int) -> bool:
    """Check that nothing was begun, that the page has a support code, and that the attempt is recorded."""
    attempt = LaunchAttempt.objects.first()
    assert (picker.page.status_code, attempt.outcome) == (status, code), (picker.page.text, attempt.detail)
    assert attempt.support_code in picker.page.text
    return not DeepLinkingRequest.objects.exists()


def go_back(picker: Picker) -> str:
    """Take a refusal's way back; return the platform's page."""
    page = picker.browser.submit(forms(picker.page)[0])
    assert page.status_code == 200, page.text
    return page.text


def answer_of(connection: Connection) -> dict[str, Any]:
    claims: dict[str, Any] = connection.platform.selections[-1].claims
    return claims


def members(value: Any) -> list[Any]:
    """Return all values in a claim, however deep."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(one for each in inner for one in members(each))]


# --- the whole way ----------------------------------------------------------------------------------------------------


@every("like", ["plain", "canvas", "moodle"])
def test_what_is_chosen_is_launched(connection: Connection, like: str) -> None:
    picker = begin(connection, dialog=Dialog(like=like)).go().open(SUBSECTION, UNIT)
    assert "2 items added" in picker.send(PROBLEM, UNIT).text
    problem, unit = connection.platform.store.links()[-2:]
    assert connection.launch(problem).url == connection.content_url(PROBLEM)
    assert connection.launch(unit).url == connection.content_url(UNIT)
    assert (problem.score_maximum, unit.score_maximum) == (4, 6)
    assert connection.platform.line_item(problem).label == "Primary colours"


def test_choosing_makes_no_account_no_session_and_no_cookie(connection: Connection) -> None:
    picker = begin(connection)
    before = dict(picker.browser.cookies)
    picker.go().open(SUBSECTION).send(UNIT)
    assert not get_user_model().objects.exists()
    assert not any(model.objects.exists() for model in (PlatformUser, Context, ResourceLink, Session))
    assert dict(picker.browser.cookies) == before
    assert "sessionid" not in before


def test_attempts_are_recorded(connection: Connection) -> None:
    begin(connection).go().open(SUBSECTION).send(UNIT)
    answered, begun = LaunchAttempt.objects.all()[:2]
    assert (begun.outcome, begun.door) == ("ok", "launch")
    assert begun.steps[-4:] == ["return address", "role", "accepted types", "records"]
    assert (answered.outcome, answered.door, answered.detail) == ("ok", "deep_linking", "1 items")
    assert answered.steps == ["token", "open request", "gate", "answer"]
    assert answered.registration == connection.registration


def test_order_can_be_changed_and_choices_taken_out(connection: Connection) -> None:
    picker = begin(connection).go().open(SUBSECTION, UNIT, BASICS)
    picker.press(tick=(PROBLEM, UNIT, WELCOME))
    assert set(picker.chosen) == {PROBLEM, UNIT, WELCOME}
    first, second, third = picker.chosen
    picker.press("down", first)
    picker.press("up", third)
    assert picker.chosen == [second, third, first]
    picker.press("go", "")  # another page: what is not shown stays
    picker.press("remove", third)
    assert picker.chosen == [second, first]
    picker.send()
    assert [item["custom"]["openedx_target"] for item in items_of(connection)] == [second, first]


def test_a_search_finds_titles(connection: Connection) -> None:
    picker = begin(connection)
    picker.press(q="primary")
    assert PROBLEM in picker.offered
    assert UNIT not in picker.offered
    picker.send(PROBLEM)
    assert items_of(connection)[0]["title"] == "Primary colours"


def test_two_pickers_do_not_disturb_each_other(connection: Connection) -> None:
    one, other = begin(connection).go().open(SUBSECTION), begin(connection).go().open(BASICS)
    one.send(UNIT)
    other.send(WELCOME)
    assert [len(one.links) for one in connection.platform.selections[-2:]] == [1, 1]
    assert items_of(connection)[0]["custom"]["openedx_target"] == WELCOME


# --- DL-01, DL-08: what is asked for ----------------------------------------------------------------------------------


@every("name", ["deep_link_return_url", "accept_types", "accept_presentation_document_targets"])
def test_dl_01_required_settings(connection: Connection, name: str) -> None:
    assert refused(with_settings(connection, **{name: None}), "claim_missing", 400)
    assert name in LaunchAttempt.objects.first().detail


def test_dl_01_the_settings_themselves_are_required(connection: Connection) -> None:
    picker = begin_with(connection, lambda claims: {name: claims[name] for name in claims if name != SETTINGS})
    assert refused(picker, "claim_missing", 400)


@every(
    "said",
    [
        {"accept_multiple": "true"},
        {"accept_multiple": 1},
        {"accept_lineitem": "false"},
        {"data": 5},
        {"data": {"a": "b"}},
        {"accept_types": "ltiResourceLink"},
        {"accept_types": [1]},
        {"accept_presentation_document_targets": "iframe"},
        {"deep_link_return_url": ["https://x.example"]},
    ],
)
def test_dl_01_a_setting_of_the_wrong_type(connection: Connection, said: dict[str, Any]) -> None:
    assert refused(with_settings(connection, **said), "claim_invalid", 400)


@every("said", [{"accept_media_types": 5}, {"auto_create": "x"}, {"title": 5}, {"text": []}])
def test_dl_01_what_is_not_used_is_not_checked(connection: Connection, said: dict[str, Any]) -> None:
    assert with_settings(connection, **said).page.status_code == 200


def test_dl_08_what_the_platform_proposes_is_shown_escaped(connection: Connection) -> None:
    page = begin(connection, text="<b>Week 3</b>").page.text
    assert "&lt;b&gt;Week 3&lt;/b&gt;" in page


# --- DL-02: who, and what is accepted ---------------------------------------------------------------------------------


@every(
    "roles",
    [
        [f"{MEMBERSHIP}Instructor"],
        ["Instructor"],
        [f"{MEMBERSHIP}ContentDeveloper"],
        ["ContentDeveloper"],
        [f"{MEMBERSHIP}Administrator"],
        [f"{INSTITUTION}Administrator"],
        [f"{SYSTEM}Administrator"],
        [f"{SYSTEM}SysAdmin"],
        [f"{MEMBERSHIP}Learner", f"{MEMBERSHIP}Instructor"],
        ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#PrimaryInstructor", f"{MEMBERSHIP}Instructor"],
        [ASSISTANT, "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#Lecturer", f"{MEMBERSHIP}Instructor"],
        [ASSISTANT, f"{MEMBERSHIP}ContentDeveloper"],
    ],
)
def test_dl_02_these_choose(connection: Connection, roles: list[str]) -> None:
    assert with_roles(connection, *roles).page.status_code == 200


@every(
    "roles, code",
    [
        ([f"{MEMBERSHIP}Learner"], "choosing_not_allowed"),
        (["Learner"], "choosing_not_allowed"),
        ([f"{MEMBERSHIP}Mentor"], "choosing_not_allowed"),
        ([f"{INSTITUTION}Instructor"], "choosing_not_allowed"),
        ([f"{INSTITUTION}Instructor", f"{MEMBERSHIP}Learner"], "choosing_not_allowed"),
        ([f"{SYSTEM}User"], "choosing_not_allowed"),
        ([], "choosing_not_allowed"),
        ([""], "choosing_not_allowed"),
        ([ASSISTANT], "assistants_may_not_choose"),
        ([f"{MEMBERSHIP}Instructor", ASSISTANT], "assistants_may_not_choose"),
        ([ASSISTANT, "Instructor"], "assistants_may_not_choose"),
        ([f"{MEMBERSHIP}Learner", ASSISTANT], "assistants_may_not_choose"),
        (["TeachingAssistant"], "assistants_may_not_choose"),
    ],
)
def test_dl_02_these_do_not_and_go_back(connection: Connection, roles: list[str], code: str) -> None:
    picker = with_roles(connection, *roles)
    assert refused(picker, code, 403)
    support_code = LaunchAttempt.objects.first().support_code
    page = go_back(picker)
    assert "Nothing was chosen" in page
    assert support_code in page
    assert answer_of(connection)[f"{DL}errorlog"] == f"{code} {support_code}"


@every("more", [["TeachingAssistant"], [ASSISTANT], "TeachingAssistant"])
def test_dl_02_a_site_lets_others_choose(connection: Connection, settings, more) -> None:
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_ROLES = more
    assert with_roles(connection, f"{MEMBERSHIP}Instructor", ASSISTANT).page.status_code == 200
    assert with_roles(connection, f"{MEMBERSHIP}Mentor").page.status_code == 403


def test_dl_02_a_role_elsewhere_is_not_meant_by_a_short_name(connection: Connection, settings) -> None:
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_ROLES = ["Mentor"]
    assert with_roles(connection, f"{INSTITUTION}Mentor").page.status_code == 403
    assert with_roles(connection, "http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor").page.status_code == 200


@pytest.mark.parametrize("types", [["file", "html", "image"], []])
def test_dl_02_nothing_of_ours_is_accepted(connection: Connection, types: list[str]) -> None:
    picker = begin(connection, accept_types=types)
    assert refused(picker, "content_types_not_accepted", 400)
    assert "Nothing was chosen" in go_back(picker)


def test_dl_02_a_plain_link_where_nothing_else_is_accepted(connection: Connection) -> None:
    picker = begin(connection, accept_types=["html", "link"])
    assert "no score is sent" in picker.page.text
    assert "signs nobody in" in picker.page.text
    picker.go().open(SUBSECTION, UNIT).send(PROBLEM)
    item = items_of(connection)[0]
    assert (item["type"], item["url"]) == ("link", connection.content_url(PROBLEM))
    assert not {"lineItem", "custom", "available", "submission"} & set(item)


def test_a_plain_link_opens_as_the_page_says_for_those_who_launched_the_same_and_for_nobody_else(
    connection: Connection,
) -> None:
    begin(connection, accept_types=["link"]).go().open(SUBSECTION, UNIT).send(PROBLEM)
    address = items_of(connection)[0]["url"]
    stranger, learner = Browser(), Browser()
    refusal = stranger.get(address, timeout=5)
    assert (refusal.status_code, "Relaunch from your course" in refusal.text) == (403, True)
    connection.launch(connection.link(UNIT), browser=learner)
    assert learner.get(address, timeout=5).status_code == 403
    connection.launch(connection.link(PROBLEM), browser=learner)
    assert learner.get(address, timeout=5).status_code == 200


@pytest.mark.parametrize("like", ["plain", "canvas"])
def test_an_editor_that_takes_launches_gets_launches_and_hears_of_no_plain_link(
    connection: Connection, like: str
) -> None:
    picker = begin(connection, dialog=Dialog(kind="editor", like=like))
    assert "signs nobody in" not in picker.page.text
    picker.go().open(SUBSECTION, UNIT).send(PROBLEM)
    assert items_of(connection)[0]["type"] == "ltiResourceLink"


@every(
    "targets, shown",
    [(["iframe", "window"], "iframe"), (["window"], "window"), (["embed", "frame"], None), (["iframe"], "iframe")],
)
def test_dl_02_only_accepted_targets(connection: Connection, targets: list[str], shown: str | None) -> None:
    begin(connection, accept_presentation_document_targets=targets).go().open(SUBSECTION).send(UNIT)
    item = items_of(connection)[0]
    assert {"iframe", "window"} & set(item) == ({shown} if shown else set())
    assert not shown or min(item[shown]["width"], item[shown]["height"]) > 300


def test_dl_02_a_whole_course_opens_in_a_window_where_it_can(connection: Connection) -> None:
    begin(connection).go().send(WHOLE)
    item = items_of(connection)[0]
    assert "window" in item
    assert item["url"] == f"{connection.lms}/lti/1p3/launch/{COURSE}"
    assert item["lineItem"]["scoreMaximum"] == 100
    assert item["lineItem"]["resourceId"] == WHOLE


def test_the_message_is_taken_at_the_redirect_uri_at_the_target_and_at_its_own_address(connection: Connection) -> None:
    for path in ("launch/", "launch", "deep-linking/", "deep-linking", f"launch/{COURSE}/{UNIT}"):
        browser = Browser()
        url = connection.platform.deep_link_url(INSTRUCTOR, connection.client_id)
        form = forms(browser.submit(forms(browser.get(url, timeout=20))[0]))[0]
        form.action = f"{connection.lms}/lti/1p3/{path}"
        page = browser.submit(form)
        assert page.status_code == 200, path
        assert "Choose content for" in page.text


# --- DL-03: several, and columns --------------------------------------------------------------------------------------


def test_dl_03_one_where_one_is_accepted(connection: Connection) -> None:
    picker = begin(connection, dialog=Dialog("one")).go().open(SUBSECTION, UNIT)
    assert set(picker.offered.values()) == {"radio"}
    picker.press(tick=(PROBLEM,))
    assert picker.chosen == [PROBLEM]
    picker.press(tick=(OTHER_PROBLEM,))
    assert picker.chosen == [OTHER_PROBLEM]
    forged = picker.post("answer", token=picker.token, chosen=f"{PROBLEM} {UNIT}", pick=[PROBLEM, UNIT])
    picker.browser.follow(forged)
    assert len(items_of(connection)) == 1


def test_dl_03_none_is_said_to_be_several(connection: Connection) -> None:
    picker = begin(connection, accept_multiple=None).go()
    assert set(picker.offered.values()) == {"radio"}


def test_dl_03_at_most_a_hundred(connection: Connection) -> None:
    picker = begin(connection).go()
    many = " ".join([PROBLEM, *(f"{PROBLEM}{number}" for number in range(100))])
    page = picker.post("answer", token=picker.token, chosen=many)
    assert page.status_code == 403  # most of them are nothing that there is
    assert LaunchAttempt.objects.first().outcome == "content_not_offered"


def test_dl_03_nothing_chosen_is_said(connection: Connection) -> None:
    picker = begin(connection).go()
    picker.send()
    assert picker.page.status_code == 400
    assert "Nothing is chosen yet" in picker.page.text
    picker.open(SUBSECTION).send(UNIT)
    assert len(items_of(connection)) == 1


@every("accepts, has_column", [(True, True), (False, False), (None, True)])
def test_dl_03_a_column_unless_it_is_declined(connection: Connection, accepts: bool | None, has_column: bool) -> None:
    picker = begin(connection, accept_lineitem=accepts).go().open(SUBSECTION, UNIT)
    assert ("makes no gradebook column" in picker.page.text) is (accepts is False)
    picker.send(PROBLEM)
    assert ("lineItem" in items_of(connection)[0]) is has_column


def test_dl_03_an_editor_of_canvas_says_first_that_it_carries_no_grade(connection: Connection) -> None:
    picker = begin(connection, dialog=Dialog("editor", "canvas"))
    assert "no score is sent" in picker.page.text
    picker.go().open(SUBSECTION, UNIT).send(PROBLEM)
    item = items_of(connection)[0]
    assert item["type"] == "ltiResourceLink"
    assert "lineItem" not in item


# --- DL-04, DL-05, DL-06: the answer ----------------------------------------------------------------------------------


def test_dl_04_the_answer(connection: Connection) -> None:
    begin(connection).go().open(SUBSECTION).send(UNIT)
    claims = answer_of(connection)
    assert (claims["iss"], claims["aud"]) == (connection.client_id, connection.platform.issuer)
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert (claims[f"{CLAIM}version"], claims[f"{CLAIM}deployment_id"]) == ("1.3.0", "1")
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert len(claims["nonce"]) > 20
    assert "sub" not in claims


def test_dl_04_the_page_has_one_form_which_goes_to_the_platform_alone(connection: Connection) -> None:
    picker = begin(connection).go().open(SUBSECTION)
    page = picker.post("answer", token=picker.token, chosen=UNIT)
    form = forms(page)[0]
    assert list(form.fields) == ["JWT"]
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action {connection.platform.base_url}" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "<button" in page.text  # for browsers without scripts
    assert "no-store" in page.headers["Cache-Control"]
    assert jwt.get_unverified_header(form.fields["JWT"])["kid"] == ToolKey.objects.get().kid


def test_dl_04_blackboard_wants_us_as_the_subject_too(connect) -> None:
    connection = connect(platform="blackboard")
    begin(connection).go().open(SUBSECTION).send(UNIT)
    assert answer_of(connection)["sub"] == connection.client_id


LARGE = ("Привет, 世界 🎓 <&\"' " * 12_000)[: 256 * 1024]


@every("data", ["a b+c/=&%20", "ünï ✓ 🎓\n\t ", "", " ", "x" * 256 * 1024, LARGE[:60_000]])
def test_dl_05_data_comes_back_byte_for_byte(connection: Connection, data: str) -> None:
    begin(connection, data=data).go().open(SUBSECTION).send(UNIT)
    assert answer_of(connection)[f"{DL}data"] == data


def test_dl_05_where_none_came_none_goes_back(connection: Connection) -> None:
    begin(connection, data=None).go().open(SUBSECTION).send(UNIT)
    assert f"{DL}data" not in answer_of(connection)


def test_dl_05_with_a_refusal_too(connection: Connection) -> None:
    picker = begin(connection, accept_types=["file"], data="back 🎓")
    go_back(picker)
    assert answer_of(connection)[f"{DL}data"] == "back 🎓"


def test_dl_06_cancel(connection: Connection) -> None:
    picker = begin(connection).go().open(SUBSECTION)
    page = picker.press("cancel", "1", tick=(UNIT,))
    assert "Nothing was chosen" in page.text
    claims = answer_of(connection)
    assert claims[f"{DL}content_items"] == []
    assert claims[f"{DL}msg"]
    assert DeepLinkingRequest.objects.get().chosen == 0


# --- DL-07: items -----------------------------------------------------------------------------------------------------


def test_dl_07_all_that_an_item_says(connection: Connection) -> None:
    begin(connection).go().open(SUBSECTION, UNIT).send(PROBLEM)
    item = items_of(connection)[0]
    assert item == {
        "type": "ltiResourceLink",
        "title": "Primary colours",
        "text": "Problem in Working with light",
        "url": connection.content_url(PROBLEM),
        "icon": item["icon"],
        "iframe": {"width": 1000, "height": 800},
        "custom": {
            "openedx_target": PROBLEM,
            "resource_link_history": "$ResourceLink.id.history",
            "context_history": "$Context.id.history",
        },
        "lineItem": {
            "scoreMaximum": 4,
            "label": "Primary colours",
            "resourceId": PROBLEM,
            "tag": "open-edx-grade",
        },
    }
    assert item["icon"]["url"].startswith(f"{connection.lms}/static/")
    assert "?" not in item["url"]


def test_dl_07_nothing_is_empty(connection: Connection) -> None:
    picker = begin(connection).go().open(BASICS, SUBSECTION, UNIT)
    picker.send(WELCOME, WELCOME_TEXT, PROBLEM, SUBSECTION, WHOLE)
    assert len(items_of(connection)) == 5
    assert not [one for one in members(items_of(connection)) if one in (None, "", [], {})]


@every("usage_key, maximum", [(PROBLEM, 4), (UNIT, 6), (WHOLE, 100), (SUBSECTION, 6), (WELCOME, None)])
def test_dl_07_the_maximum_is_what_will_be_sent(connection: Connection, usage_key: str, maximum: int | None) -> None:
    begin(connection).go().open(BASICS, SUBSECTION, UNIT).send(usage_key)
    assert items_of(connection)[0].get("lineItem", {}).get("scoreMaximum") == maximum


@pytest.mark.parametrize("platform_name", ["sakai", "schoology", "openedx"])
def test_dl_07_history_only_where_variables_are_known(connect, platform_name: str) -> None:
    connection = connect(platform=platform_name)
    begin(connection).go().open(SUBSECTION).send(UNIT)
    assert items_of(connection)[0]["custom"] == {"openedx_target": UNIT}


# --- DL-09: one use ---------------------------------------------------------------------------------------------------


def test_dl_09_a_second_submit_answers_clearly(connection: Connection) -> None:
    picker = begin(connection).go().open(SUBSECTION)
    token, before = picker.token, len(connection.platform.selections)
    first = picker.post("answer", token=token, chosen=UNIT)
    assert first.status_code == 200
    for again in (picker.post("answer", token=token, chosen=UNIT), picker.post("pick", token=token)):
        assert again.status_code == 409
        assert "already been sent to your course" in again.text
        assert "JWT" not in again.text
    stranger = Picker(connection, first)  # another browser
    assert stranger.post("answer", token=token, chosen=UNIT).status_code == 409
    picker.browser.follow(first)
    assert len(connection.platform.selections) == before + 1


def test_dl_09_of_two_at_once_one_answers(connection: Connection) -> None:
    pickers = [begin(connection).go().open(SUBSECTION)]
    pickers += [Picker(connection, pickers[0].page) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda one: one.post("answer", token=one.token, chosen=UNIT), pickers))
    assert sorted(page.status_code for page in pages) == [200, 409, 409, 409]
    assert sum("JWT" in page.text for page in pages) == 1


def test_dl_09_an_expired_page_says_what_had_been_chosen(connection: Connection, settings) -> None:
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_SEC = 60
    picker = begin(connection).go().open(SUBSECTION)
    row = DeepLinkingRequest.objects.get()
    assert timedelta(seconds=55) < row.expires_at - timezone.now() <= timedelta(seconds=60)
    DeepLinkingRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for path in ("pick", "answer"):
        page = picker.post(path, token=picker.token, chosen=UNIT)
        assert page.status_code == 410
        assert "Mixing colours" in page.text
        assert LaunchAttempt.objects.first().outcome == "choice_expired"
    assert DeepLinkingRequest.objects.get().used_at is None


def test_dl_09_old_requests_are_dropped_by_the_hourly_clean_up(connection: Connection) -> None:
    for hours in (1, 23, 25):
        begin(connection)
        newest = DeepLinkingRequest.objects.order_by("-pk").first()
        DeepLinkingRequest.objects.filter(pk=newest.pk).update(expires_at=timezone.now() - timedelta(hours=hours))
    printed = StringIO()
    call_command("lti_1p3_clean_up", stdout=printed)
    assert json.loads(printed.getvalue())["old_content_requests_dropped"] == 1
    assert DeepLinkingRequest.objects.count() == 2


# --- DL-10: the gate --------------------------------------------------------------------------------------------------


def test_dl_10_what_the_gate_keeps_shut_is_not_listed(connection: Connection) -> None:
    connection.gate(allowed_courses=[COURSE], block_filter={"all": ["problem"]})
    picker = begin(connection).go().open(SUBSECTION, UNIT)
    assert set(picker.offered) == {PROBLEM, OTHER_PROBLEM}


def test_dl_10_the_gate_is_asked_again_when_the_choice_is_sent(connection: Connection) -> None:
    picker = begin(connection).go().open(SUBSECTION, UNIT)
    picker.press(tick=(PROBLEM, UNIT))
    connection.gate(allowed_keys=[UNIT])
    picker.send()
    assert picker.page.status_code == 403
    assert "Problem primary_colours" in picker.page.text
    assert LaunchAttempt.objects.first().support_code in picker.page.text
    assert picker.chosen == [UNIT]  # the rest is kept
    picker.send()
    assert [item["custom"]["openedx_target"] for item in items_of(connection)] == [UNIT]


@pytest.mark.parametrize(
    "usage_key",
    [
        usage("vertical", "drafts"),  # not published
        usage("vertical", "nothing"),
        usage("vertical", "today", "course-v1:OtherX+SOON+2099"),
        "nonsense",
        usage("chapter", "light"),  # has no page
    ],
)
def test_dl_10_what_is_not_offered_is_not_sent(connection: Connection, usage_key: str) -> None:
    connection.gate(allowed_courses=[COURSE])
    picker, before = begin(connection), len(connection.platform.selections)
    page = picker.post("answer", token=picker.token, chosen=f"{usage_key} {UNIT}")
    assert page.status_code == 403
    assert "JWT" not in page.text
    assert LaunchAttempt.objects.first().outcome == "content_not_offered"
    assert len(connection.platform.selections) == before


def test_dl_10_a_registration_that_is_switched_off_ends_the_choice(connection: Connection) -> None:
    picker = begin(connection).go()
    connection.registration.enabled = False
    connection.registration.save()
    page = picker.post("answer", token=picker.token, chosen=UNIT)
    assert (page.status_code, LaunchAttempt.objects.first().outcome) == (403, "registration_disabled")


# --- SEC-22: bound to its launch, and to the platform's hosts ---------------------------------------------------------


@every("token", ["", "x", "x" * 43, "é" * 43, "x" * 5000, "\x00"])
def test_sec_22_a_token_that_is_none(connection: Connection, token: str) -> None:
    picker = begin(connection)
    for path in ("pick", "answer"):
        page = picker.post(path, token=token, chosen=UNIT)
        assert (page.status_code, LaunchAttempt.objects.first().outcome) == (400, "choice_unknown")


def test_sec_22_the_token_is_not_in_the_database(connection: Connection) -> None:
    picker = begin(connection)
    assert picker.token not in str(DeepLinkingRequest.objects.values())


def test_sec_22_a_token_answers_its_own_launch_alone(connect) -> None:
    mine, others = connect(), connect()
    mine.gate(allowed_keys=[UNIT])
    picker, _ = begin(mine), begin(others)
    picker.send()
    page = picker.post("answer", token=picker.token, chosen=PROBLEM)
    assert page.status_code == 403  # the gate of the token's registration
    picker.browser.follow(picker.post("answer", token=picker.token, chosen=UNIT))
    assert answer_of(mine)["iss"] == mine.client_id


@every(
    "url",
    [
        "https://evil.example/return",
        "http://127.0.0.1.evil.example/return",
        "http://127.0.0.1:1/return",
        "javascript:alert(1)",
        "//127.0.0.1/return",
        "http://user@127.0.0.1/return",
        "http://127.0.0.1\\@evil.example/",
        "https://x.example/\r\nSet-Cookie: a=b",
        "not an address",
    ],
)
def test_sec_22_an_answer_goes_to_the_platforms_hosts_alone(connection: Connection, url: str) -> None:
    picker = with_settings(connection, deep_link_return_url=url)
    assert refused(picker, "return_address_forbidden", 400)
    assert "<form" not in picker.page.text
    assert "evil.example" not in picker.page.text


def test_sec_22_another_host_of_the_platform_is_one_of_its_own(connection: Connection) -> None:
    connection.registration.other_origins = "https://*.school.example http://lms.school.example"
    connection.registration.save()
    assert with_settings(connection, deep_link_return_url="https://lms.school.example/r?x").page.status_code == 200
    plain = with_settings(connection, deep_link_return_url="http://lms.school.example/r?x")
    assert plain.page.status_code == 400  # not https, and no private host


def test_sec_22_a_host_that_is_taken_away_gets_no_answer(connection: Connection) -> None:
    connection.registration.other_origins = "https://lms.school.example"
    connection.registration.save()
    picker = with_settings(connection, deep_link_return_url="https://lms.school.example/r")
    connection.registration.other_origins = ""
    connection.registration.save()
    page = picker.post("answer", token=picker.token, chosen=UNIT)
    assert (page.status_code, LaunchAttempt.objects.first().outcome) == (400, "return_address_forbidden")


@every("query", ["?a=b&c=d%2Fe+f&g", "?data=eyJ.x_y.-&modal=true", "?a=ü%20", "#part"])
def test_sec_22_the_return_address_is_used_byte_for_byte(connection: Connection, query: str) -> None:
    url = f"{connection.platform.base_url}/deep-linking/return{query}"
    picker = with_settings(connection, deep_link_return_url=url)
    page = picker.post("answer", token=picker.token, chosen=UNIT)
    assert forms(page)[0].action == url


def test_sec_22_a_get_does_nothing(connection: Connection) -> None:
    picker = begin(connection)
    for path in ("pick", "answer"):
        page = picker.browser.get(f"{connection.lms}/lti/1p3/deep-linking/{path}/?token={picker.token}", timeout=20)
        assert page.status_code == 405
    assert DeepLinkingRequest.objects.get().used_at is None


def test_sec_22_pages_may_be_framed_by_the_platform_alone(connection: Connection) -> None:
    picker = begin(connection)
    for page in (picker.page, picker.go().page, picker.post("answer", token="x", chosen=UNIT)):
        policy = page.headers.get("Content-Security-Policy", "")
        assert "X-Frame-Options" not in page.headers
        assert page.status_code != 200 or f"frame-ancestors 'self' {connection.platform.base_url}" in policy


# --- SEC-25: large state ----------------------------------------------------------------------------------------------


def test_sec_25_another_message_is_no_larger_than_before(connection: Connection) -> None:
    page = connection.launch_with({"https://x.example/state": "x" * 70_000})
    assert (page.status_code, LaunchAttempt.objects.first().outcome) == (400, "token_malformed")


def test_sec_25_a_request_for_content_has_limits_too(connection: Connection) -> None:
    picker = with_settings(connection, data="x" * 1_300_000)
    assert (picker.page.status_code, LaunchAttempt.objects.first().outcome) == (413, "request_too_large")
    picker = with_settings(connection, data="x" * 600_000)
    assert (picker.page.status_code, LaunchAttempt.objects.first().outcome) == (400, "claim_invalid")


def test_sec_25_a_page_may_have_many_ticks(connection: Connection) -> None:
    picker = begin(connection)
    page = picker.post("pick", token=picker.token, pick=[f"{UNIT}{number}" for number in range(150)])
    assert page.status_code == 200
    assert picker.post("pick", token=picker.token, pick=["x"] * 1100).status_code == 413


# --- what a site's filter is told -------------------------------------------------------------------------------------

TOLD: list[MessageFacts] = []


def told(facts: MessageFacts, entry: Entry) -> bool:
    TOLD.append(facts)
    return True


def test_a_filter_is_told_the_custom_parameters_that_the_site_names_and_no_others_are_kept(
    connection: Connection, settings
) -> None:
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.told"
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM = ["faculty", "campus"]
    custom = {"faculty": "Mäths \U0001f9ee", "login": "j.doe", "email": "j.doe@school.edu"}
    TOLD.clear()
    picker = begin_with(connection, lambda claims: {**claims, f"{CLAIM}custom": custom})
    at_first = len(TOLD)
    picker.go().open(SUBSECTION).send(UNIT)
    assert 0 < at_first < len(TOLD)
    assert [dict(facts.custom) for facts in TOLD] == [{"faculty": custom["faculty"]}] * len(TOLD)
    assert "j.doe" not in DeepLinkingRequest.objects.get().message
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM = ()
    begin_with(connection, lambda claims: {**claims, f"{CLAIM}custom": custom})
    assert dict(TOLD[-1].custom) == {}

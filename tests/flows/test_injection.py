"""Texts of strangers stay texts: in pages, in the admin, in headers, in logs (SEC-23, SEC-24, SEC-34)."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from itertools import product

import pytest
import requests
from django.contrib.auth import get_user_model

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.scores.models import PendingScore
from tests.connection import AGS_CLAIM, CLAIM, LEARNER, PROBLEM, WELCOME, answer

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</title>"
LINES = "x\r\nX-Evil: 1\r\nSet-Cookie: evil=1\r\n\r\n<html>WARNING forged line"
ADMIN = "/admin/lti_1p3_provider"


class Tags(HTMLParser):
    """The tags of a page that the evil text would make."""

    def __init__(self) -> None:
        super().__init__()
        self.evil: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if said.get("src") == "x" or "onerror" in said:
            self.evil.append(tag)


def is_harmless(page: str) -> bool:
    """Look for what the evil text would have brought in."""
    tags = Tags()
    tags.feed(page)
    return not tags.evil and "<script>alert" not in page and EVIL not in page


def evil_claims(claims: dict) -> dict:
    """Write the evil text wherever a text may stand."""
    return {
        **claims,
        **dict.fromkeys(("name", "given_name", "family_name", "email", "locale", "picture"), EVIL),
        "sub": EVIL,
        EVIL: EVIL,
        f"{CLAIM}context": dict.fromkeys(("id", "label", "title"), EVIL),
        f"{CLAIM}resource_link": dict.fromkeys(("id", "title", "description"), EVIL),
        f"{CLAIM}custom": {EVIL: EVIL, "key": EVIL},
        f"{CLAIM}roles": [EVIL],
        f"{CLAIM}tool_platform": {"name": EVIL, "guid": EVIL},
        f"{CLAIM}launch_presentation": {"return_url": f"https://p.example/{EVIL}?{EVIL}", "locale": EVIL},
        AGS_CLAIM: {**claims.get(AGS_CLAIM, {}), "lineitem": f"https://p.example/{EVIL}"},
    }


def admin_pages(client) -> list[str]:
    """Return all pages on which an operator may meet what platforms sent."""
    lists = [
        f"{ADMIN}/{name}/" for name in ("launchattempt", "registration", "pendingscore", "platformuser", "toolkey")
    ]
    kept = [row.pk for row in LaunchAttempt.objects.all() if "alert" in str(vars(row))]
    details = [f"{ADMIN}/launchattempt/{pk}/change/" for pk in kept]
    details += [f"{ADMIN}/pendingscore/{row.pk}/change/" for row in PendingScore.objects.all()]
    details += [
        f"{ADMIN}/registration/{pk}/change/"
        for pk in LaunchAttempt.objects.values_list("registration", flat=True)
        if pk
    ]
    details += [f"/admin/auth/user/{user.pk}/change/" for user in get_user_model().objects.filter(is_staff=False)]
    pages = [client.get(path) for path in (*lists, *details, "/admin/")]
    assert {page.status_code for page in pages} == {200}
    return [page.content.decode() for page in pages]


def test_sec_23_a_launch_full_of_markup_shows_harmless_pages_to_learner_and_operator(connect, admin_client):
    connection = connect(trust_emails=True)
    browser, link = Browser(), connection.link(PROBLEM, graded=True)
    connection.platform.tamper_next_launch(claims=evil_claims)
    page = connection.launch(link, LEARNER, browser)
    assert page.status_code == 200
    assert is_harmless(page.text)
    assert is_harmless(answer(browser, page).text)
    assert PendingScore.objects.filter(platform_user__sub=EVIL).exists()
    assert all(map(is_harmless, admin_pages(admin_client)))


def test_sec_23_a_refused_launch_full_of_markup_shows_harmless_pages(connection, admin_client):
    for changes in (
        {f"{CLAIM}deployment_id": EVIL},
        {f"{CLAIM}target_link_uri": f"{connection.lms}/{EVIL}"},
        {"iss": EVIL},
    ):
        connection.platform.tamper_next_launch(claims=lambda claims, new=changes: {**evil_claims(claims), **new})
        page = connection.launch(connection.link(WELCOME))
        assert 400 <= page.status_code < 500
        assert is_harmless(page.text)
    page = connection.tampered_launch(headers=lambda headers: {**headers, "kid": EVIL})
    assert page.status_code == 400
    assert is_harmless(page.text)
    assert "onerror=alert(2)" in str(list(LaunchAttempt.objects.values_list("detail", flat=True)))
    assert all(map(is_harmless, admin_pages(admin_client)))


LOGIN_FIELDS = ("iss", "login_hint", "target_link_uri", "client_id", "lti_message_hint", "lti_deployment_id")
FIELDS = (*LOGIN_FIELDS, "id_token", "state", "error", "error_description")


def test_sec_23_sec_34_form_fields_full_of_markup_are_not_shown(connection, admin_client):
    genuine = {"iss": connection.platform.issuer, "login_hint": "x", "target_link_uri": EVIL, "client_id": "unknown"}
    for method, door, name in product(("GET", "POST"), ("login", "launch"), (*FIELDS, EVIL)):
        case, fields = (method, door, name), {**genuine, "state": "x", "id_token": "y", name: EVIL}
        sent = {"params": fields} if method == "GET" else {"data": fields}
        page = Browser().request(method, f"{connection.lms}/lti/1p3/{door}/", allow_redirects=False, timeout=5, **sent)
        assert 400 <= page.status_code < 500, case
        assert is_harmless(page.text), case
        assert "alert" not in page.text, case
    assert all(map(is_harmless, admin_pages(admin_client)))


def test_sec_34_a_login_hands_markup_to_the_platform_encoded(connection):
    fields = dict.fromkeys(("login_hint", "target_link_uri", "lti_message_hint", "lti_deployment_id"), EVIL)
    fields |= {"iss": connection.platform.issuer, "client_id": connection.client_id}
    answered = requests.post(f"{connection.lms}/lti/1p3/login/", data=fields, allow_redirects=False, timeout=5)
    assert answered.status_code == 302
    assert not re.search(r"[<>\"' {}]", answered.headers["Location"])
    assert answered.text == ""


# --- SEC-24: lines ----------------------------------------------------------------------------------------------------

PLACES = (
    *((name,) for name in ("name", "given_name", "email", "sub", "iss", "aud", "azp", "nonce", "jti", "locale")),
    *((f"{CLAIM}{name}",) for name in ("message_type", "version", "deployment_id", "target_link_uri")),
    *((f"{CLAIM}resource_link", name) for name in ("id", "title")),
    *((f"{CLAIM}context", name) for name in ("id", "label", "title")),
    *((f"{CLAIM}launch_presentation", name) for name in ("return_url", "document_target", "locale")),
    *((AGS_CLAIM, name) for name in ("lineitem", "lineitems")),
    (f"{CLAIM}custom", "key"),
)


def is_clean(response: requests.Response, caplog) -> bool:
    """Tell whether lines of a stranger made no header, no cookie, and no line of a log or a record."""
    answers = (*response.history, response)
    said = [record.getMessage() for record in caplog.records if not record.exc_info]
    caplog.clear()
    assert response.status_code < 500
    assert not any("X-Evil" in answer.headers or "evil" in answer.cookies for answer in answers)
    assert not [message for message in said if re.search(r"[\r\n]", message)]
    return not re.search(r"[\r\n]", recorded())


def recorded() -> str:
    """Return what the attempts keep, as one text."""
    return "|".join(
        str(getattr(row, field.attname)) for row in LaunchAttempt.objects.all() for field in row._meta.concrete_fields
    )


@pytest.mark.parametrize("refused", [False, True], ids=["open", "gate closed"])
def test_sec_24_lines_in_a_claim_reach_no_header_log_or_record(connect, caplog, refused):
    connection = connect(trust_emails=True)
    caplog.set_level(logging.DEBUG)
    if refused:
        connection.gate()
    for place in PLACES:

        def spoil(claims: dict, place: tuple[str, ...] = place) -> dict:
            *way, name = place
            members = claims
            for step in way:
                members = members.setdefault(step, {})
            members[name] = LINES if name != "return_url" else f"https://p.example/{LINES}"
            return claims

        connection.platform.tamper_next_launch(claims=spoil)
        assert is_clean(connection.launch(connection.link(PROBLEM, graded=True)), caplog), place


@pytest.mark.parametrize("door", ["login", "launch"])
def test_sec_24_lines_in_a_form_field_reach_no_header_log_or_record(connection, caplog, door):
    caplog.set_level(logging.DEBUG)
    genuine = {"iss": connection.platform.issuer, "login_hint": "x", "target_link_uri": "y"}
    for name in FIELDS:
        fields = {**genuine, "state": "x", "id_token": "y", name: LINES}
        url = f"{connection.lms}/lti/1p3/{door}/"
        assert is_clean(requests.post(url, data=fields, allow_redirects=False, timeout=5), caplog), name


def test_sec_24_lines_in_a_kid_reach_no_header_log_or_record(connection, caplog):
    caplog.set_level(logging.DEBUG)
    response = connection.tampered_launch(headers=lambda headers: {**headers, "kid": LINES})
    assert response.status_code == 400
    assert is_clean(response, caplog)
    assert "X-Evil" in recorded()  # it is there to be read

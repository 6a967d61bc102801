"""Requests that no platform makes: arbitrary forms, queries, cookies, states and paths at each door."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, quote_plus

import requests
from hypothesis import example, given
from hypothesis import strategies as st

from tests.connection import COURSE, WELCOME, Connection
from tests.traces import nothing_stored, refusal

from .budget import examples
from .values import any_text, form_body

FORM = "application/x-www-form-urlencoded"
LOGIN_NAMES = ("iss", "login_hint", "target_link_uri", "client_id", "lti_message_hint", "lti_deployment_id")
LAUNCH_NAMES = ("id_token", "state", "error", "error_description")
NAMES = (*LOGIN_NAMES, *LAUNCH_NAMES, "lti_storage_target", "code", "csrfmiddlewaretoken")
COOKIES = ("sessionid", "csrftoken", "lti1p3-", "lti1p3-0123456789abcdef", "messages")
PART = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
MAX_HINT = 300

pairs = st.lists(st.tuples(st.sampled_from(NAMES) | any_text, any_text), max_size=6)
cookies = st.lists(st.tuples(st.sampled_from(COOKIES) | st.text(max_size=6), st.text(max_size=8)), max_size=6)
content_types = st.sampled_from(
    (
        *(FORM, f"{FORM}; charset=utf-16", f"{FORM}; charset=latin-1", f"{FORM}; charset=x", "text/plain", "", "/"),
        *("application/json", "multipart/form-data", "multipart/form-data; boundary=é"),
        *("multipart/form-data; boundary=b", "multipart/form-data; boundary=b; charset=utf-7"),
    )
)


def multipart(found: list[tuple[str, str]]) -> bytes:
    """Return a multipart form with the boundary "b"; what is no UTF-8 becomes a question mark."""
    parts = "".join(f"--b\r\n{PART.format(*pair)}" for pair in found)
    return f"{parts}--b--\r\n".encode(errors="replace")


raw_bodies = st.one_of(
    st.binary(max_size=60),
    pairs.map(form_body),
    pairs.map(multipart),
    st.text(st.sampled_from('-b\r\n;="&%+ \x00é'), max_size=30).map(str.encode),
)


def send(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> requests.Response:
    """Send exactly this, without what a client adds or mends; redirects are answers."""
    request = requests.Request(method, "http://x", data=body).prepare()
    request.url = url
    for name, value in (headers or {}).items():
        request.headers[name] = value.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"")
    with requests.Session() as session:
        return session.send(request, allow_redirects=False, timeout=20)


def cookie_header(found: Iterable[tuple[str, str]]) -> str:
    """Return a Cookie header; a NUL cannot stand in a header."""
    return "; ".join(f"{name}={value}" for name, value in found).replace("\x00", "")


@examples(200)
@given(body=raw_bodies, content_type=content_types, shown=cookies, door=st.sampled_from(("launch/", "login/")))
def test_sec_09_sec_25_any_form_with_any_cookies_gets_a_page_and_stores_nothing(
    connection, body, content_type, shown, door
):
    headers = {"Content-Type": content_type, "Cookie": cookie_header(shown)}
    with nothing_stored():
        refusal(send("POST", f"{connection.lms}/lti/1p3/{door}", body, headers))


@examples(150)
@given(
    changes=st.dictionaries(st.sampled_from(LOGIN_NAMES), st.none() | any_text | st.text(max_size=MAX_HINT)),
    added=pairs,
    method=st.sampled_from(("GET", "POST")),
    shown=cookies,
)
@example(changes={"login_hint": "\ud800"}, added=[], method="POST", shown=[])
@example(changes={"login_hint": " a+b%20&c=d \n", "lti_message_hint": " "}, added=[], method="POST", shown=[])
@example(changes={"lti_message_hint": "a\x00"}, added=[], method="GET", shown=[])
def test_core_01_core_03_any_login_is_sent_to_the_platform_or_gets_a_page(connection, changes, added, method, shown):
    genuine = {
        "iss": connection.platform.issuer,
        "login_hint": "x",
        "target_link_uri": "y",
        "client_id": connection.client_id,
    }
    named = {name: value for name, value in {**genuine, **changes}.items() if value is not None}
    sent = [*[pair for pair in added if pair[0] not in LOGIN_NAMES], *named.items()]
    url, headers = f"{connection.lms}/lti/1p3/login/", {"Cookie": cookie_header(shown)}
    with nothing_stored():
        if method == "GET":
            answer = send("GET", f"{url}?{form_body(sent).decode()}", headers=headers)
        else:
            answer = send("POST", url, form_body(sent), {**headers, "Content-Type": FORM})
    expected = {name: _as_received(value) for name, value in named.items()}
    if answer.status_code != 302:
        assert refusal(answer) in ("login_parameter_missing", "registration_unknown")
        assert _is_wanting(connection, expected) or any("\x00" in value for _, value in sent)
        return
    assert not any("\x00" in value for value in named.values())  # some databases store none
    assert _is_the_platforms(connection, answer.headers["Location"], expected)


def _as_received(text: str) -> str:
    """What bytes that are no UTF-8 turn into."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _is_wanting(connection: Connection, sent: dict[str, str]) -> bool:
    required = all(sent.get(name) for name in ("iss", "login_hint", "target_link_uri"))
    known = sent.get("iss") == connection.platform.issuer and sent.get("client_id", "") in ("", connection.client_id)
    return not (required and known)


def _is_the_platforms(connection: Connection, location: str, sent: dict[str, str]) -> bool:
    """Compare the authentication request with what the specification wants. (Security Framework 1.0, 5.1.1.2)"""
    address, _, query = location.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
    state, nonce = asked.pop("state"), asked.pop("nonce")
    hint = {"lti_message_hint": sent["lti_message_hint"]} if "lti_message_hint" in sent else {}
    assert address == connection.platform.auth_login_url
    assert asked == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": connection.client_id,
        "redirect_uri": f"{connection.lms}/lti/1p3/launch/",
        "login_hint": sent["login_hint"],
        **hint,
    }
    return len(state) >= 40 and len(nonce) >= 40


@examples(120)
@given(
    keys=st.tuples(*(st.one_of(any_text, st.sampled_from((COURSE, WELCOME))),) * 2),
    method=st.sampled_from(("GET", "HEAD", "GET")),
    query=st.text(max_size=5),
    shown=cookies,
)
@example(keys=(COURSE, f"{WELCOME}\n"), method="GET", query="", shown=[])
@example(keys=(f"{COURSE}\n", WELCOME), method="GET", query="", shown=[])
def test_any_content_address_without_a_launch_gets_a_page(connection, keys, method, query, shown):
    path = "/".join(quote(key, safe="", errors="surrogatepass") for key in keys)
    url = f"{connection.lms}/lti/1p3/launch/{path}?{quote_plus(query)}"
    with nothing_stored():
        answer = send(method, url, headers={"Cookie": cookie_header(shown)})
    assert 400 <= answer.status_code < 500
    if method == "GET" and all(keys) and not any("/" in key for key in keys):
        assert refusal(answer) in ("target_invalid", "grant_missing")


@examples(60)
@given(
    state=any_text | st.text(st.sampled_from("abcABC123.:-_="), max_size=90), extra=pairs, error=st.none() | any_text
)
def test_core_05_core_06_a_state_that_is_not_ours_is_refused(connection, state, extra, error):
    others = [pair for pair in extra if pair[0] not in LAUNCH_NAMES]
    said = [("state", state), ("id_token", "a.b.c"), *others]
    if error is not None:
        said.append(("error", error))
    with nothing_stored():
        answer = send("POST", f"{connection.lms}/lti/1p3/launch/", form_body(said), {"Content-Type": FORM})
    code = refusal(answer)
    assert code == ("platform_refused" if error else "state_unknown" if state else "token_missing")

"""What is asked of a platform's services word by word, and what is made of each answer (AGS-04 to AGS-07, AGS-14).

A conversation is a generator that wants answers, so none of this needs a server.
"""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache

from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.lti import access_tokens, ags, line_items, results, service, store
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.exchange import Answer, Exchange
from lti_1p3_provider.lti.line_items import NewLineItem
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.cases import every
from tests.conversing import talk

pytestmark = pytest.mark.django_db

HERE = "https://lms.example/api/lineitems"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"


@pytest.fixture
def deployment() -> Deployment:
    """A deployment whose access token is known, so that nobody is asked for one."""
    cache.clear()
    found = Deployment(pk=7, registration=Registration(pk=3, issuer="https://lms.example", platform="generic"))
    for scopes in (ags.SCOPES, frozenset([ags.LINE_ITEM_SCOPE])):
        store.put(access_tokens._name(found, scopes), "secret", 60)
    return found


CONTAINER = LineItemAddress(HERE, ags.SCOPES)
ITEM = LineItemAddress(f"{HERE}/1", ags.SCOPES)


def said(body: Any = None, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, b"" if body is None else json.dumps(body).encode())


def test_ags_01_the_scopes_have_the_specifications_names():
    scopes = "https://purl.imsglobal.org/spec/lti-ags/scope"
    assert (f"{scopes}/score", f"{scopes}/result.readonly") == (ags.SCORE_SCOPE, ags.RESULT_SCOPE)
    assert (f"{scopes}/lineitem", f"{scopes}/lineitem.readonly") == (ags.LINE_ITEM_SCOPE, ags.LINE_ITEM_READ_SCOPE)
    assert {ags.SCORE_SCOPE, ags.RESULT_SCOPE, ags.LINE_ITEM_SCOPE, ags.LINE_ITEM_READ_SCOPE} == ags.SCOPES


# --- line items -------------------------------------------------------------------------------------------------------


def test_ags_04_a_search_says_what_it_looks_for_in_the_address(deployment):
    found, (asked,) = talk(
        line_items.search(deployment, CONTAINER, resource_link_id="l 1", resource_id="r", tag="t"),
        said([{"id": f"{HERE}/1"}, {"id": f"{HERE}/2"}]),
    )
    assert [item.url for item in found] == [f"{HERE}/1", f"{HERE}/2"]
    assert asked.url == f"{HERE}?resource_link_id=l+1&resource_id=r&tag=t&limit=100"
    assert (asked.method, asked.body) == ("GET", None)
    assert asked.headers == {
        "Accept": "application/vnd.ims.lis.v2.lineitemcontainer+json",
        "Authorization": "Bearer secret",
    }


@pytest.mark.parametrize(("length", "filtered"), [(1000, True), (1001, False)])
def test_ags_04_a_filter_that_is_too_long_for_an_address_is_left_out(deployment, length, filtered):
    _, (asked,) = talk(line_items.search(deployment, CONTAINER, resource_id="x" * length), said([]))
    assert ("resource_id=" in asked.url) is filtered


def test_ags_04_a_search_ends_at_the_page_that_is_enough(deployment):
    first = said([{"id": f"{HERE}/1", "tag": "a"}], link=f'<{HERE}?page=2>; rel="next"')
    second = said([{"id": f"{HERE}/2", "tag": "b"}])
    everything, asked = talk(line_items.search(deployment, CONTAINER), first, second)
    assert [item.tag for item in everything] == ["a", "b"]
    assert asked[1].url == f"{HERE}?page=2"
    for wanted, pages in (("a", [first]), ("b", [first, second])):
        search = line_items.search(deployment, CONTAINER, enough=lambda item, tag=wanted: item.tag == tag)
        assert [item.tag for item in talk(search, *pages)[0]] == ["a", "b"][: len(pages)]


@pytest.mark.parametrize(("link_id", "more"), [("l", {"resourceLinkId": "l"}), ("", {})])
def test_ags_06_a_column_is_made_with_all_that_finds_it_again(deployment, link_id, more):
    wish = NewLineItem("label", 4.0, "r", "t", link_id)
    made, (asked,) = talk(line_items.create(deployment, CONTAINER, wish), said({"id": f"{HERE}/9"}, 201))
    assert made.url == f"{HERE}/9"
    assert (asked.method, asked.url) == ("POST", HERE)
    assert asked.headers == {"Accept": ITEM_TYPE, "Content-Type": ITEM_TYPE, "Authorization": "Bearer secret"}
    assert json.loads(asked.body) == {"label": "label", "scoreMaximum": 4, "resourceId": "r", "tag": "t", **more}


def test_ags_06_what_a_column_is_called_is_cut_to_what_platforms_take(deployment):
    body = NewLineItem("a" * 256, 1.5, "b" * 513, "c" * 256).as_json()
    assert [len(str(body[name])) for name in ("label", "resourceId", "tag")] == [255, 512, 255]
    assert body["scoreMaximum"] == 1.5


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_ags_06_where_a_new_column_is_may_be_said_in_a_header_alone(deployment, body):
    answer = Answer(201, {"location": f"{HERE}/9"}, body)
    made, _ = talk(line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), answer)
    assert (made.url, made.label, made.maximum) == (f"{HERE}/9", "", None)


def test_ags_06_a_column_is_read_without_a_body(deployment):
    item, (asked,) = talk(line_items.read(deployment, ITEM), said({"label": "x"}))
    assert (item.url, item.label) == (ITEM.url, "x")
    assert (asked.method, asked.url, asked.body) == ("GET", ITEM.url, None)
    assert asked.headers == {"Accept": ITEM_TYPE, "Authorization": "Bearer secret"}


OPTIONAL = ("resourceId", "resourceLinkId", "tag", "startDateTime", "endDateTime")


def test_ags_06_a_change_leaves_all_else_as_it_is(deployment):
    """But what platforms show as null and do not take as such."""
    before = {"id": ITEM.url, "label": "x", "scoreMaximum": 1, "vendor": {"a": [1]}, "vendorNull": None}
    shown = {**before, **dict.fromkeys(OPTIONAL)}
    item, (_, asked) = talk(line_items.change(deployment, ITEM, {"scoreMaximum": 7}), said(shown), said())
    assert (asked.method, asked.url) == ("PUT", ITEM.url)
    assert json.loads(asked.body) == {**before, "scoreMaximum": 7}
    assert (item.url, item.maximum, item.label) == (ITEM.url, 7.0, "x")


def test_ags_06_what_is_no_null_is_kept_and_what_the_platform_makes_of_a_change_counts(deployment):
    before = {"id": ITEM.url, "scoreMaximum": 1, **{name: name for name in OPTIONAL}}
    elsewhere = {"id": f"{HERE}/moved", "scoreMaximum": 8}
    item, (_, asked) = talk(line_items.change(deployment, ITEM, {"scoreMaximum": 7}), said(before), said(elsewhere))
    assert json.loads(asked.body) == {**before, "scoreMaximum": 7}
    assert (item.url, item.maximum) == (f"{HERE}/moved", 8.0)


def test_ags_06_a_column_that_is_read_under_another_id_is_changed_where_it_was(deployment):
    item, _ = talk(line_items.change(deployment, ITEM, {}), said({"id": f"{HERE}/other"}), said())
    assert item.url == ITEM.url


@every(
    "conversation, what",
    [
        (lambda deployment: line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), "making a column"),
        (lambda deployment: line_items.read(deployment, ITEM), "reading a column"),
        (lambda deployment: line_items.change(deployment, ITEM, {}), "reading a column"),
        (lambda deployment: line_items.search(deployment, CONTAINER), "reading a list"),
        (lambda deployment: results.read(deployment, ITEM), "reading a list"),
    ],
)
def test_ags_15_a_refusal_says_what_was_refused_and_how(deployment, conversation, what):
    with pytest.raises(ServiceRefused) as caught:
        talk(conversation(deployment), Answer(503, {"retry-after": "9"}, b""))
    assert (caught.value.detail, caught.value.answered) == (f"{what}: HTTP 503", 503)
    assert caught.value.headers == {"retry-after": "9"}


def test_ags_15_a_change_that_is_refused_says_so(deployment):
    with pytest.raises(ServiceRefused, match="changing a column: HTTP 403"):
        talk(line_items.change(deployment, ITEM, {}), said({"label": "l"}), said(status=403))


def test_ags_06_what_cannot_be_read_as_it_is_is_not_written_back(deployment):
    lines = b'{"label": "two\nlines", "scoreMaximum": 1}'
    _, (_, asked) = talk(line_items.change(deployment, ITEM, {"scoreMaximum": 7}), Answer(200, {}, lines), said())
    assert json.loads(asked.body) == {"label": "two\nlines", "scoreMaximum": 7}
    for body in (b'{"label": "Pr\xfcfung"}', b'{"vendor": 1e999}', b'{"vendor": NaN}'):
        with pytest.raises(AnswerUnreadable, match="a line item"):
            talk(line_items.change(deployment, ITEM, {"scoreMaximum": 7}), Answer(200, {}, body))


@every("body", [b"[]", b"{", b"1"])
def test_a_column_that_cannot_be_read_is_said(deployment, body):
    with pytest.raises(AnswerUnreadable, match="a line item"):
        talk(line_items.read(deployment, ITEM), Answer(200, {}, body))


@pytest.mark.parametrize(("length", "usable"), [(0, False), (1, True), (8192, True), (8193, False)])
def test_an_address_has_a_length(length, usable):
    if usable:
        assert line_items._read({"id": "x" * length}).url == "x" * length
    else:
        with pytest.raises(AnswerUnreadable, match="without a usable id"):
            line_items._read({"id": "x" * length})


def test_a_column_has_what_the_platform_says_of_it():
    shown = {"id": "u", "label": "l", "resourceId": 7, "tag": None, "ltiLinkId": "m", "scoreMaximum": 2}
    item = line_items._read(shown)
    assert (item.label, item.resource_id, item.tag, item.resource_link_id, item.maximum) == ("l", "7", "", "m", 2.0)
    assert item.members == shown
    assert line_items._read({**shown, "resourceLinkId": "n"}).resource_link_id == "n"
    assert line_items._read({"id": "u"}) == line_items.PlatformLineItem("u")


@pytest.mark.parametrize("name", ["label", "resourceId", "tag", "resourceLinkId", "ltiLinkId"])
@pytest.mark.parametrize("value", [True, 1.5, [], {}, None])
def test_what_is_no_text_says_nothing_of_a_column(name, value):
    assert line_items._read({"id": "u", name: value}) == line_items.PlatformLineItem("u")


ODD_IDS = (None, 7, True, [], {}, "", "  ", "x" * 8193, "a\x00b", "https://p.example/\ud800", "https://[::1")


@every("value", ODD_IDS)
def test_ags_04_an_odd_entry_of_a_list_is_left_out(deployment, value):
    listed = said([{"id": value, "tag": "t"}, {"id": f"{HERE}/1"}, 7, {}])
    found, _ = talk(line_items.search(deployment, CONTAINER), listed)
    assert [item.url for item in found] == [f"{HERE}/1"]


@every("value", ODD_IDS)
def test_ags_06_where_a_new_column_is_is_said_by_whatever_is_usable(deployment, value):
    answer = said({"id": value, "label": "x"}, 201, location=f"{HERE}/9")
    made, _ = talk(line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), answer)
    assert (made.url, made.label) == (f"{HERE}/9", "x")
    with pytest.raises(AnswerUnreadable, match="without a usable id"):
        talk(line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), said({"id": value}, 201))


@every("body", [b"<html>", b"[]", b'{"id": "x", "id": "y"}', b"\xff", b"[" * 100_000])
def test_ags_06_a_change_is_made_whatever_follows_the_status(deployment, body):
    answer = Answer(201, {"location": f"{HERE}/9"}, body)
    assert talk(line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), answer)[0].url == f"{HERE}/9"
    spoilt = Answer(200, {}, b"", failure=PlatformUnreachable("x"))
    for after in (Answer(200, {}, body), spoilt):
        item, _ = talk(line_items.change(deployment, ITEM, {"scoreMaximum": 7}), said({"label": "x"}), after)
        assert (item.url, item.label, item.maximum) == (ITEM.url, "x", 7.0)


@every(
    "address, full",
    [
        (" /items/9 ", "https://lms.example/items/9"),
        ("lineitems/9", f"{HERE}/9"),
        ("//lms.example/9", "https://lms.example/9"),
        (f"\t{HERE}/9\r\n", f"{HERE}/9"),
        ("?id=9", f"{HERE}?id=9"),
        ("\u200b/items/9\ufeff", "https://lms.example/items/9"),
        ("/items/my column", "https://lms.example/items/my%20column"),
    ],
)
def test_ags_06_addresses_are_resolved_where_they_are_said(deployment, address, full):
    made, _ = talk(
        line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), Answer(201, {"location": address}, b"")
    )
    assert made.url == full
    assert talk(line_items.search(deployment, CONTAINER), said([{"id": address}]))[0][0].url == full
    assert talk(line_items.read(deployment, CONTAINER), said({"id": address}))[0].url == full


@every(
    "ids",
    [
        [f"{HERE}/1", f"{HERE}/1"],
        [f"{HERE}/1", "https://LMS.example:443/api/lineitems/1", "https://lms.example./api/lineitems/1#x"],
        ["/api/lineitems/1", f" {HERE}/1 ", "lineitems/1"],
    ],
)
def test_ags_04_one_id_is_one_column(deployment, ids):
    """Pages overlap where somebody adds a column meanwhile."""
    first = said([{"id": ids[0]}], link=f'<{HERE}?page=2>; rel="next"')
    found, _ = talk(line_items.search(deployment, CONTAINER), first, said([{"id": one} for one in ids]))
    assert [item.url for item in found] == [f"{HERE}/1"]


@every("conversation", [line_items.search, results.read])
@every("status", [204, 205])
def test_ags_04_a_list_with_no_content_is_empty(deployment, conversation, status):
    assert talk(conversation(deployment, CONTAINER), Answer(status, {}, b""))[0] == []


NOTHING = [(200, b""), (200, b" \r\n"), (200, b"null"), (202, b" null\n")]


@every("status, body", NOTHING)
def test_ags_04_a_course_in_which_nobody_knows_of_a_column_may_show_nothing(deployment, status, body):
    nothing, nowhere = Answer(status, {}, body), Answer(404, {}, b"<html>")
    assert talk(line_items.search(deployment, CONTAINER, none_yet=True), nothing)[0] == []
    assert talk(line_items.search(deployment, CONTAINER, none_yet=True), nowhere, nowhere)[0] == []
    with pytest.raises(AnswerUnreadable):  # what breaks later is no end
        talk(line_items.search(deployment, CONTAINER, none_yet=True), said([], link='<?page=2>; rel="next"'), nothing)


@every("conversation", [line_items.search, results.read])
@every("status, body", NOTHING)
def test_ags_04_an_answer_that_broke_on_its_way_does_not_say_that_there_is_nothing(
    deployment, conversation, status, body
):
    """Else all scores would seem to be lost, and be sent over whatever a teacher has changed since."""
    with pytest.raises(AnswerUnreadable):
        talk(conversation(deployment, CONTAINER), Answer(status, {}, body))
    with pytest.raises(ServiceRefused, match="HTTP 404"):
        talk(conversation(deployment, CONTAINER), *[Answer(404, {}, b"<html>")] * 2)


@every("body", [b"", b"null", b"{}"])
def test_ags_06_a_column_that_shows_nothing_is_not_written_back(deployment, body):
    with pytest.raises(AnswerUnreadable, match="nothing is shown"):
        talk(line_items.change(deployment, ITEM, {"scoreMaximum": 2}), Answer(200, {}, body))


LISTED = [{"id": f"{HERE}/1", "label": "x"}, {"id": f"{HERE}/2"}]


@every(
    "body, media_type",
    [
        (b"\xef\xbb\xbf" + json.dumps(LISTED).encode(), ITEM_TYPE),
        (json.dumps(LISTED).encode("utf-16"), ITEM_TYPE),
        (json.dumps(LISTED).replace('"x"', '"Pr\xfcfung"').encode("latin-1"), f"{ITEM_TYPE}; charset=ISO-8859-1"),
        (json.dumps(LISTED).replace('"x"', '"Pr\xfcfung"').encode(), f"{ITEM_TYPE}; charset=ISO-8859-1"),
        (json.dumps(LISTED).encode().replace(b'"x"', b'"Pr\xc3"'), ITEM_TYPE),
        (json.dumps(LISTED).replace('"x"', '"two\nlines\t\x01"').encode(), ""),
        (json.dumps(dict(zip("27", LISTED, strict=True))).encode(), ""),
    ],
)
def test_ags_04_how_a_list_is_written_hides_no_column(deployment, body, media_type):
    found, _ = talk(line_items.search(deployment, CONTAINER), Answer(200, {"content-type": media_type}, body))
    assert [item.url for item in found] == [f"{HERE}/1", f"{HERE}/2"]
    assert not set("\x00\ud800") & set(found[0].label)


def test_ags_04_what_identifies_is_left_out_and_not_altered(deployment):
    """Of bytes that are no text nobody knows what they stood for."""
    body = json.dumps([*LISTED, {"id": "?"}, {"userId": "?", "resultScore": 1}]).encode().replace(b"?", b"/3\xff")
    found, _ = talk(line_items.search(deployment, CONTAINER), Answer(200, {}, body))
    assert [item.url for item in found] == [f"{HERE}/1", f"{HERE}/2"]
    assert talk(results.ask(deployment, ITEM), Answer(200, {}, body))[0] == results.Shown((), 4)


@every("conversation, place", [(line_items.search, HERE), (results.read, f"{HERE}/results")])
@every("status", [400, 404, 405, 414, 422, 501])
def test_ags_04_who_knows_no_filters_is_asked_once_more_without(deployment, conversation, place, status):
    found, asked = talk(conversation(deployment, CONTAINER), Answer(status, {}, b""), said([]))
    assert (found, [one.url for one in asked]) == ([], [f"{place}?limit=100", place])
    with pytest.raises(ServiceRefused, match="HTTP 400"):
        talk(conversation(deployment, CONTAINER), Answer(status, {}, b""), Answer(400, {}, b""))
    with pytest.raises(ServiceRefused):  # not a later page
        talk(conversation(deployment, CONTAINER), said([], link='<?page=2>; rel="next"'), Answer(status, {}, b""))


@every("link", ['<>; rel="next"', '< >; rel=next, <?page=1>; rel="first"', '<#>; rel="next"'])
def test_ags_04_a_next_page_without_an_address_is_not_the_end(deployment, link):
    """Whoever is on the pages that are missing would seem to have left, or to have no result."""
    with pytest.raises(AnswerUnreadable, match="circle"):
        talk(line_items.search(deployment, CONTAINER), said(LISTED, link=link))


def test_ags_04_a_next_page_without_a_readable_address_is_said(deployment):
    with pytest.raises(AnswerUnreadable, match=r"next page has the address 'https://\[::1'"):
        talk(line_items.search(deployment, CONTAINER), said([], link='<https://[::1>; rel="next"'))


# --- other places, other media types, fewer scopes --------------------------------------------------------------------


@every("status", [301, 302, 303, 307, 308])
@every("location", [f"{HERE}/", "/api/lineitems/", " https://LMS.example:443/api/lineitems/ "])
def test_ags_04_a_list_that_moved_on_its_host_is_followed_once(deployment, status, location):
    moved = Answer(status, {"location": location}, b"")
    found, (_, asked) = talk(line_items.search(deployment, CONTAINER), moved, said([{"id": f"{HERE}/1"}]))
    assert [item.url for item in found] == [f"{HERE}/1"]
    assert asked.url.rstrip().lower().replace(":443", "") == f"{HERE}/".lower()
    with pytest.raises(ServiceRefused, match=f"HTTP {status}"):
        talk(line_items.search(deployment, CONTAINER), moved, moved)


@every(
    "location",
    [
        "",
        "https://evil.example/",
        "http://lms.example/",
        "https://lms.example:8443/",
        "https://a@lms.example/",
        "//evil.example/",
        "https://[::1",
    ],
)
def test_sec_05_another_place_is_not_followed(deployment, location):
    with pytest.raises(ServiceRefused, match="HTTP 302"):
        talk(results.read(deployment, ITEM), Answer(302, {"location": location}, b""))


def test_sec_05_what_we_send_is_not_sent_on(deployment):
    answer, _ = talk(ags.post_score(deployment, ITEM, SCORE), Answer(307, {"location": f"{HERE}/1/scores/"}, b""))
    assert answer.status == 307


SCORE = ags.Score("u", 1, 2, datetime(2026, 1, 1, tzinfo=UTC))
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"


@every(
    "conversation",
    [
        lambda deployment: line_items.search(deployment, CONTAINER),
        lambda deployment: line_items.read(deployment, ITEM),
        lambda deployment: results.read(deployment, ITEM),
    ],
)
def test_ags_02_what_is_not_to_be_had_in_its_media_type_is_taken_in_any(deployment, conversation):
    _, asked = talk(conversation(deployment), Answer(406, {}, b""), Answer(204, {}, b""))
    assert asked[0].headers["Accept"].startswith("application/vnd.ims")
    assert asked[1].headers == {**asked[0].headers, "Accept": "*/*"}
    with pytest.raises(ServiceRefused, match="HTTP 406"):
        talk(conversation(deployment), Answer(406, {}, b""), Answer(406, {}, b""))


def test_ags_07_a_column_that_may_have_been_made_is_not_asked_for_again_in_another_type(deployment):
    """A platform may find out only at the end, with the column made, that it cannot answer as it was asked to."""
    with pytest.raises(ServiceRefused, match="HTTP 406"):
        talk(line_items.create(deployment, CONTAINER, NewLineItem("l", 1, "r", "t")), Answer(406, {}, b""))


def test_ags_02_a_score_names_its_media_type_and_another_is_taken_as_well(deployment):
    answer, asked = talk(ags.post_score(deployment, ITEM, SCORE), Answer(406, {}, b""), Answer(200, {}, b""))
    assert answer.ok
    assert [one.headers["Accept"] for one in asked] == [SCORE_TYPE, "*/*"]
    assert {(one.method, one.headers["Content-Type"], one.whole) for one in asked} == {("POST", SCORE_TYPE, False)}


@every("url", ["https://lms.example:443/1", "https://LMS.EXAMPLE/1", "https://lms.example./1"])
def test_ags_05_an_address_of_the_platform_in_another_spelling_is_the_platforms(deployment, url):
    answer, (asked,) = talk(ags.post_score(deployment, LineItemAddress(url, ags.SCOPES), SCORE), Answer(200, {}, b""))
    assert (answer.ok, asked.url) == (True, f"{url}/scores")


@every(
    "url, message",
    [
        (
            "https://evil.example/1?token=secret",
            "https://evil.example is not a host of this platform: .*'https://evil.example/1/scores'",
        ),
        ("https://lms.example:8443/1", "https://lms.example:8443 is not a host of this platform"),
        ("/lineitems/1", "'/lineitems/1/scores' is no web address"),
        ("https://[::1/1", r"'https://\[::1/1' is no address"),
        ("https://user:secret@lms.example/1", "'https://lms.example/1/scores' is no web address"),
        ("", "'/scores' is no web address"),
        ("x\ny\ud800" + "z" * 500, "is no web address"),
    ],
)
def test_ags_05_an_address_that_is_none_of_the_platforms_is_named_short_and_clean(deployment, url, message):
    with pytest.raises(AddressForbidden, match=message) as caught:
        talk(ags.post_score(deployment, LineItemAddress(url, ags.SCOPES), SCORE))
    assert "secret" not in caught.value.detail
    assert len(caught.value.detail) < 255
    assert not set("\n\ud800") & set(caught.value.detail)


@pytest.mark.parametrize(
    ("value", "maximum"),
    [
        (0, None),
        (-1, None),
        (0.5, 0.5),
        (1, 1.0),
        (1e300, None),
        (9e299, 9e299),
        (True, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        ("1", None),
        (None, None),
    ],
)
def test_a_maximum_is_a_number_above_nothing(value, maximum):
    assert line_items._read({"id": "u", "scoreMaximum": value}).maximum == maximum


# --- lists ------------------------------------------------------------------------------------------------------------


def pages(deployment: Deployment) -> Exchange[Any]:
    return service.entries(deployment, ags.SCOPES, f"{HERE}?page=1", "application/json", ags.RESULT_SCOPE)


def page(number: int, entries: int = 1) -> Answer:
    return said([{}] * entries, link=f'<{HERE}?page={number + 1}>; rel="next"')


def test_ags_04_the_next_page_may_be_named_relative_to_this_one(deployment):
    _, asked = talk(pages(deployment), said([], link='<?page=2>; rel="next"'), said([]))
    assert asked[1].url == f"{HERE}?page=2"


def test_ags_04_so_many_pages_are_read_and_no_more(deployment):
    found, _ = talk(pages(deployment), *(page(number) for number in range(1, 100)), said([{}]))
    assert len(found) == 100
    with pytest.raises(AnswerUnreadable, match="goes in a circle, or has more than 100 pages"):
        talk(pages(deployment), *(page(number) for number in range(1, 101)))


def test_ags_04_so_many_entries_are_read_and_no_more(deployment):
    before = page(1, 20_000), page(2, 20_000)
    assert len(talk(pages(deployment), *before, page(3, 9_999), said([{}]))[0]) == 50_000
    with pytest.raises(AnswerUnreadable, match="goes in a circle"):
        talk(pages(deployment), *before, page(3, 10_000))


def test_ags_04_a_list_that_goes_in_a_circle_is_noticed(deployment):
    with pytest.raises(AnswerUnreadable, match="goes in a circle"):
        talk(pages(deployment), page(1), page(0))
    with pytest.raises(AnswerUnreadable, match="goes in a circle"):
        talk(pages(deployment), page(1), page(1))


def test_ags_04_a_list_takes_a_minute_at_most(deployment, monkeypatch):
    conversation, began = pages(deployment), time.monotonic()
    next(conversation)
    monkeypatch.setattr(time, "monotonic", lambda: began + 59)
    conversation.send(page(1))
    monkeypatch.setattr(time, "monotonic", lambda: began + 61)
    with pytest.raises(PlatformUnreachable, match="a list took longer than 60 s"):
        conversation.send(page(2))


@every("body", [b"{}", b"[1]", b"<html>", b"[{}", b'{"error": [{}]}', b'{"1": 1}', b"nullnull"])
def test_ags_04_a_list_that_is_none_is_said(deployment, body):
    with pytest.raises(AnswerUnreadable, match="a list: "):
        talk(pages(deployment), Answer(200, {}, body))


# --- results ----------------------------------------------------------------------------------------------------------


@every(
    "platform, person, query",
    [
        ("generic", "", "?limit=100"),
        ("generic", "p&q", "?user_id=p%26q"),
        ("openedx", "", ""),
        ("openedx", "p", "?user_id=p"),
    ],
)
def test_ags_14_results_of_one_person_or_of_everybody(deployment, platform, person, query):
    deployment.registration.platform = platform
    shown = [{"userId": "p&q", "resultScore": 1, "resultMaximum": 2}, {"userId": "p"}]
    found, (asked,) = talk(results.read(deployment, ITEM, person), said(shown))
    assert asked.url == f"{ITEM.url}/results{query}"
    assert asked.headers["Accept"] == "application/vnd.ims.lis.v2.resultcontainer+json"
    assert [one.user_id for one in found] == ([person] if person else ["p&q", "p"])


@pytest.mark.parametrize(
    ("shown", "given", "maximum"),
    [
        ({"resultScore": 1, "resultMaximum": 2}, 1.0, 2.0),
        ({"resultScore": 0, "resultMaximum": 2}, 0.0, 2.0),
        ({"resultScore": 0.5}, 0.5, 1.0),
        ({"resultScore": 1, "resultMaximum": 0}, 1.0, 1.0),
        ({"resultScore": 1, "resultMaximum": -3}, 1.0, 1.0),
        ({"resultScore": 1, "resultMaximum": 0.5}, 1.0, 0.5),
        ({"resultScore": None}, None, 1.0),
        ({"resultScore": -9e299}, -9e299, 1.0),
        ({}, None, 1.0),
    ],
)
def test_ags_14_a_result_is_on_the_columns_scale(shown, given, maximum):
    assert results._read({"userId": 5, **shown}) == results.Result("5", given, maximum)


@every("value", ["x", "nan", "", " ", True, [], [1], {"a": 1}, 1e300, -1e300, 10**400, math.nan, math.inf])
def test_ags_14_a_result_that_is_no_number_of_points_is_odd_and_stops_no_other(deployment, value):
    assert results._read({"userId": "p", "resultScore": value}) == results.Result("p", None, 1.0, is_odd=True)
    assert results._read({"userId": "p", "resultScore": 1, "resultMaximum": value}) == results.Result("p", 1.0, 1.0)


def test_ags_14_points_may_be_written_as_a_text():
    shown = {"userId": "p", "resultScore": "3.5", "resultMaximum": "4"}
    assert results._read(shown) == results.Result("p", 3.5, 4.0)


@every("user_id", [None, True, 1.5, [], {}, ""])
def test_ags_14_a_result_that_is_nobodys_is_left_out(deployment, user_id):
    shown = said([{"userId": user_id, "resultScore": 1}, {"resultScore": 2}, 7, {"userId": "p", "resultScore": 3}])
    found, _ = talk(results.read(deployment, ITEM), shown)
    assert found == [results.Result("p", 3.0, 1.0)]

"""CORE-07, CORE-11, SEC-25: what is read out of a launch's claims, and each limit at its edge."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from lti_1p3_provider.errors import ClaimInvalid, ClaimMissing, LtiError, MessageTypeUnsupported
from lti_1p3_provider.launches.views import ENTRANCES
from lti_1p3_provider.lti.claims import NRPS, ContextClaim, GradeService
from lti_1p3_provider.lti.claims import Person as PersonClaim
from lti_1p3_provider.lti.deep_linking import read_settings
from lti_1p3_provider.lti.messages import READERS, read_message
from lti_1p3_provider.lti.reader import Reader
from lti_1p3_provider.lti.resource_link import ResourceLinkClaim, ResourceLinkMessage
from lti_1p3_provider.lti.roles import Roles
from tests.cases import every
from tests.connection import AGS_CLAIM, CLAIM

REQUIRED = {
    f"{CLAIM}message_type": "LtiResourceLinkRequest",
    f"{CLAIM}version": "1.3.0",
    f"{CLAIM}deployment_id": "dep",
    f"{CLAIM}target_link_uri": "https://lms.example/x",
    f"{CLAIM}roles": [],
    f"{CLAIM}resource_link": {"id": "link"},
}
OPTIONAL = {
    "sub": "person-1",
    "name": " Ada \n Park ",
    "given_name": "Not",
    "family_name": "Asked",
    "email": " ada@school.example ",
    f"{CLAIM}roles": ["Learner"],
    f"{CLAIM}resource_link": {"id": "link", "title": "Link's title", "description": "not read"},
    f"{CLAIM}context": {"id": "course", "label": "C1", "title": "Course's title", "type": ["x"]},
    f"{CLAIM}launch_presentation": {"return_url": "https://platform.example/back"},
    f"{CLAIM}custom": {"one": "1", "unknown": "$Vendor.thing", "number": 5, "price": "5 $"},
    AGS_CLAIM: {"scope": ["b", "a"], "lineitem": "https://p.example/1", "lineitems": "https://p.example/all"},
}


def message(**plain: Any) -> ResourceLinkMessage:
    """Read the required claims, and some that are not of LTI."""
    read = read_message({**REQUIRED, **plain})
    assert isinstance(read, ResourceLinkMessage)
    return read


def problem(error: type[LtiError], claims: dict[str, Any]) -> str:
    """Return the detail of the refusal."""
    with pytest.raises(error) as caught:
        read_message({**REQUIRED, **claims})
    return str(caught.value.detail)


def test_core_11_all_that_is_read():
    assert read_message({**REQUIRED, **OPTIONAL}) == ResourceLinkMessage(
        subject="person-1",
        deployment_id="dep",
        target_link_uri="https://lms.example/x",
        roles=Roles(context=frozenset({"Learner"})),
        resource_link=ResourceLinkClaim("link", "Link's title"),
        context=ContextClaim("course", "C1", "Course's title"),
        person=PersonClaim("Ada Park", "ada@school.example"),
        grade_service=GradeService(frozenset({"a", "b"}), "https://p.example/1", "https://p.example/all"),
        return_url="https://platform.example/back",
        custom={"one": "1", "price": "5 $"},
    )


def test_core_11_all_that_may_be_missing():
    assert message() == ResourceLinkMessage(
        subject=None,
        deployment_id="dep",
        target_link_uri="https://lms.example/x",
        roles=Roles(),
        resource_link=ResourceLinkClaim("link", ""),
        context=None,
        person=PersonClaim("", ""),
        grade_service=None,
        return_url="",
        custom={},
    )


def test_core_11_what_may_be_missing_inside_of_optional_claims():
    read = read_message(
        {**REQUIRED, f"{CLAIM}context": {"id": "course"}, f"{CLAIM}launch_presentation": {}, AGS_CLAIM: {}}
    )
    assert (read.context, read.return_url) == (ContextClaim("course", "", ""), "")
    assert read.grade_service == GradeService(frozenset(), "", "")


@every(
    "names, read",
    [
        ({"given_name": "Ada", "family_name": "Park"}, "Ada Park"),
        ({"given_name": "Ada"}, "Ada"),
        ({"family_name": "Park"}, "Park"),
        ({"name": "A. Park", "given_name": "Ada"}, "A. Park"),
        ({"name": "<b></b>", "given_name": "=Ada"}, "Ada"),
        ({"name": "=1+1", "given_name": "Ada"}, "1+1"),
        ({"given_name": "@Ada", "family_name": "<i>Park</i>"}, "Ada Park"),
        ({"name": f"Ada {'x' * 4000}"}, f"Ada {'x' * 296}"),
    ],
)
def test_core_11_a_name_may_come_in_parts(names, read):
    assert read_message({**REQUIRED, **names}).person.name == read


@every(
    "email, read",
    [
        (f"{'a' * 62}@{'b' * 60}.{'c' * 60}.{'d' * 61}.example", True),
        (f"{'a' * 62}@{'b' * 60}.{'c' * 60}.{'d' * 62}.example", False),
        ("nobody", False),
        ("a@b.example\nBcc: c@d.example", False),
    ],
)
def test_sec_24_an_email_that_is_none_is_not_shared(email, read):
    assert message(email=email).person.email == (email if read else "")


@every("name", sorted(REQUIRED))
def test_core_07_required_claims_are_named_when_missing(name):
    assert problem(ClaimMissing, {name: None}) == name


@every("name", ["message_type", "version", "deployment_id", "target_link_uri"])
def test_core_07_required_texts_are_not_empty(name):
    assert problem(ClaimMissing, {f"{CLAIM}{name}": ""}) == f"{CLAIM}{name}"


@pytest.mark.parametrize(("name", "values"), [("resource_link", {"title": "x"}), ("context", {"label": "x"})])
def test_core_07_an_id_is_named_by_its_path_when_missing(name, values):
    assert problem(ClaimMissing, {f"{CLAIM}{name}": values}) == f"{CLAIM}{name}.id"


def test_core_07_the_refusal_says_what_must_stand_there():
    assert problem(ClaimInvalid, {f"{CLAIM}version": "other"}) == f"{CLAIM}version must be 1.3.0"


@every(
    "named, said",
    [
        ("LtiDataPrivacyLaunchRequest", "'LtiDataPrivacyLaunchRequest'"),
        ("ltiresourcelinkrequest", "'ltiresourcelinkrequest'"),
        ("two\nlines\x7f", "'two lines\ufffd'"),
        ("x" * 200, f"'{'x' * 100}…'"),
    ],
)
def test_core_07_the_refusal_names_the_message_type_and_those_that_are_taken(named, said):
    detail = problem(MessageTypeUnsupported, {f"{CLAIM}message_type": named, f"{CLAIM}version": "other"})
    assert detail == f"{said}; taken: {', '.join(READERS)}"


def test_core_07_each_kind_of_message_that_is_read_leads_somewhere():
    assert {get_type_hints(reader)["return"] for reader in READERS.values()} == set(ENTRANCES)


@every(
    "claim, member, limit",
    [
        ("sub", "", 2048),
        (f"{CLAIM}deployment_id", "", 255),
        (f"{CLAIM}target_link_uri", "", 4096),
        (f"{CLAIM}resource_link", "id", 2048),
        (f"{CLAIM}context", "id", 2048),
        (AGS_CLAIM, "lineitem", 8192),
        (AGS_CLAIM, "lineitems", 8192),
    ],
)
def test_sec_25_texts_have_a_longest_length(claim, member, limit):
    def with_text(length: int) -> dict[str, Any]:
        text = "x" * length
        return {claim: {"id": "y", member: text} if member else text}

    read_message({**REQUIRED, **with_text(limit)})
    path = f"{claim}.{member}" if member else claim
    assert problem(ClaimInvalid, with_text(limit + 1)) == f"{path} must be a text of at most {limit} characters"


def test_core_07_how_many_texts_a_list_has_is_for_the_limit_of_bytes_to_say():
    roles, scopes = ["Learner", *["x"] * 5000], [str(number) for number in range(5000)]
    read = message(**{f"{CLAIM}roles": roles, AGS_CLAIM: {"scope": scopes}})
    assert read.roles == Roles(context=frozenset({"Learner"}))
    assert read.grade_service is not None
    assert len(read.grade_service.scopes) == 5000


@every("sent, meant", [({"0": "a", "2": "b"}, {"a", "b"}), ({"1": None, "7": "b"}, {"b"})])
def test_core_07_a_list_from_which_php_took_something_away_is_a_list(sent, meant):
    named = {"a": "Learner", "b": "Mentor", None: None}
    read = message(
        **{f"{CLAIM}roles": {key: named[one] for key, one in sent.items()}, AGS_CLAIM: {"scope": sent, "x": 1}}
    )
    assert read.roles.context == {named[one] for one in meant}
    assert read.grade_service is not None
    assert read.grade_service.scopes == meant
    settings = {"accept_types": sent, "accept_presentation_document_targets": sent, "deep_link_return_url": "https://x"}
    assert set(read_settings(Reader(settings)).accept_types) == meant


@every("value", [{"a": "Learner"}, {"0": "Learner", "x": "y"}, {"0": 7}, {"0": ["Learner"]}, {"-1": "x"}])
def test_core_04_another_object_is_no_list(value):
    assert "roles must be a list" in problem(ClaimInvalid, {f"{CLAIM}roles": value})


@every("value", [1, 1.5, True, [], {}, ["x"], "\x00", "\ud800", "x\udfff"])
def test_core_04_what_is_no_text(value):
    assert "sub must be a text" in problem(ClaimInvalid, {"sub": value})
    assert "roles must be a list" in problem(ClaimInvalid, {f"{CLAIM}roles": ["Learner", value]})


@every("value", ["\x01", "\ud7ff", "\ue000", "\U0010ffff", " "])
def test_core_10_what_is_a_text_is_kept_as_it_is(value):
    assert message(sub=value).subject == value


@every(
    "name, value",
    [
        ("resource_link", []),
        *((name, value) for name in ("resource_link", "context") for value in (1, "x", ["x"], True)),
    ],
)
def test_core_04_what_is_no_object(name, value):
    assert problem(ClaimInvalid, {f"{CLAIM}{name}": value}) == f"{CLAIM}{name} must be an object"


OBJECTS = ("context", "custom", "launch_presentation", "lis", "tool_platform", "lti1p1")


@every("name", [AGS_CLAIM, NRPS, *(f"{CLAIM}{name}" for name in OBJECTS)])
@every("empty", [None, [], ""])
def test_core_04_what_is_empty_in_place_of_an_object_is_absent(name, empty):
    """PHP writes an empty object as a list."""
    assert message(**{name: empty}) == message()


@every("context", [{}, {"id": None}, {"id": "", "label": None, "title": "", "type": []}])
def test_core_04_a_context_of_which_nothing_is_said_is_absent(context):
    assert message(**{f"{CLAIM}context": context}) == message()


@every("empty", [None, [], "", {}])
@every("name", ["scope", "lineitem", "lineitems"])
def test_core_04_what_is_empty_in_the_grade_service_is_absent(name, empty):
    whole = {"scope": ["a"], "lineitem": "https://p.example/1", "lineitems": "https://p.example/all"}
    without = {other: value for other, value in whole.items() if other != name}
    read, expected = (message(**{AGS_CLAIM: claim}).grade_service for claim in ({**whole, name: empty}, without))
    assert read is not None
    assert (read.scopes, read.line_item, read.line_items) == (expected.scopes, expected.line_item, expected.line_items)
    assert read.declined is ((name, empty) == ("lineitem", ""))  # only a text says of a link that it is not graded


COSMETIC = (
    ("name", ""),
    ("given_name", ""),
    ("family_name", ""),
    ("middle_name", ""),
    ("picture", ""),
    ("locale", ""),
    ("email", ""),
    (f"{CLAIM}resource_link", "title"),
    (f"{CLAIM}resource_link", "description"),
    (f"{CLAIM}context", "title"),
    (f"{CLAIM}context", "label"),
    (f"{CLAIM}context", "type"),
    (f"{CLAIM}launch_presentation", ""),
    (f"{CLAIM}launch_presentation", "return_url"),
    (f"{CLAIM}launch_presentation", "locale"),
    (f"{CLAIM}tool_platform", ""),
    (f"{CLAIM}tool_platform", "name"),
    (f"{CLAIM}lis", ""),
    (f"{CLAIM}custom", ""),
    (f"{CLAIM}custom", "some"),
    (f"{CLAIM}role_scope_mentor", ""),
)
ODD = (
    None,
    7,
    1.5,
    True,
    [],
    {},
    ["x"],
    {"a": [1]},
    "",
    "x" * 50_000,
    "\x00",
    "a\ud800b",
    "\U0001f600",
    "\x1b[0m",
    "\n",
)


@every("claim, member", COSMETIC)
def test_core_11_what_only_people_read_never_refuses_a_launch(claim, member):
    for value in ODD:
        read = message(**{claim: {"id": "y", member: value} if member else value})
        texts = (read.resource_link.title, read.person.name, read.person.email, read.return_url, *read.custom.values())
        titles = (read.context.title, read.context.label) if read.context else ()
        for text in (*texts, *titles):
            said = repr(value)[:12]
            assert isinstance(text, str), said
            assert len(text) <= 4096 or claim.endswith("custom"), said
            assert not set("\x00\ud800") & set(text), said


def test_core_11_what_only_people_read_is_cut_and_an_address_is_taken_whole_or_not_at_all():
    title = {"id": "link", "title": "a\x00" + "x" * 5000}
    read = message(**{f"{CLAIM}resource_link": title, f"{CLAIM}launch_presentation": {"return_url": "x" * 4097}})
    assert read.resource_link.title == "a\ufffd" + "x" * 4094
    assert read.return_url == ""
    assert message(**{f"{CLAIM}launch_presentation": {"return_url": "x" * 4096}}).return_url == "x" * 4096


@every(
    "claim, member",
    [
        ("sub", ""),
        (f"{CLAIM}deployment_id", ""),
        (f"{CLAIM}target_link_uri", ""),
        (f"{CLAIM}resource_link", "id"),
        (f"{CLAIM}context", "id"),
        (AGS_CLAIM, "lineitem"),
        (AGS_CLAIM, "lineitems"),
    ],
)
@every("value", [7, True, ["x"], {"a": 1}, "a\x00b", "a\ud800b", "x" * 50_000])
def test_core_04_what_identifies_something_is_refused_if_it_is_no_text(claim, member, value):
    assert "must be a text" in problem(ClaimInvalid, {claim: {"id": "y", member: value} if member else value})


@every("name", sorted(set(OPTIONAL) - set(REQUIRED)))
def test_core_04_null_is_absent(name):
    assert message(**{name: None}) == message()


def test_core_04_null_inside_of_claims_is_absent():
    read = message(
        **{
            f"{CLAIM}roles": ["Learner", None],
            f"{CLAIM}resource_link": {"id": "link", "title": None},
            f"{CLAIM}context": {"id": "course", "label": None, "title": None},
            AGS_CLAIM: {"scope": [None, "a"], "lineitem": None, "lineitems": None},
        }
    )
    assert read.roles == Roles(context=frozenset({"Learner"}))
    assert read.context == ContextClaim("course")
    assert read.grade_service == GradeService(frozenset({"a"}))


@every("value", ["$Unknown", " $Unknown.name", "\n\t$x"])
def test_core_11_what_a_platform_did_not_fill_in_is_absent(value):
    assert message(**{f"{CLAIM}custom": {"one": value, "two": "5 $"}}).custom == {"two": "5 $"}


def test_core_12_spaces_around_the_way_back_are_none_of_it():
    claim = {"return_url": "\u200bhttps://p.example/my course\r\n"}
    assert message(**{f"{CLAIM}launch_presentation": claim}).return_url == "https://p.example/my%20course"
    assert (
        message(**{NRPS: {"context_memberships_url": " https://p.example/1 "}}).memberships_url == "https://p.example/1"
    )


def test_ags_03_spaces_around_an_address_are_none_of_it():
    claim = {"lineitem": " https://p.example/1\n", "lineitems": "\t\ufeffhttps://p.example/all\u200b "}
    read = message(**{AGS_CLAIM: claim}).grade_service
    assert read == GradeService(line_item="https://p.example/1", line_items="https://p.example/all")


@every("value", [1, "Learner", {}, True])
def test_core_04_what_is_no_list(value):
    assert "roles must be a list" in problem(ClaimInvalid, {f"{CLAIM}roles": value})


SETTINGS = {
    "deep_link_return_url": "https://p.example/r?x=1",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe"],
}


@every("empty", [None, [], {}])
@every("name", ["data", "title", "text", "accept_multiple", "accept_lineitem"])
def test_dl_01_what_is_empty_in_the_settings_is_absent(name, empty):
    assert read_settings(Reader({**SETTINGS, name: empty})) == read_settings(Reader(SETTINGS))


def test_dl_05_an_empty_text_is_given_back():
    assert [read_settings(Reader({**SETTINGS, "data": data})).data for data in ("", " ", None)] == ["", " ", None]


def test_dl_01_spaces_around_the_address_for_the_answer_are_none_of_it():
    said = {**SETTINGS, "deep_link_return_url": "\ufeff https://p.example/r?x=1\n"}
    assert read_settings(Reader(said)) == read_settings(Reader(SETTINGS))

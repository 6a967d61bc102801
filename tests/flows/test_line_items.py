"""Links without a column: it is found or made, is this link's alone, and comes back when a teacher deletes it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from demo.lms import grades
from demo.platform import Context, PlatformConfig, RunningPlatform
from demo.platform.store import LineItem as PlatformLineItem
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags, line_items, transport
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.delivery import deliver
from lti_1p3_provider.scores.delivery.conversations import Wire
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.delivery.ledger import Run
from lti_1p3_provider.scores.gradebook import remember as remembered
from lti_1p3_provider.scores.gradebook.ensure import TAG
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.scores.outbox import claim
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.scores.status import odd_links
from lti_1p3_provider.users.models import PlatformUser
from tests import entered
from tests.cases import every
from tests.connection import AGS_CLAIM, LEARNER, OTHER_LEARNER, PROBLEM, UNIT, Connection
from tests.scoring import COURSE, SCOPES, block, columns, earn, given, make_due, shown, with_scopes
from tests.web_server import Said, WebServer


def container_link(connection: Connection, usage_key: str = PROBLEM, person: str = LEARNER, **values):
    """Launch a link for which the platform names only the list of columns."""
    link = connection.link(usage_key, ags="container", **values)
    entered.enter(connection, link, person)
    return link


def platforms_own(connection: Connection, name: str, **values) -> PlatformLineItem:
    """Add a column that somebody else made."""
    item = PlatformLineItem(f"{name}-{connection.client_id}", connection.client_id, name, 10, **values)
    connection.platform.store.put_line_item(item)
    return item


def asked(connection: Connection, method: str, since: int) -> list[str]:
    """Return the queries of requests about line items, scores not counted."""
    return [
        found.query
        for found in connection.platform.requests[since:]
        if found.method == method and "/line_items" in found.path and not found.path.endswith("/scores")
    ]


# --- found or made ----------------------------------------------------------------------------------------------------


def test_ags_03_a_column_is_made_where_the_platform_names_none(connection):
    link = container_link(connection, title="  Colours of\tlight ")
    earn(3)
    (item,) = columns(connection)
    assert (item.label, item.score_maximum) == ("Colours of light", 4)
    assert (item.resource_id, item.tag, item.resource_link_id) == (PROBLEM, TAG, link.id)
    assert shown(connection, item) == (3, 4)
    ours = LineItem.objects.get()
    assert (ours.url, ours.maximum, ours.created_here, ours.reason) == (
        connection.platform.line_item_url(item),
        4,
        True,
        "",
    )


def test_ags_03_no_column_is_made_before_there_is_a_grade(connection):
    container_link(connection)
    assert PendingScore.objects.get().due_at is None
    assert columns(connection) == []


def test_ags_03_what_was_earned_before_the_launch_is_sent(connection):
    connection.enter(connection.link(PROBLEM, ags="none"))
    grades.record(PlatformUser.objects.get().user, COURSE, block(PROBLEM), 2, 4)
    container_link(connection)
    (item,) = columns(connection)
    assert shown(connection, item) == (2, 4)


def says_no_column(connection: Connection, link, person: str = LEARNER, url: str = "") -> None:
    """Launch as Moodle does where a teacher wants no grades; with ``url`` where they want them."""
    said = {"lineitem": url}
    connection.tampered_launch(link, person, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **said}})


def test_ags_03_an_empty_lineitem_is_none_and_none_is_made(connection):
    link = connection.link(PROBLEM, ags="container")
    says_no_column(connection, link)
    earn(3)
    assert columns(connection) == []
    assert PendingScore.objects.get().reason == "column_declined"


def test_ags_03_a_link_that_is_graded_later_gets_the_score_in_the_platforms_column(connection):
    link = connection.link(PROBLEM, ags="container")
    says_no_column(connection, link)
    earn(3)
    own = platforms_own(connection, "own", resource_link_id=link.id)
    says_no_column(connection, link, url=connection.platform.line_item_url(own))
    assert shown(connection, own) == (3, 4)
    assert columns(connection) == [own]


def test_ags_03_a_link_that_may_be_graded_after_all_gets_a_column(connection):
    link = connection.link(PROBLEM, ags="container")
    says_no_column(connection, link)
    earn(3)
    connection.enter(link)
    (item,) = columns(connection)
    assert shown(connection, item) == (3, 4)


def test_ags_03_an_empty_lineitem_still_finds_the_platforms_one_column(connection):
    link = connection.link(PROBLEM, ags="container")
    own = platforms_own(connection, "own", resource_link_id=link.id)
    says_no_column(connection, link)
    earn(3)
    assert shown(connection, own) == (3, 4)


def test_ags_03_a_declined_column_of_ours_that_took_no_score_is_taken_back(connection):
    link = container_link(connection)
    connection.platform.faults.set("status", endpoint="scores", status=422)
    earn(3)
    connection.platform.faults.clear()
    assert len(columns(connection)) == 1
    says_no_column(connection, link)
    assert columns(connection) == []
    assert LineItem.objects.get().url == ""


def test_ags_03_a_declined_column_of_ours_that_has_scores_is_named_to_the_team_and_gets_no_more(connection):
    link = container_link(connection)
    earn(3)
    (ours,) = columns(connection)
    says_no_column(connection, link)
    earn(1)
    assert shown(connection, ours) == (3, 4)
    assert [str(Reason.NOT_WANTED.label) in said for _, said in odd_links.column_troubles(COURSE)] == [True]


@pytest.mark.parametrize("says", [says_no_column, Connection.enter], ids=["empty", "left out"])
def test_ags_03_the_platforms_own_column_is_preferred_to_ours_as_soon_as_there_is_one(connection, says):
    link = container_link(connection)
    earn(3)
    own = platforms_own(connection, "own", resource_link_id=link.id)
    says(connection, link)
    earn(2)
    deliver_due()
    assert shown(connection, own) == (2, 4)
    assert LineItem.objects.get().created_here is False
    assert [str(Reason.TWO_COLUMNS.label) in said for _, said in odd_links.column_troubles(COURSE)] == [True]


@pytest.mark.parametrize("declined", [True, False])
def test_ags_03_of_a_forgotten_column_of_ours_and_the_platforms_own_the_latter_is_used(connection, declined):
    link = container_link(connection)
    earn(3)
    LineItem.objects.all().delete()
    own = platforms_own(connection, "own", resource_link_id=link.id)
    (says_no_column if declined else Connection.enter)(connection, link)
    assert shown(connection, own) == (3, 4)


def test_ags_03_the_coupled_column_is_used_and_left_as_it_is(connection):
    link, before = connection.link(PROBLEM, graded=True), len(connection.platform.requests)
    connection.enter(link)
    earn(3)
    assert given(connection, link) == (3, 4)
    assert (
        asked(connection, "GET", before) == asked(connection, "POST", before) == asked(connection, "PUT", before) == []
    )
    assert [item.score_maximum for item in columns(connection)] == [100]


def test_ags_03_the_column_of_the_link_is_found(connection):
    """The platform made it, so its maximum is the platform's business."""
    link = connection.link(PROBLEM, graded=True, ags="container")
    entered.enter(connection, link, LEARNER)
    earn(3)
    assert given(connection, link) == (3, 4)
    (item,) = columns(connection)
    assert item.score_maximum == 100
    assert not LineItem.objects.get().created_here


def test_ags_03_a_column_that_we_made_and_forgot_is_found(connection):
    container_link(connection)
    earn(3)
    LineItem.objects.all().delete()
    container_link(connection, id=columns(connection)[0].resource_link_id)
    (item,) = columns(connection)
    assert LineItem.objects.get().created_here
    assert LineItem.objects.get().url == connection.platform.line_item_url(item)


def test_ags_03_nobody_elses_column_is_used(connection):
    other_link = connection.link(UNIT, ags="container")
    strange = [
        platforms_own(connection, "same block, not our tag", resource_id=PROBLEM, tag="essay"),
        platforms_own(connection, "our tag, other block", resource_id=UNIT, tag=TAG),
        platforms_own(connection, "of another link", resource_id=PROBLEM, tag=TAG, resource_link_id=other_link.id),
        platforms_own(connection, "of nothing"),
    ]
    container_link(connection)
    earn(3)
    assert len(columns(connection)) == len(strange) + 1
    assert [shown(connection, item) for item in strange] == [None] * 4


def test_ags_03_nobody_elses_column_is_used_where_filters_are_ignored(connection, configure):
    configure(ignore_filters=True, page_size=2)
    test_ags_03_nobody_elses_column_is_used(connection)


def test_ags_03_several_columns_of_the_link_that_we_did_not_make_are_left_alone(connection):
    link = connection.link(PROBLEM, ags="container")
    strange = [platforms_own(connection, name, resource_link_id=link.id) for name in ("draft", "final")]
    entered.enter(connection, link, LEARNER)
    earn(3)
    assert [shown(connection, item) for item in strange] == [None, None]
    assert shown(connection, columns(connection)[-1]) == (3, 4)


def test_ags_07_many_learners_make_one_column(connection):
    people = [LEARNER, OTHER_LEARNER, *(f"column-test-{number}" for number in range(2))]
    link = connection.link(PROBLEM, ags="container")
    for person in people:
        connection.person(person)
        entered.enter(connection, link, person)
    connection.platform.faults.set("status", endpoint="token", status=503)
    for number, person in enumerate(people):
        earn(number % 5, person=person)
    assert columns(connection) == []
    connection.platform.faults.clear()
    before = len(connection.platform.requests)
    send_now()
    (item,) = columns(connection)
    assert [shown(connection, item, person) for person in people] == [(n % 5, 4) for n in range(len(people))]
    assert (len(asked(connection, "GET", before)), len(asked(connection, "POST", before))) == (2, 1)


def send_now():
    """Deliver what waits, whatever was learned of the platform."""
    Outage.objects.all().delete()
    make_due()
    return deliver_due()


def test_ags_07_an_answer_that_was_lost_makes_no_second_column(connection):
    container_link(connection)
    connection.platform.faults.set("lost_answer", endpoint="line_items", method="POST", times=1)
    earn(3)
    (item,) = columns(connection)
    assert LineItem.objects.get().url == ""
    assert PendingScore.objects.get().reason == "platform_unreachable"
    send_now()
    assert columns(connection) == [item]
    assert shown(connection, item) == (3, 4)


def test_ags_07_two_links_to_one_block_have_a_column_each(connection):
    links = [container_link(connection) for _ in range(2)]
    earn(3)
    assert sorted(item.resource_link_id for item in columns(connection)) == sorted(link.id for link in links)
    assert [shown(connection, item) for item in columns(connection)] == [(3, 4)] * 2


def test_ags_07_two_links_to_one_block_have_a_column_each_where_columns_name_no_link(connection, configure):
    configure(link_in_line_items=False)
    links = [container_link(connection) for _ in range(2)]
    earn(3)
    earn(2)
    assert [item.resource_link_id for item in columns(connection)] == ["", ""]
    assert [shown(connection, item) for item in columns(connection)] == [(2, 4)] * 2
    assert len({item.url for item in LineItem.objects.all()}) == len(links)


def test_ags_07_courses_of_several_platforms_have_a_column_each(connection, connect):
    """All of them link to the same block of one Open edX course."""
    other_config = PlatformConfig(context=Context(id="elsewhere"), line_item_query="", page_size=1)
    with RunningPlatform(other_config) as elsewhere:
        far = connect(issuer=elsewhere.issuer)
        Registration.objects.filter(pk=far.registration.pk).update(
            issuer=elsewhere.issuer,
            auth_login_url=elsewhere.auth_login_url,
            auth_token_url=elsewhere.auth_token_url,
            key_set_url=elsewhere.key_set_url,
        )
        elsewhere.add_tool(far.platform.store.tool(far.client_id))
        far.platform = elsewhere
        places = [connection, connect(), far]
        for place in places:
            container_link(place)
        for user in PlatformUser.objects.all():
            grades.record(user.user, COURSE, block(PROBLEM), user.registration_id % 4, 4)
        for place in places:
            (item,) = columns(place)
            assert shown(place, item) == (place.registration.pk % 4, 4)


def test_ags_03_addresses_of_thousands_of_characters(connection, configure):
    long = "x" * 5000
    configure(line_item_query=f"type_id=1&state={long}")
    container_link(connection, id="l" * 2000)
    earn(3)
    assert len(LineItem.objects.get().url) > 5000
    (item,) = columns(connection)
    assert shown(connection, item) == (3, 4)
    earn(2)
    assert shown(connection, item) == (2, 4)


def test_a_title_that_is_too_long_is_cut(connection):
    container_link(connection, title="ü" * 1000)
    earn(3)
    assert columns(connection)[0].label == "ü" * 255


def test_a_link_without_a_title_gets_the_blocks(connection):
    link = connection.link(PROBLEM, ags="container")
    connection.tampered_launch(
        link,
        claims=lambda claims: {
            **claims,
            "https://purl.imsglobal.org/spec/lti/claim/resource_link": {"id": link.id},
        },
    )
    earn(3)
    assert columns(connection)[0].label == "Primary colours"


def test_open_edx_gets_whole_points_and_short_labels(connect):
    connection = connect(platform="openedx")
    container_link(connection, title="t" * 300)
    earn(1.25, possible=2.5)
    (item,) = columns(connection)
    assert (item.score_maximum, item.label) == (3, "t" * 100)
    assert shown(connection, item) == (1.25, 2.5)


def test_a_column_that_a_launch_names_later_takes_over(connection):
    link = container_link(connection)
    earn(3)
    coupled = platforms_own(connection, "coupled later")
    named = {"lineitem": connection.platform.line_item_url(coupled)}
    connection.tampered_launch(link, claims=lambda claims: {**claims, AGS_CLAIM: {**claims[AGS_CLAIM], **named}})
    assert shown(connection, coupled) == (3, 4)
    ours = LineItem.objects.get()
    assert (ours.created_here, ours.maximum) == (False, None)


# --- not allowed, not possible ----------------------------------------------------------------------------------------

LOOK_ONLY = (ags.SCORE_SCOPE, ags.LINE_ITEM_READ_SCOPE)


@pytest.mark.parametrize(
    ("scopes", "reason"),
    [((ags.SCORE_SCOPE,), Reason.NO_LIST), (LOOK_ONLY, Reason.MAY_NOT_MAKE)],
    ids=["only scores", "only look"],
)
def test_ags_01_without_the_right_no_column_is_made_and_that_is_no_error(connection, scopes, reason):
    link = connection.link(PROBLEM, ags="container")
    with_scopes(connection, link, *scopes)
    earn(3)
    assert columns(connection) == []
    row, item = PendingScore.objects.get(), LineItem.objects.get()
    assert (row.due_at, row.given_up, row.sent_at) == (None, False, None)
    assert row.why == item.why == Why(reason)
    connection.enter(link)
    assert shown(connection, columns(connection)[0]) == (3, 4)
    assert LineItem.objects.get().reason == ""


def test_ags_01_who_may_only_look_finds_the_links_column(connection):
    link = connection.link(PROBLEM, graded=True, ags="container")
    with_scopes(connection, link, *LOOK_ONLY)
    earn(3)
    assert given(connection, link) == (3, 4)


def test_ags_15_a_refusal_parks_all_rows_and_asks_once(connection):
    link = connection.link(PROBLEM, ags="container")
    for person in (LEARNER, OTHER_LEARNER):
        entered.enter(connection, link, person)
    connection.platform.faults.set("status", endpoint="token", status=503)
    for person in (LEARNER, OTHER_LEARNER):
        earn(3, person=person)
    connection.platform.faults.clear()
    connection.platform.faults.set("status", endpoint="line_items", method="POST", status=403)
    before = len(connection.platform.requests)
    send_now()
    assert {(row.given_up, row.why) for row in PendingScore.objects.all()} == {
        (True, Why(Reason.SERVICE_REFUSED, 403, "making a column"))
    }
    assert LineItem.objects.get().why == Why(Reason.SERVICE_REFUSED, 403, "making a column")
    assert len(asked(connection, "POST", before)) == 1
    connection.platform.faults.clear()
    earn(2)  # one learner's answer brings the column, and the others' scores with it
    (item,) = columns(connection)
    assert [shown(connection, item, person) for person in (LEARNER, OTHER_LEARNER)] == [(2, 4), (3, 4)]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [429, 503])
def test_ags_15_a_busy_platform_is_asked_again(connection, method, status):
    container_link(connection)
    connection.platform.faults.set("status", endpoint="line_items", method=method, status=status, times=1)
    earn(3)
    row = PendingScore.objects.get()
    assert (row.given_up, row.attempts) == (False, 1)
    assert LineItem.objects.get().reason == ""
    send_now()
    assert shown(connection, columns(connection)[0]) == (3, 4)


@pytest.mark.parametrize("what", ["list", "next page", "found", "made"])
def test_sec_29_a_list_or_column_elsewhere_gets_no_token(connection, web_server, what):
    elsewhere = "http://127.0.0.1:9/stolen"
    column = {"id": elsewhere, "resourceId": PROBLEM, "tag": TAG}
    link = connection.link(PROBLEM, ags="container")
    entered.enter(connection, link, LEARNER)
    home = web_server.says(
        {
            "list": Said(b"[]"),
            "next page": Said(b"[]", headers={"Link": f'<{elsewhere}>; rel="next"'}),
            "found": Said(json.dumps([column]).encode()),
            "made": Said(json.dumps(column).encode()),
        }[what]
    )
    if what != "list":
        Registration.objects.update(other_origins=home.rpartition("/")[0])
    LineItem.objects.update(container_url=home)
    if what == "made":
        made = transport.run(
            line_items.create(Deployment.objects.get(), LineItemAddress(home, frozenset(SCOPES)), wish())
        )
        assert made.url == elsewhere
        return
    earn(3)
    row = PendingScore.objects.get()
    assert (row.given_up, row.reason) == (True, "address_forbidden")
    assert "is not a host of this platform" in row.detail
    assert LineItem.objects.get().url == ""
    assert len(web_server.asked) == (0 if what == "list" else 1)


class Stranger:
    """A link that was launched, whose list of columns, or column, is at a stranger's web server. The cases of a table
    share a launch: each begins with the rows that it left."""

    def __init__(self, connection: Connection, server: WebServer) -> None:
        self._server = server
        container_link(connection)
        self._rows: list[Model] = [LineItem.objects.get(), PendingScore.objects.get()]

    @property
    def asked(self) -> list[str]:
        return [f"{asked.method} {asked.path.partition('?')[0]}" for asked in self._server.asked]

    def lists(self, *said: Said) -> None:
        """Say this where the list is, one after another."""
        LineItem.objects.update(container_url=self._begins(*said))

    def has_column(self, *said: Said, **values: object) -> None:
        """Say this where the column is, one after another."""
        LineItem.objects.update(**{"url": f"{self._begins(*said)}/item", "container_url": "", **values})

    def _begins(self, *said: Said) -> str:
        self._server.asked.clear()
        for row in self._rows:
            row.save(force_update=True)
        Outage.objects.all().delete()
        home = self._server.says_in_turn(*said)
        Registration.objects.update(other_origins=home.rpartition("/")[0])
        return home

    def was_sent(self, *steps: str) -> None:
        """Earn points; check what was asked on the way, and that the score arrived."""
        earn(3)
        row = PendingScore.objects.get()
        assert self.asked == list(steps)
        assert (row.given_up, row.attempts, bool(row.sent_at)) == (False, 0, True), row.why


@pytest.fixture
def stranger(connection: Connection, web_server: WebServer) -> Stranger:
    return Stranger(connection, web_server)


def listed(*entries: object) -> Said:
    return Said(json.dumps(entries).encode())


@every(
    "body",
    [
        b"{}",
        b"<html>",
        b'{"lineitems": [{}]}',
        b"[1]",
        b"[[], null]",
    ],
)
def test_sec_06_a_list_of_nonsense_makes_no_column_and_loses_no_score(stranger, body):
    stranger.lists(Said(body))
    earn(3)
    row = PendingScore.objects.get()
    assert row.reason == "answer_unreadable", row.why
    assert (row.given_up, row.attempts) == (False, 1)
    assert stranger.asked == ["GET /0"]


MADE = Said(status=201, headers={"Location": "/items/9"})
LOOKED_AND_MADE = ("GET /0", "GET /0", "POST /0", "POST /items/9/scores")


@every(
    "body",
    [
        b"[{}]",
        b'[{"id": 7}]',
        b'[{"id": "x", "tag": []}]',
        b'[{"id": "x", "label": {"en": "Essay"}}]',
        b'[{"id": "x", "resourceLinkId": {"a": 1}}]',
        b'[{"id": "x", "id": "y"}]',
        b'[{"id": "' + b"x" * 9000 + b'"}]',
        b'[{"id": "https://p.example/\\ud800"}]',
        b'[{"id": "x", "scoreMaximum": NaN}]',
        b'[{"id": "x", "scoreMaximum": 1e999, "deep": ' + b"[" * 50 + b"]" * 50 + b"}]",
        b'[{"id": "x", "scoreMaximum": ' + b"9" * 5000 + b"}]",
        b'[{"id": "x", "members": [' + b"1," * 900 + b"1]}]",
        b'[null, "x", 7, {"id": "x"}]',
    ],
)
def test_ags_04_an_odd_entry_of_somebody_elses_keeps_no_score_from_its_column(stranger, body):
    stranger.lists(Said(body), Said(body), MADE, Said())
    stranger.was_sent(*LOOKED_AND_MADE)
    assert LineItem.objects.get().created_here


@every("odd", [{"tag": []}, {"label": 7.5}, {"resourceId": {}}, {"scoreMaximum": "x", "tag": None}])
def test_ags_03_the_links_own_column_is_found_among_odd_entries_and_although_it_is_one(stranger, odd):
    link = LineItem.objects.get().resource_link.link_id
    own = {"id": "items/1", "resourceLinkId": link, **odd}
    stranger.lists(listed({"id": 7}, own, "x", {"tag": []}), Said())
    stranger.was_sent("GET /0", "POST /items/1/scores")
    assert not LineItem.objects.get().created_here


def test_ags_03_the_links_one_column_that_is_shown_twice_is_one(stranger):
    own = {"id": "/items/1", "resourceLinkId": LineItem.objects.get().resource_link.link_id}
    first = Said(json.dumps([own]).encode(), headers={"Link": '</0?page=2>; rel="next"'})
    stranger.lists(first, listed(own, {"id": "/items/2"}), Said())
    stranger.was_sent("GET /0", "GET /0", "POST /items/1/scores")


@every("nothing", [Said(status=204), Said(b""), Said(b"null"), Said(b" \n", 202)])
def test_ags_03_a_list_with_no_content_has_no_columns(stranger, nothing):
    stranger.lists(nothing, nothing, MADE, Said())
    stranger.was_sent(*LOOKED_AND_MADE)


def test_ags_03_a_course_that_has_no_columns_yet_may_be_nowhere(stranger):
    stranger.lists(*[Said(status=404)] * 4, MADE, Said())
    stranger.was_sent(*["GET /0"] * 4, *LOOKED_AND_MADE[2:])


def test_ags_15_a_course_that_is_not_there_at_all_gets_no_column(stranger):
    stranger.lists(*[Said(status=404)] * 6)
    earn(3)
    row = PendingScore.objects.get()
    assert (row.given_up, row.why) == (True, Why(Reason.SERVICE_REFUSED, 404, "making a column"))


@every("status", [400, 404])
def test_ags_03_a_list_that_knows_no_filters_is_read_without(stranger, web_server, status):
    refused = Said(status=status)
    stranger.lists(refused, listed(), refused, listed(), MADE, Said())
    stranger.was_sent("GET /0", "GET /0", *LOOKED_AND_MADE)
    assert [one.path for one in web_server.asked][1:4:2] == ["/0", "/0"]


@every(
    "made",
    [
        MADE,
        Said(status=201, headers={"Location": "  items/9 "}),
        Said(b'{"id": "/items/9"}', 201),
        Said(b'{"id": null, "label": "x"}', 201, {"Location": "/items/9"}),
        Said(b'{"id": []}', 200, {"Location": "/items/9"}),
        Said(b"\x1f\x8b\x00", 201, {"Location": "/items/9", "Content-Encoding": "gzip"}),
        Said(b"x" * 2_000_000, 201, {"Location": "/items/9"}),
        Said(b"made", 202, {"Location": "/items/9"}),
    ],
)
def test_ags_03_a_column_that_was_made_is_found_where_the_answer_says(stranger, made):
    stranger.lists(listed(), listed(), made, Said())
    stranger.was_sent(*LOOKED_AND_MADE)
    assert LineItem.objects.get().url.endswith("/items/9")


@every(
    "made, why",
    [
        (Said(b'{"id": "https://p.example/\\ud800"}', 201), "answer_unreadable: a line item without a usable id"),
        (Said(b'{"id": "https://p.example/1"}', 201), "address_forbidden: https://p.example is not a host of this"),
        (Said(b'{"id": "urn:x:1"}', 201), "address_forbidden: 'urn:x:1' is no web address"),
        (Said(b'{"id": "https://a:b@p.example/\\ud83d\\u0000"}', 201), "answer_unreadable: a line item without"),
    ],
)
def test_ags_03_an_address_that_is_of_no_use_is_said_and_written_down(stranger, made, why):
    stranger.lists(listed(), listed(), made)
    earn(3)
    row = PendingScore.objects.get()
    assert f"{row.reason}: {row.detail}".startswith(why), row.why


@every(
    "said",
    [
        Said(gzip.compress(b'{"resultUrl": "x"}'), headers={"Content-Encoding": "gzip"}),
        Said(b"not compressed", headers={"Content-Encoding": "gzip"}),
        Said(b"\x01\x02", headers={"Content-Encoding": "br"}),
        Said(b"x" * 3_000_000),
        Said(b"short", headers={"Content-Length": "1000", "Connection": "close"}),
        Said(b"zz", headers={"Transfer-Encoding": "chunked", "Connection": "close"}),
        Said(b"\xff" * 10, 202, {"Content-Type": "application/json; charset=nonsense"}),
        Said(b"", 204, {"Content-Encoding": "gzip"}),
        Said(b"", 299, {f"X-{number}": "x" for number in range(150)}),
        Said(b"", 201, {"X-Long": "x" * 70_000}),
    ],
)
def test_ags_13_any_2xx_to_a_score_is_success_whatever_follows(stranger, said):
    stranger.has_column(said)
    stranger.was_sent("POST /0/item/scores")


@every("status", [301, 302, 303, 307, 308])
def test_ags_15_a_score_that_is_answered_with_another_place_is_sent_later(stranger, status):
    stranger.has_column(Said(status=status, headers={"Location": "/sign-in"}), Said())
    earn(3)
    row = PendingScore.objects.get()
    assert (row.given_up, row.attempts, row.why, row.sent_at) == (False, 1, Why(Reason.REDIRECTED, status), None)
    send_now()
    assert PendingScore.objects.get().sent_at
    assert stranger.asked == ["POST /0/item/scores"] * 2


def test_ags_06_a_column_that_cannot_be_read_before_its_maximum_is_changed_delays_no_score(stranger):
    container_url = LineItem.objects.get().container_url
    stranger.has_column(Said(b'{"a": NaN}'), Said(), created_here=True, maximum=1, container_url=container_url)
    stranger.was_sent("GET /0/item", "POST /0/item/scores")
    assert LineItem.objects.get().detail.startswith("a line item: NaN")


# --- deleted columns --------------------------------------------------------------------------------------------------


def test_ags_03_a_column_of_ours_that_a_teacher_deleted_is_made_once_more(connection):
    link = container_link(connection)
    connection.enter(link, OTHER_LEARNER)
    earn(3)
    earn(1, person=OTHER_LEARNER)
    (item,) = columns(connection)
    connection.platform.store.delete_line_item(item.id)
    earn(2)
    (again,) = columns(connection)
    assert again.id != item.id
    assert [shown(connection, again, person) for person in (LEARNER, OTHER_LEARNER)] == [(2, 4), (1, 4)]
    assert LineItem.objects.get().url == connection.platform.line_item_url(again)


def test_a_column_that_never_took_a_score_is_not_made_again_and_again(connection):
    container_link(connection)
    connection.platform.faults.set("status", endpoint="scores", status=404)
    for earned in (1, 2, 3):
        earn(earned)
    assert len(columns(connection)) == 1
    assert PendingScore.objects.get().why == Why(Reason.REFUSED, 404)


def test_ags_07_where_a_column_was_known_a_list_that_is_nowhere_is_none_without_columns(connection):
    """The course may be hidden for a moment, and its columns with it."""
    link = container_link(connection)
    earn(3)
    connection.platform.store.delete_line_item(columns(connection)[0].id)
    connection.platform.faults.set("status", endpoint="line_items", method="GET", status=404)
    earn(2)
    assert columns(connection) == []
    row = PendingScore.objects.get()
    assert (row.given_up, row.why) == (True, Why(Reason.SERVICE_REFUSED, 404, "reading a list"))
    connection.platform.faults.clear()
    connection.enter(link)  # proves that the course is there
    send_now()
    assert shown(connection, columns(connection)[0]) == (2, 4)


def test_a_404_about_a_person_is_not_one_about_the_column(connection):
    link = container_link(connection)
    earn(3)
    connection.platform.faults.set("status", endpoint="scores", status=404, times=1)
    earn(2)
    (item,) = columns(connection)
    assert item.resource_link_id == link.id
    row = PendingScore.objects.get()
    assert (row.given_up, row.why) == (True, Why(Reason.REFUSED, 404))


def test_a_coupled_column_that_was_deleted_parks_with_a_reason(connection):
    link = connection.link(PROBLEM, graded=True)
    entered.enter(connection, link, LEARNER)
    earn(3)
    connection.platform.store.delete_line_item(columns(connection)[0].id)
    earn(2)
    assert columns(connection) == []
    row = PendingScore.objects.get()
    assert (row.given_up, row.why) == (True, Why(Reason.REFUSED, 404))


# --- the maximum ------------------------------------------------------------------------------------------------------


def test_ags_06_the_maximum_of_our_column_follows_the_points_and_all_else_stays(connection):
    container_link(connection)
    earn(3)
    (item,) = columns(connection)
    extended = replace(
        item, label="Renamed by a teacher", extra={"https://x.example/ext": {"a": [1]}, "gradesReleased": True}
    )
    connection.platform.store.put_line_item(extended)
    earn(3, possible=8)
    assert columns(connection) == [replace(extended, score_maximum=8)]
    assert shown(connection, item) == (3, 8)
    assert LineItem.objects.get().maximum == 8


def test_the_maximum_is_not_changed_in_turns(connection):
    """Learners of one block may have different points: content groups, randomized problems."""
    container_link(connection)
    earn(3)
    before = len(connection.platform.requests)
    for possible in (8, 4, 8, 4):
        earn(3, possible=possible)
    assert len(asked(connection, "PUT", before)) == 1


def test_a_maximum_that_may_not_be_changed_delays_no_score(connection):
    container_link(connection)
    earn(3)
    connection.platform.faults.set("status", endpoint="line_items", method="PUT", status=403)
    earn(3, possible=8)
    (item,) = columns(connection)
    assert shown(connection, item) == (3, 8)
    assert LineItem.objects.get().why == Why(Reason.SERVICE_REFUSED, 403, "changing a column")


# --- the calls themselves ---------------------------------------------------------------------------------------------


def wish(**values):
    wanted = {"label": "Essay", "maximum": 5.0, "resource_id": "r", "tag": "t", **values}
    return line_items.NewLineItem(**wanted)


@pytest.fixture
def container(connection) -> LineItemAddress:
    return LineItemAddress(connection.platform.line_items_url, frozenset(SCOPES))


@pytest.fixture
def deployment(connection) -> Deployment:
    return Deployment.objects.get()


@pytest.mark.parametrize("moodle", [False, True])
def test_ags_02_ags_04_pages_are_followed_letter_by_letter(connection, configure, container, deployment, moodle):
    """Moodle takes exactly one media type, and writes its links in its own way."""
    configure(page_size=2, moodle_lists=moodle)
    names = [f"item {number}" for number in range(5)]
    for name in names:
        platforms_own(connection, name, tag="Paged&Ü")
    platforms_own(connection, "other")
    found = transport.run(line_items.search(deployment, container, tag="Paged&Ü"))
    assert [item.label for item in found] == names


def test_ags_04_the_list_ends_where_enough_was_found(connection, configure, container, deployment):
    configure(page_size=1)
    for number in range(4):
        platforms_own(connection, f"item {number}")
    before = len(connection.platform.requests)
    transport.run(line_items.search(deployment, container, enough=lambda item: item.label == "item 1"))
    assert len(asked(connection, "GET", before)) == 2


def test_ags_04_a_list_that_goes_in_a_circle_ends(connection, web_server, deployment):
    home = web_server.says(Said(b"[]"))
    Registration.objects.update(other_origins=home.rpartition("/")[0])
    deployment.refresh_from_db()
    web_server.says(Said(b'[{"id": "x"}]', headers={"Link": f'<{home}?limit=100>; rel="next"'}))
    with pytest.raises(line_items.AnswerUnreadable, match="circle"):
        transport.run(line_items.search(deployment, LineItemAddress(home, frozenset(SCOPES))))
    assert len(web_server.asked) == 1


def test_ags_07_what_was_made_is_read_back(connection, container, deployment):
    made = transport.run(line_items.create(deployment, container, wish(label="ä" * 999, tag="t" * 999)))
    read = transport.run(line_items.read(deployment, LineItemAddress(made.url, frozenset(SCOPES))))
    assert (read, read.members) == (made, made.members)
    assert (len(read.label), len(read.tag), read.maximum) == (255, 255, 5.0)


def test_ags_06_a_change_keeps_what_we_do_not_know(connection, container, deployment):
    item = platforms_own(connection, "theirs", extra={"startDateTime": "2026-01-01T00:00:00Z", "x": None})
    url = connection.platform.line_item_url(item)
    changed = transport.run(line_items.change(deployment, LineItemAddress(url, frozenset(SCOPES)), {"scoreMaximum": 7}))
    assert changed.maximum == 7
    assert connection.platform.store.line_item(item.id) == replace(item, score_maximum=7)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_change_that_is_refused_says_so(connection, deployment, method):
    item = platforms_own(connection, "theirs")
    connection.platform.faults.set("status", endpoint="line_items", method=method, status=403)
    url = connection.platform.line_item_url(item)
    with pytest.raises(line_items.ServiceRefused, match="HTTP 403"):
        transport.run(line_items.change(deployment, LineItemAddress(url, frozenset(SCOPES)), {"scoreMaximum": 7}))
    assert connection.platform.store.line_item(item.id) == item


def test_sec_15_a_switched_off_deployment_is_not_asked_for_columns(connection):
    """Also where the score was claimed before."""
    container_link(connection)
    PendingScore.objects.update(revision=5, due_at=timezone.now())
    rows, run = claim.claim(connection.registration.pk, 50), Run()
    Deployment.objects.update(status="disabled")
    before = len(connection.platform.requests)
    with Wire() as wire:
        wire.have([deliver._lane(rows, {row.pk: Grade(3, 4) for row in rows}, run)])
    run.write_down()
    assert len(connection.platform.requests) == before
    assert PendingScore.objects.get().due_at is not None


def test_of_the_launches_that_find_a_new_column_at_once_one_sends_all_scores_there(connection):
    connection.enter(connection.link(PROBLEM, graded=True))
    stale = [LineItem.objects.get() for _ in range(2)]
    PendingScore.objects.update(revision=5, due_at=None)
    values = {"url": f"{stale[0].url}0", "container_url": "", "scopes": stale[0].scopes}
    for item in stale:
        with transaction.atomic():
            remembered._update(item, values)
    assert (LineItem.objects.get().url, PendingScore.objects.get().revision) == (values["url"], 6)

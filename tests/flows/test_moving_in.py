"""What another plugin left becomes ours: registrations, gates, keys, people and links; twice is once."""

from __future__ import annotations

import json

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates import policy
from lti_1p3_provider.moving_in import bring
from lti_1p3_provider.moving_in.compare import compare
from lti_1p3_provider.moving_in.keys import kid_of
from lti_1p3_provider.moving_in.tables import Tables
from lti_1p3_provider.organizations import where_of
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Registration, ToolKey
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests.other_plugin import ISSUER, PEARSON, OtherPlugin, pem

PRIVATE, OTHER_PRIVATE = pem(), pem()
COURSE = "course-v1:A+B+C"
BLOCK = "block-v1:A+B+C+type@{}+block@x"


@pytest.fixture
def plugin(db):
    """Return what the other plugin left, set aside."""
    return OtherPlugin(database, aside=True)


def account(name, **values):
    return get_user_model().objects.create_user(name, **values)


def brought(**options):
    return {report.client_id: report for report in bring.bring(Tables(database), **options)}


def opens(client_id, usage):
    registration = Registration.objects.get(client_id=client_id)
    key = UsageKey.from_string(usage)
    return policy.opens(registration, CourseKey.from_string(str(key.course_key)), key)


def test_a_registration_is_carried_over_whole(plugin):
    key = plugin.key(PRIVATE)
    tool = plugin.tool("a", key, deployment_ids='["1", 2]', auth_audience="aud", is_active=False)
    plugin.gate(tool, allowed_courses=[COURSE])
    report = brought()["a"]
    row = Registration.objects.get(client_id="a")
    assert (report.state, report.problems) == ("new", [])
    assert (row.issuer, row.title, row.enabled, row.auth_audience) == (ISSUER, "Moodle a", False, "aud")
    assert sorted(row.deployments.values_list("deployment_id", "status")) == [("1", "approved"), ("2", "approved")]
    assert (row.key_set_url, row.key_set) == (f"{ISSUER}/mod/lti/certs.php", None)


@pytest.mark.parametrize(
    ("issuer", "login", "token", "platform"),
    [
        (ISSUER, "{issuer}/mod/lti/auth.php", "{issuer}/mod/lti/token.php", "moodle"),
        ("https://m.example/moodle", "{issuer}/mod/lti/auth.php", "{issuer}/mod/lti/token.php", "moodle"),
        (ISSUER, "{issuer}/mod/lti/auth.php", "https://elsewhere.example/mod/lti/token.php", "generic"),
        (ISSUER, "{issuer}/auth", "{issuer}/token", "generic"),
        ("https://canvas.instructure.com", "https://own.example/auth", "https://own.example/token", "canvas"),
    ],
)
def test_a_platform_is_recognized_by_its_issuer_or_addresses(plugin, issuer, login, token, platform):
    said = {"auth_login_url": login.format(issuer=issuer), "auth_token_url": token.format(issuer=issuer)}
    plugin.tool("a", plugin.key(PRIVATE), issuer=issuer, **said)
    brought()
    assert Registration.objects.get().platform == platform


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("new_only", "new"),
        ("existing_and_new", "existing_with_proof"),
        ("existing_only", "existing_only"),
        ("x", "new"),
    ],
)
def test_whose_accounts_new_people_get_is_carried_over(db, capsys, said, mode):
    plugin = OtherPlugin(database, label=False)
    for table, columns in PEARSON.items():
        plugin.table(table, columns)
    values = {"lti_tool_id": plugin.tool("a", plugin.key(PRIVATE)), "allowed_course_ids": "[]"}
    plugin.row("openedx_lti_tool_plugin_ltitoolconfiguration", **values, user_provisioning_mode=said)
    call_command("lti_1p3_move_in", "inspect")
    assert ("new people get: " in capsys.readouterr().out) == (mode != "new")
    brought()
    assert Registration.objects.values_list("learner_accounts", "teacher_accounts").get() == (mode, mode)


def test_a_pasted_key_set_is_carried_over(plugin):
    shown = {"keys": [{"kty": "RSA", "e": "AQAB", "n": "x" * 342, "kid": "k"}]}
    plugin.tool("a", plugin.key(PRIVATE), key_set_url=None, key_set=json.dumps(shown))
    assert brought()["a"].state == "new"
    assert Registration.objects.get(client_id="a").key_set == shown


@pytest.mark.parametrize("stored", [True, False])
def test_a_platform_that_holds_the_public_key_goes_on_verifying(plugin, stored):
    kid = "their-kid" if stored else kid_of(PRIVATE)
    plugin.tool("a", plugin.key(PRIVATE, {"kid": "their-kid"} if stored else None))
    plugin.tool("b", plugin.key(OTHER_PRIVATE))
    brought()
    keys.generate()
    one, other = (Registration.objects.get(client_id=name) for name in "ab")
    token = keys.sign({"x": 1}, one.pk)
    assert jwt.get_unverified_header(token)["kid"] == kid
    public = ToolKey.objects.get(registration=one).public_jwk
    assert jwt.decode(token, jwt.PyJWK(public), ["RS256"]) == {"x": 1}
    assert jwt.get_unverified_header(keys.sign({}, other.pk))["kid"] == kid_of(OTHER_PRIVATE)
    assert kid in {one["kid"] for one in keys.published()}  # for those that read our key set


def test_two_tools_may_share_a_key(plugin):
    key = plugin.key(PRIVATE)
    for name in ("a", "b"):
        plugin.tool(name, key)
    assert {report.key for report in brought().values()} == {kid_of(PRIVATE)}
    assert ToolKey.objects.exclude(registration=None).count() == 2


@pytest.mark.parametrize("private", ["", "not a key", PRIVATE.replace("A", "B")])
def test_a_key_that_cannot_be_read_is_reported_and_stops_nothing(plugin, private):
    plugin.tool("a", plugin.key(private))
    report = brought()["a"]
    assert (report.state, report.key) == ("new", "")
    assert any("signing key" in problem for problem in report.problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"auth_token_url": "no address"}, "auth_token_url"),
        ({"key_set_url": None, "key_set": "{}"}, "key_set_url"),
        ({"client_id": " a"}, "client_id"),
    ],
)
def test_what_we_would_not_register_is_refused_and_the_others_are_not(plugin, change, said):
    key = plugin.key(PRIVATE)
    plugin.tool(**{"client_id": "a", "key": key, **change})
    plugin.tool("b", key)
    found = brought()
    (refused,) = [report for report in found.values() if report.state == "refused"]
    assert any(said in problem for problem in refused.problems)
    assert list(Registration.objects.values_list("client_id", flat=True)) == ["b"]


def owners():
    return dict(Registration.objects.values_list("client_id", "org"))


OWN_GATES = [{"allowed_courses": [COURSE]}, {"allowed_orgs": ["A"]}, {"allowed_keys": [BLOCK.format("problem")]}, {}]


@pytest.mark.parametrize("lists", OWN_GATES)
def test_an_organization_owns_its_registration_again(plugin, lists):
    key = plugin.key(PRIVATE)
    tool = plugin.tool("a", key)
    plugin.gate(tool, **lists)
    plugin.owned("A", tool=tool, key=key)
    plugin.tool("b", plugin.key(OTHER_PRIVATE))
    reports = brought()
    assert (reports["a"].owner, reports["a"].problems) == ("A", [])
    assert owners() == {"a": "A", "b": ""}
    assert Registration.objects.filter(where_of("A")).count() == 1
    assert {name: one.owner for name, one in brought().items()} == {"a": "A", "b": ""}


FOREIGN_GATES = [
    {"allowed_courses": [COURSE, "course-v1:B+B+C"]},
    {"allowed_orgs": ["A", "B"]},
    {"allowed_orgs": ["a"]},
    {"allowed_keys": [BLOCK.format("problem").replace(":A+", ":B+")]},
    {"allowed_courses": ["course-v1:a+B+C"]},
]


@pytest.mark.parametrize("lists", FOREIGN_GATES)
def test_a_registration_that_opens_what_is_not_its_owners_becomes_the_sites_own(plugin, lists):
    tool = plugin.tool("a", plugin.key(PRIVATE))
    plugin.gate(tool, **lists)
    plugin.owned("A", tool=tool)
    assert "not of that organization" in " ".join(brought()["a"].problems)
    assert owners() == {"a": ""}


@pytest.mark.parametrize(("without", "owner"), [(bring.OPEN, ""), (bring.CLOSED, "A")])
def test_an_owner_gets_no_registration_that_stays_open_to_all(plugin, without, owner):
    tool = plugin.tool("a", plugin.key(PRIVATE))
    plugin.owned("A", tool=tool)
    assert brought(without_gate=without)["a"].owner == owner
    assert owners() == {"a": owner}
    assert not opens("a", BLOCK.format("problem")) or without == bring.OPEN


@pytest.mark.parametrize("others", ["tool of the site", "tool of another", "key of another", "copy", "key's own"])
def test_no_owner_gets_a_key_that_others_have(plugin, others):
    key = plugin.key(PRIVATE)
    tool = plugin.tool("a", key)
    plugin.gate(tool, allowed_orgs=["A"])
    plugin.owned("A", tool=tool)
    if others in ("tool of the site", "tool of another", "copy"):
        other = plugin.tool("b", plugin.key(PRIVATE + "\n") if others == "copy" else key)
        plugin.gate(other)
        if others == "tool of another":
            plugin.owned("B", tool=other)
    else:
        plugin.owned("B" if others == "key of another" else "A", key=key)
    found = brought()["a"]
    assert owners()["a"] == ("A" if others == "key's own" else "")
    assert bool(found.problems) == (others != "key's own")


@pytest.mark.parametrize("name", ["", "A B", "A/../B", "Ä" * 300])
def test_an_organization_that_no_course_can_have_owns_nothing(plugin, name):
    tool = plugin.tool("a", plugin.key(PRIVATE))
    plugin.gate(tool)
    plugin.owned(name, tool=tool)
    assert "no course can have" in " ".join(brought()["a"].problems)
    assert owners() == {"a": ""}


def test_a_registration_that_is_here_keeps_its_owner(plugin):
    tool = plugin.tool("a", plugin.key(PRIVATE))
    plugin.gate(tool)
    brought()
    plugin.owned("A", tool=tool)
    assert brought()["a"].owner == ""
    assert owners() == {"a": ""}
    found = compare(Tables(database))
    assert found.differences == ()
    (said,) = found.owners
    assert said.endswith("it belongs to the site itself, and import would give it to the organization A")


@pytest.mark.parametrize("without", [bring.OPEN, bring.CLOSED])
def test_an_owner_that_is_another_one_is_found(plugin, without):
    """Whose a registration without a gate was to be depends on what an operator decided."""
    gated = plugin.tool("gated", plugin.key(PRIVATE))
    plugin.gate(gated, allowed_orgs=["A"])
    plugin.owned("A", tool=gated)
    plugin.owned("B", tool=plugin.tool("b", plugin.key(OTHER_PRIVATE)))
    brought(without_gate=without)
    assert compare(Tables(database)).differences == ()
    for client_id, org, was in (("gated", "", "A"), ("b", "C", "B" if without == bring.CLOSED else "")):
        row = Registration.objects.get(client_id=client_id)
        row.org = org
        row.save()
        found = compare(Tables(database))
        assert found.differences == ()  # somebody may have decided it
        (said,) = found.owners
        assert f"it belongs to {f'the organization {org}' if org else 'the site itself'}," in said
        assert said.endswith(f"import would give it to {f'the organization {was}' if was else 'the site itself'}")
        row.org = was
        row.save()


def test_inspect_foresees_the_owner(plugin, capsys):
    tool = plugin.tool("a", plugin.key(PRIVATE))
    plugin.gate(tool, allowed_orgs=["A"])
    plugin.owned("A", tool=tool)
    call_command("lti_1p3_move_in", "inspect")
    assert "belongs to the organization A" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "belongs to the organization A: its staff manage it through the API; only with --without-gate closed"),
        (["--without-gate", "closed"], "belongs to the organization A: its staff manage it through the API\n"),
        (["--without-gate", "open"], "is the site's own now"),
    ],
    ids=["undecided", "closed", "open"],
)
def test_the_owner_that_is_foreseen_depends_on_what_stays_open(plugin, capsys, more, said):
    plugin.owned("A", tool=plugin.tool("a", plugin.key(PRIVATE)))
    call_command("lti_1p3_move_in", "import", *more)
    shown = capsys.readouterr().out
    assert said in shown
    assert ("belongs to the organization" in shown) == ("open" not in more)
    call_command("lti_1p3_move_in", "import", "--json", *more)
    (report,) = json.loads(capsys.readouterr().out)["registrations"]
    assert (report["owner"], report["owner_if_closed"]) == ("" if "open" in more else "A", not more)


def test_inspect_says_that_the_owner_depends(plugin, capsys):
    gated = plugin.tool("b", plugin.key(OTHER_PRIVATE))
    plugin.gate(gated, allowed_orgs=["B"])
    plugin.owned("B", tool=gated)
    plugin.owned("A", tool=plugin.tool("a", plugin.key(PRIVATE)))
    call_command("lti_1p3_move_in", "inspect", "--json")
    reports = json.loads(capsys.readouterr().out)["registrations"]
    assert {one["owner"]: one["owner_if_closed"] for one in reports} == {"A": True, "B": False}


GATES = [
    ({"allowed_courses": [COURSE]}, {"problem", "vertical"}),
    ({"allowed_orgs": ["A"]}, {"problem", "vertical"}),
    ({"allowed_keys": [BLOCK.format("problem")]}, {"problem"}),
    ({}, set()),
    ({"allowed_courses": [COURSE], "block_filter": ["problem"]}, {"problem"}),
    ({"allowed_courses": [COURSE], "block_filter": []}, {"problem", "vertical"}),
    (
        {"allowed_courses": [COURSE], "block_filter": ["video"], "course_block_filter": {COURSE: ["problem"]}},
        {"problem"},
    ),
    ({"allowed_courses": [COURSE], "block_filter": ["problem"], "course_block_filter": {COURSE: []}}, {"problem"}),
    ({"allowed_orgs": ["A"], "org_block_filter": {"A": ["vertical"]}, "block_filter": ["problem"]}, {"vertical"}),
    ({"allowed_orgs": ["A"], "org_block_filter": {"B": ["vertical"]}}, {"problem", "vertical"}),
    ({"allowed_keys": [BLOCK.format("problem")], "block_filter": ["video"]}, {"problem"}),
]


@pytest.mark.parametrize(("lists", "opened"), GATES)
def test_a_gate_is_as_strict_as_it_was(plugin, lists, opened):
    plugin.gate(plugin.tool("a", plugin.key(PRIVATE)), **lists)
    brought()
    assert {kind for kind in ("problem", "vertical") if opens("a", BLOCK.format(kind))} == opened
    assert not opens("a", "block-v1:Other+B+C+type@problem+block@x")


def test_gates_of_releases_without_filters_are_read_too(db):
    plugin = OtherPlugin(database, old=True, aside=True)
    plugin.gate(plugin.tool("a", plugin.key(PRIVATE)), allowed_courses=[COURSE])
    brought()
    assert opens("a", BLOCK.format("problem"))


@pytest.mark.parametrize(("without_gate", "opened"), [(bring.CLOSED, False), (bring.OPEN, True)])
def test_no_gate_is_decided_by_the_operator(plugin, without_gate, opened):
    plugin.tool("a", plugin.key(PRIVATE))
    brought(without_gate=without_gate)
    assert opens("a", BLOCK.format("problem")) is opened


def test_people_keep_their_accounts(plugin):
    plugin.tool("a", plugin.key(PRIVATE))
    one, other = account("one"), account("other")
    plugin.person("a", "1", one.pk)
    plugin.person("a", "Ünï", other.pk)
    plugin.person("a", "3", None)
    plugin.person("a", "4", 999_999)
    plugin.person("unknown", "1", one.pk)
    report = brought()["a"]
    assert (report.numbers["people"], report.numbers["people_without_account"]) == (2, 2)
    assert set(PlatformUser.objects.values_list("sub", "user")) == {("1", one.pk), ("Ünï", other.pk)}


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}])
def test_accounts_of_staff_are_listed_and_not_bound(plugin, rights):
    plugin.tool("a", plugin.key(PRIVATE))
    staff = account("boss", **rights)
    plugin.person("a", "1", staff.pk)
    report = brought()["a"]
    assert (report.staff, PlatformUser.objects.count()) == ([staff.pk], 0)


def test_a_link_comes_once_with_its_column_and_no_score(plugin):
    plugin.tool("a", plugin.key(PRIVATE))
    for sub, block in (("1", "old"), ("2", "new")):
        person = plugin.person("a", sub, account(f"user{sub}").pk)
        plugin.launched(person, "link", BLOCK.format(block))
    report = brought()["a"]
    link = ResourceLink.objects.get()
    assert (link.link_id, link.usage_key, link.title) == ("link", BLOCK.format("new"), "Quiz")
    item = LineItem.objects.get()
    assert (item.url, item.scopes, item.can_receive) == ("https://moodle.example/1", [], False)
    assert not PendingScore.objects.exists()
    assert any("opened different blocks" in problem for problem in report.problems)


@pytest.mark.parametrize("deployments", ["[]", '["1", "2"]'])
def test_a_link_of_an_unknown_deployment_waits_for_its_next_launch(plugin, deployments):
    plugin.tool("a", plugin.key(PRIVATE), deployment_ids=deployments)
    plugin.launched(plugin.person("a", "1", account("one").pk), "link", BLOCK.format("x"))
    assert brought()["a"].numbers["links_wait_for_a_launch"] == 1
    assert not ResourceLink.objects.exists()


def test_an_address_that_may_have_been_cut_is_left_out(plugin):
    plugin.tool("a", plugin.key(PRIVATE))
    address = f"https://moodle.example/{'x' * 300}"[:255]
    plugin.launched(plugin.person("a", "1", account("one").pk), "link", BLOCK.format("x"), address)
    brought()
    assert ResourceLink.objects.count() == 1
    assert not LineItem.objects.exists()


def test_twice_is_once_and_what_was_changed_meanwhile_stays(plugin):
    plugin.gate(plugin.tool("a", plugin.key(PRIVATE)), allowed_courses=[COURSE])
    plugin.launched(plugin.person("a", "1", account("one").pk), "link", BLOCK.format("x"))
    brought()
    Registration.objects.update(title="Ours now", enabled=False)
    assert brought()["a"].state == "there"
    assert Registration.objects.get().title == "Ours now"
    assert [kind.objects.count() for kind in (PlatformUser, ResourceLink, LineItem, ToolKey)] == [1, 1, 1, 1]


def test_many_people_come_in_batches_and_an_interrupted_run_goes_on(plugin):
    plugin.tool("a", plugin.key(PRIVATE))
    users = get_user_model().objects.bulk_create(get_user_model()(username=f"u{number}") for number in range(1_100))
    for user in users:
        plugin.person("a", user.username, user.pk)
    brought()
    PlatformUser.objects.filter(pk__in=list(PlatformUser.objects.values_list("pk", flat=True)[:600])).delete()
    assert brought()["a"].numbers["people"] == 1_100
    assert PlatformUser.objects.count() == 1_100
    assert compare(Tables(database)).people == 1_100


def test_what_is_missing_or_other_is_found(plugin):
    key = plugin.key(PRIVATE)
    plugin.gate(plugin.tool("a", key), allowed_courses=[COURSE])
    plugin.tool("b", key)
    people = [account(name) for name in ("one", "two", "three", "boss")]
    for number, user in enumerate(people):
        plugin.person("a", str(number), user.pk)
    get_user_model().objects.filter(username="boss").update(is_staff=True)
    brought()
    assert compare(Tables(database)).differences == ()
    PlatformUser.objects.filter(sub="0").delete()
    PlatformUser.objects.filter(sub="1").update(user=people[2])
    Registration.objects.get(client_id="a").gate.delete()
    Registration.objects.get(client_id="b").delete()
    said = "\n".join(compare(Tables(database)).differences)
    for part in (f"account {people[0].pk} is missing", f"account {people[1].pk} has", "gate is missing", "no such reg"):
        assert part in said


def test_gates_of_ours_are_not_taken_for_theirs(db, capsys):
    """They are in a table of the same name, once nothing is aside: with plain tables of PyLTI1p3, or after ``drop``."""
    plugin = OtherPlugin(database, label=False)
    plugin.tool("a", plugin.key(PRIVATE))
    for state in ("new", "there"):
        assert brought(without_gate=bring.CLOSED)["a"].state == state
    assert Registration.objects.get(client_id="a").gate.opens_nothing
    call_command("lti_1p3_move_in", "inspect")
    assert "gate: none" in capsys.readouterr().out
    assert compare(Tables(database)).differences == ()


def test_plain_tables_of_pylti1p3_are_brought_in_too(db):
    plugin = OtherPlugin(database, label=False)
    plugin.tool("a", plugin.key(PRIVATE))
    report = brought(without_gate=bring.OPEN)["a"]
    assert (report.state, report.numbers["people"], report.key) == ("new", 0, kid_of(PRIVATE))


def test_the_plugin_with_a_label_of_its_own_is_brought_in_and_never_opened_wider(db):
    plugin = OtherPlugin(database, label=False)
    for table, columns in PEARSON.items():
        plugin.table(table, columns)
    key = plugin.key(PRIVATE)
    limited, unlimited = plugin.tool("a", key), plugin.tool("b", key)
    prefix = "openedx_lti_tool_plugin_"
    plugin.row(
        f"{prefix}ltitoolconfiguration",
        lti_tool_id=limited,
        allowed_course_ids=json.dumps([COURSE]),
        user_provisioning_mode="existing_only",
    )
    user = account("one")
    who = {"user_id": user.pk, "platform_id": ISSUER, "client_id": "a", "subject_id": "1"}
    plugin.row(f"{prefix}ltiprofile", created_at="", uuid="", pii="{}", **who)
    found = brought(without_gate=bring.OPEN)
    assert (opens("a", BLOCK.format("problem")), opens("b", BLOCK.format("problem"))) == (True, False)
    assert unlimited != limited
    modes = dict(Registration.objects.values_list("client_id", "learner_accounts"))
    assert modes == dict(Registration.objects.values_list("client_id", "teacher_accounts"))
    assert modes == {"a": "existing_only", "b": "new"} == {name: one.accounts for name, one in found.items()}
    assert PlatformUser.objects.get().user == user


def test_platforms_go_on_reading_our_keys_where_the_other_plugin_had_them(client, db):
    kid = keys.generate().kid
    for address in ("/lti/1p3/pub/jwks/", "/lti/1p3/pub/orgs/DemoX/jwks/"):
        assert [one["kid"] for one in client.get(address).json()["keys"]] == [kid]


def test_a_request_for_content_is_taken_at_the_other_plugins_address(client, db):
    """It is refused by what it lacks, and not for where it was sent."""
    ours, theirs = (client.post(f"/lti/1p3/deep-linking/{place}", {"state": "x"}) for place in ("", "launch/"))
    assert (theirs.status_code, theirs.status_code < 404) == (ours.status_code, True)
    assert set(LaunchAttempt.objects.values_list("door", flat=True)) == {"launch"}


def test_the_command_changes_nothing_without_yes(plugin, capsys):
    plugin.gate(plugin.tool("a", plugin.key(PRIVATE)), allowed_courses=[COURSE])
    for verb in ("import", "prepare", "undo", "drop", "inspect"):
        call_command("lti_1p3_move_in", verb)
    assert not Registration.objects.exists()
    assert "Nothing was done yet" in capsys.readouterr().out


def test_the_command_asks_what_becomes_of_registrations_without_a_gate(plugin):
    plugin.tool("a", plugin.key(PRIVATE))
    with pytest.raises(CommandError, match="--without-gate"):
        call_command("lti_1p3_move_in", "import", "--yes")
    assert not Registration.objects.exists()
    call_command("lti_1p3_move_in", "import", "--yes", "--without-gate", "closed")
    assert not opens("a", BLOCK.format("problem"))
    call_command("lti_1p3_move_in", "import", "--yes")  # it is decided now


@pytest.mark.parametrize("wrong", [{"auth_token_url": "no address"}, {"client_id": " a"}, {"key_set_url": ""}])
def test_nobody_decides_about_a_registration_that_is_refused(plugin, wrong):
    plugin.tool(**{"client_id": "a", "key": plugin.key(PRIVATE), **wrong})
    assert bring.undecided(Tables(database)) == []
    call_command("lti_1p3_move_in", "import", "--yes")
    plugin.tool("b", plugin.key(OTHER_PRIVATE))
    assert bring.undecided(Tables(database)) == ["Moodle b"]


def test_comparing_asks_for_all_gates_at_once(plugin):
    asked = []
    for number in range(3):
        plugin.gate(plugin.tool(f"a{number}", plugin.key(pem())), allowed_courses=[COURSE])
        brought()
        with CaptureQueriesContext(database) as queries:
            assert compare(Tables(database)).differences == ()
        asked.append(sum('FROM "lti_1p3_provider_launchgate"' in one["sql"] for one in queries.captured_queries))
    assert asked == [1, 1, 1]


def test_the_command_speaks_to_scripts(plugin, capsys):
    plugin.gate(plugin.tool("a", plugin.key(PRIVATE)), allowed_courses=[COURSE])
    plugin.person("a", "1", account("one").pk)
    call_command("lti_1p3_move_in", "inspect", "--json")
    call_command("lti_1p3_move_in", "import", "--yes", "--json")
    call_command("lti_1p3_move_in", "check", "--json")
    seen, done, checked = map(json.loads, capsys.readouterr().out.splitlines())
    assert seen["registrations"][0]["numbers"]["people"] == done["registrations"][0]["numbers"]["people"] == 1
    assert (done["done"], checked["differences"]) == (True, [])
    assert PRIVATE[100:200] not in json.dumps([seen, done, checked])
    Registration.objects.all().delete()
    with pytest.raises(CommandError, match="1 differences"):
        call_command("lti_1p3_move_in", "check")


def test_somebody_moved_in_launches_into_the_account_of_before(connection, plugin):
    """The platform's settings are the same, and so is the account."""
    ours = connection.registration
    plugin.tool(
        ours.client_id,
        plugin.key(PRIVATE),
        issuer=ours.issuer,
        auth_login_url=ours.auth_login_url,
        auth_token_url=ours.auth_token_url,
        key_set_url=ours.key_set_url,
        deployment_ids=json.dumps(list(ours.deployments.values_list("deployment_id", flat=True))),
    )
    ours.delete()
    user = account("from_before")
    plugin.person(ours.client_id, "u-1001", user.pk, issuer=ours.issuer)
    brought(without_gate=bring.OPEN)
    response = connection.launch(connection.link(graded=True))
    assert response.status_code == 200
    assert PlatformUser.objects.get().user == user
    user.refresh_from_db()
    assert user.last_login

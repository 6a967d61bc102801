"""The trail has a row for each change that an action of the admin or a management command makes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations import key_notes, keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from tests.other_plugin import OtherPlugin, pem
from tests.unit.registering import BASE, KEYS, URLS, run

pytestmark = pytest.mark.django_db
LIST = "/admin/lti_1p3_provider/registration/"
PRIVATE = pem()


@pytest.fixture
def production() -> Registration:
    """A Canvas with a key of its own, a deployment and a gate."""
    known = PRESETS["canvas"].endpoints
    names = ("issuer", "auth_login_url", "auth_token_url", "key_set_url")
    values = {name: getattr(known, name) for name in names}
    row = Registration.objects.create(title="Hill Canvas", platform="canvas", client_id="10", org="HillX", **values)
    Deployment.objects.create(registration=row, deployment_id="1")
    LaunchGate.objects.create(registration=row, allowed_orgs=["HillX"])
    keys.import_pem(PRIVATE, row, "pasted")
    return row


def noted(**wanted: object) -> list[tuple[Any, ...]]:
    """Return what was noted, in order, and forget it."""
    rows = list(Change.objects.filter(**wanted).order_by("pk").values_list("kind", "name", "action", "way"))
    Change.objects.all().delete()
    return rows


def keys_command(*args: str) -> None:
    call_command("lti_1p3_keys", *args, stdout=StringIO())


# --- the admin --------------------------------------------------------------------------------------------------------


def test_environments_that_are_made_are_noted_and_who_made_them(admin_client, admin_user, production):
    chosen = {"action": "make_environments", "_selected_action": [production.pk]}
    admin_client.post(LIST, chosen)
    assert set(Change.objects.values_list("org", "actor")) == {("HillX", admin_user.pk)}
    told = noted()
    assert sorted(told) == sorted(
        (kind, name, "created", "admin")
        for title in ("Hill Canvas (beta)", "Hill Canvas (test)")
        for kind, name in (("registration", title), ("deployment", "1"), ("gate", title), ("key", "pasted"))
    )
    admin_client.post(LIST, chosen)
    assert noted() == []  # all is there
    Deployment.objects.create(registration=production, deployment_id="2")
    admin_client.post(LIST, chosen)
    assert noted() == [("deployment", "2", "created", "admin")] * 2


def test_an_import_over_an_own_key_notes_the_one_that_it_takes_the_place_of(admin_client, production):
    values = {"registration": str(production.pk), "pem": pem(), "kid": "newer"}
    assert admin_client.post("/admin/lti_1p3_provider/toolkey/add/", values).status_code == 302
    assert list(Change.objects.order_by("name").values_list("name", "action", "after")) == [
        ("newer", "created", {"status": "active"}),
        ("pasted", "changed", {"status": "rotated"}),
    ]


def test_keys_of_others_are_not_read_to_note_a_change(production):
    other = Registration.objects.create(title="Other", issuer="https://o.example", client_id="c")
    keys.generate(registration=other)
    keys.generate()
    assert {thing.name for thing, _ in key_notes.known([production]).values()} == {"pasted"}
    assert {thing.registration_pk for thing, _ in key_notes.known([other, None]).values()} == {other.pk, None}
    assert key_notes.known([]) == {}


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_command_that_registers_notes_what_it_makes_and_changes():
    run(*BASE, *URLS, *KEYS, "--allow-org=DemoX")
    made = noted()
    assert {(kind, action, way) for kind, _, action, way in made} == {
        (kind, "created", "command") for kind in ("registration", "deployment", "gate")
    }
    run(*BASE, *URLS, *KEYS, "--allow-org=DemoX")
    assert noted() == []  # it is as it was
    run(*BASE, *URLS, *KEYS, "--trust-emails")
    assert list(Change.objects.values_list("before", "after")) == [({"trust_emails": False}, {"trust_emails": True})]
    Change.objects.all().delete()
    with pytest.raises(CommandError):
        run(*BASE, *URLS, *KEYS, "--org=Two Words")
    assert noted() == []


def test_the_command_that_registers_notes_environments(production):
    known = production
    args = ("--title=Hill Canvas", f"--issuer={known.issuer}", "--client-id=10", "--deployment-id=1")
    run(*args, "--preset=canvas", "--environments")
    assert [one for one in noted() if one[0] in ("registration", "key")] == [
        ("registration", "Hill Canvas (beta)", "created", "command"),
        ("registration", "Hill Canvas (test)", "created", "command"),
        ("key", "pasted", "created", "command"),
        ("key", "pasted", "created", "command"),
    ]


def test_the_command_that_invites_notes_it_and_not_the_token():
    printed = StringIO()
    call_command("lti_1p3_invite", "--name=School", "--allow-org=DemoX", "--org=DemoX", stdout=printed)
    row = Change.objects.get()
    assert (row.kind, row.name, row.action, row.way, row.org) == ("invitation", "School", "created", "command", "DemoX")
    token = next(line for line in printed.getvalue().splitlines() if "://" in line).rstrip("/").rpartition("/")[2]
    assert len(token) > 20
    assert token not in str(row.after)


def test_the_command_for_keys_notes_what_becomes_of_them(production, tmp_path):
    own = f"--registration={production.pk}"
    keys_command("rotate", own)
    assert {(name == "pasted", action) for _, name, action, _ in noted(way="command")} == {
        (True, "changed"),
        (False, "created"),
    }
    keys_command("retire", "pasted", own)
    assert noted() == [("key", "pasted", "changed", "command")]
    (tmp_path / "new.pem").write_text(pem())
    keys_command("create", own, f"--pem={tmp_path / 'new.pem'}", "--kid=newer")
    assert ("key", "newer", "created", "command") in noted()
    keys_command("create", "--if-missing")
    assert [(kind, action) for kind, _, action, _ in noted()] == [("key", "created")]
    keys_command("create", "--if-missing")
    keys_command("list")
    keys_command("explain", "rotate")
    with pytest.raises(CommandError):
        keys_command("retire", "nothing", own)
    assert noted() == []
    assert PRIVATE not in str(list(Change.objects.values()))


def test_the_command_that_moves_in_notes_what_it_brings():
    plugin = OtherPlugin(database, aside=True)
    tool = plugin.tool("a", plugin.key(PRIVATE), deployment_ids='["1"]')
    plugin.gate(tool, allowed_courses=["course-v1:A+B+C"])
    imports = ("lti_1p3_move_in", "import", "--yes", "--without-gate", "closed")
    call_command(*imports, stdout=StringIO())
    told = noted()
    assert {(kind, action, way) for kind, _, action, way in told} == {
        (kind, "created", "command") for kind in ("registration", "deployment", "gate", "key")
    }
    assert ("key", ToolKey.objects.get().kid, "created", "command") in told
    call_command(*imports, stdout=StringIO())
    assert noted() == []

"""Fills tables by INSERT ... SELECT, millions of rows in a minute or two. MariaDB only: it counts with its seq_ tables.

Primary keys are given, so a small database may hold exactly those rows of a big one that a launch will touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone
from pylti1p3.contrib.django.lti1p3_tool_config.models import LtiTool

from bench import tokens, world
from bench.tokens import Minter
from demo.lms.models import Profile
from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import Lane, LineItem, PendingScore
from lti_1p3_provider.users.models import Grant, PlatformUser

STEPS = ["form", "state", "registration", "browser", "shape", "signature", "audience", "nonce", "message", "first use"]


@dataclass(frozen=True)
class Sql:
    """A value that the database computes. ``seq`` is the row's number."""

    expression: str


@dataclass(frozen=True)
class Size:
    """How big: ``users`` spread evenly over ``registrations``. ``users`` is a multiple of the others."""

    users: int
    registrations: int

    @property
    def users_each(self) -> int:
        """How many users a registration has."""
        return self.users // self.registrations

    def registration_of(self, user: int) -> int:
        """Return the number of the registration of a user."""
        return -(-user // self.users_each)


NUMBER = Sql("seq")


def fill_everything(size: Size, minter: Minter, *, step: int = 1) -> None:
    """Make every ``step``-th user of ``size``, and the registrations that they have. All have launched before.

    ``step`` is a multiple of the users that a registration has, or 1. Launch attempts are made with step 1 only.
    """
    with unchecked():
        _fill_with(size, minter, step)


@contextmanager
def unchecked() -> Iterator[None]:
    """Fill without checks of the database's own, and have it look at its tables afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 1, unique_checks = 1")
        tables = ", ".join(f"`{table}`" for table in connection.introspection.django_table_names(only_existing=True))
        cursor.execute(f"ANALYZE TABLE {tables}")


def _fill_with(size: Size, minter: Minter, step: int) -> None:
    each = max(1, step // size.users_each)
    fill_registrations(f"seq_{each}_to_{size.registrations}_step_{each}", minter)
    _fill_people(f"seq_{step}_to_{size.users}_step_{step}", Sql(f"CEIL(seq / {size.users_each})"))
    if step == 1:
        _fill_attempts(f"seq_1_to_{size.users}", Sql(f"CEIL(seq / {size.users_each})"))


def fill_registrations(numbers: str, minter: Minter) -> None:
    """Everything of which there is one for each registration: one course with one graded link."""
    keys = {"key_set": minter.key_set}
    known = {"issuer": tokens.ISSUER, "client_id": Sql("CONCAT('client-', seq)")}
    addresses = {"auth_login_url": f"{tokens.ISSUER}/auth", "auth_token_url": f"{tokens.ISSUER}/token"}
    link = {"course_key": tokens.COURSE, "usage_key": tokens.BLOCK}
    fill(Registration, numbers, id=NUMBER, title=Sql("CONCAT('School ', seq)"), **known, **addresses, **keys)
    fill(LtiTool, numbers, id=NUMBER, **{**world.stock_tool(minter, keys), **known})
    deployed = {"deployment_id": tokens.DEPLOYMENT, "deployment_digest": digest(tokens.DEPLOYMENT)}
    fill(Deployment, numbers, id=NUMBER, registration_id=NUMBER, **deployed)
    fill(LaunchGate, numbers, id=NUMBER, registration_id=NUMBER, allowed_courses=[tokens.COURSE])
    context = {"context_id": tokens.CONTEXT, "context_digest": digest(tokens.CONTEXT)}
    titles = {"label": tokens.CONTEXT_LABEL, "title": tokens.CONTEXT_TITLE}
    fill(Context, numbers, id=NUMBER, deployment_id=NUMBER, **context, **titles)
    fill(Lane, numbers, id=NUMBER, name=Sql("CONCAT(seq, ':', seq)"), deployment_id=NUMBER)
    placed = {"link_id": tokens.LINK, "link_digest": digest(tokens.LINK), "title": tokens.LINK_TITLE, **link}
    fill(ResourceLink, numbers, id=NUMBER, deployment_id=NUMBER, context_id=NUMBER, **placed)
    service = {"url": tokens.LINE_ITEM, "container_url": tokens.LINE_ITEMS, "scopes": sorted(tokens.SCOPES)}
    fill(LineItem, numbers, id=NUMBER, resource_link_id=NUMBER, **service, **link)


def _fill_people(numbers: str, registration: Sql) -> None:
    """Accounts, used by both sides, and what we know of somebody who launched the one link."""
    sub = "CONCAT('user-', seq)"
    name = f"CONCAT('Learner ', {sub})"
    account = {"username": Sql(f"CONCAT('stock-', {sub})"), "email": Sql(f"CONCAT({sub}, '@lti.invalid')")}
    fill(get_user_model(), numbers, id=NUMBER, password="!", **account)
    fill(Profile, numbers, id=NUMBER, user_id=NUMBER, name=Sql(name))
    identity = {"sub": Sql(sub), "sub_digest": Sql(f"SHA2({sub}, 256)"), "registration_id": registration}
    profile = Sql(f"SHA2(CONCAT_WS(CHAR(0), {sub}, {name}, ''), 256)")  # emails are not trusted by default
    fill(PlatformUser, numbers, id=NUMBER, user_id=NUMBER, profile_digest=profile, **identity)
    granted = {"usage_digest": digest(tokens.BLOCK), "deployment_id": registration, "until": timezone.now()}
    granted["link_pk"] = registration
    fill(Grant, numbers, id=NUMBER, user_id=NUMBER, **granted)
    settled = {"revision": 1, "delivered_revision": 1}
    column = {"registration_id": registration, "lane_id": registration, "line_item_id": registration}
    block = {"course_key": tokens.COURSE, "usage_key": tokens.BLOCK}
    fill(PendingScore, numbers, id=NUMBER, platform_user_id=NUMBER, **column, **block, **settled)


def _fill_attempts(numbers: str, registration: Sql) -> None:
    """Launches of the last three months."""
    fill(
        LaunchAttempt,
        numbers,
        id=NUMBER,
        support_code=Sql("CONCAT(UPPER(LEFT(SHA2(seq, 256), 4)), '-', LPAD(CONV(seq, 10, 36), 4, '0'))"),
        created_at=Sql("NOW(6) - INTERVAL seq * 7 SECOND"),
        door="launch",
        outcome=OK,
        steps=STEPS,
        registration_id=registration,
        deployment_id=registration,
        subject_digest=Sql("LEFT(SHA2(CONCAT('user-', seq), 256), 16)"),
        target=tokens.LARGE.target.removeprefix(tokens.LMS),
        login_digest=Sql("CONCAT(CONV(UNIX_TIMESTAMP() - seq * 7, 10, 36), ':', LEFT(SHA2(seq, 256), 57))"),
    )


def fill(model: type[models.Model], numbers: str, **given: Any) -> None:
    """Insert a row for each number; fields that are not given have their defaults."""
    fields = model._meta.concrete_fields
    values = {field.attname: given.pop(field.attname, _default(field)) for field in fields}
    assert not given, f"{model.__name__} has no {', '.join(given)}"
    computed = [value.expression if isinstance(value, Sql) else "%s" for value in values.values()]
    constants = [
        field.get_db_prep_save(values[field.attname], connection)
        for field in fields
        if not isinstance(values[field.attname], Sql)
    ]
    columns = ", ".join(f"`{field.column}`" for field in fields)
    with connection.cursor() as cursor:
        sql = f"INSERT INTO `{model._meta.db_table}` ({columns}) SELECT {', '.join(computed)} FROM {numbers}"
        cursor.execute(sql, constants)


def _default(field: models.Field[Any, Any]) -> Any:
    dated = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return timezone.now() if dated else field.get_default()

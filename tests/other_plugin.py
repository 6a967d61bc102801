"""A database as another LTI 1.3 plugin leaves it: its tables, PyLTI1p3's beside them, and rows of both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db.backends.base.base import BaseDatabaseWrapper

from lti_1p3_provider.moving_in.found import ASIDE, ASIDE_PREFIX, LABEL, MIGRATIONS, PREFIX

ISSUER = "https://moodle.example"
COLUMN = "https://moodle.example/1"
FILTERS = ("block_filter", "course_block_filter", "org_block_filter")
OLD = ("0001_initial", "0002_launchgate", "0003_auto_20240808_2032", "0004_auto_20240822_1832")
PROFILE = {
    "user_id": "integer NULL",
    "platform_id": "varchar(255)",
    "client_id": "varchar(255)",
    "subject_id": "varchar(255)",
    "created_at": "varchar(40)",
}
SCHEMA = {
    "lti1p3_tool_key": {
        "name": "varchar(255)",
        "private_key": "text",
        "public_key": "text NULL",
        "public_jwk": "text NULL",
    },
    "lti1p3_tool": {
        "title": "varchar(255)",
        "is_active": "bool",
        "issuer": "varchar(255)",
        "client_id": "varchar(255)",
        "use_by_default": "bool",
        "auth_login_url": "varchar(1024)",
        "auth_token_url": "varchar(1024)",
        "auth_audience": "varchar(1024) NULL",
        "key_set_url": "varchar(1024) NULL",
        "key_set": "text NULL",
        "tool_key_id": "integer",
        "deployment_ids": "text",
    },
    f"{PREFIX}ltiprofile": PROFILE,
    f"{PREFIX}ltigradedresource": {
        "profile_id": "integer",
        "course_key": "varchar(255)",
        "usage_key": "varchar(255)",
        "resource_id": "varchar(255)",
        "resource_title": "varchar(255) NULL",
        "ags_lineitem": "varchar(255)",
        "version_number": "integer",
    },
    f"{PREFIX}launchgate": {
        "tool_id": "integer",
        "allowed_keys": "text",
        "allowed_courses": "text",
        "allowed_orgs": "text",
    },
    f"{PREFIX}ltitoolorg": {"tool_id": "integer", "org_id": "integer"},
    f"{PREFIX}ltikeyorg": {"key_id": "integer", "org_id": "integer"},
}
NEW_COLUMNS = {
    f"{PREFIX}ltiprofile": {"email": "varchar(255)"},
    f"{PREFIX}launchgate": {**dict.fromkeys(FILTERS, "text"), "dl_content_filter_path": "varchar(255) NULL"},
}
PEARSON = {
    "openedx_lti_tool_plugin_ltiprofile": {**PROFILE, "uuid": "varchar(36)", "pii": "text"},
    "openedx_lti_tool_plugin_ltitoolconfiguration": {
        "lti_tool_id": "integer",
        "allowed_course_ids": "text",
        "user_provisioning_mode": "varchar(255)",
    },
}


def pem() -> str:
    """Return a new private key as they stored it: plain."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class OtherPlugin:
    """Makes tables and rows. ``old``: a release that had no filters in gates and no email. ``label``: whether there are
    tables under our label, or only PyLTI1p3's. ``aside``: they were set aside already."""

    def __init__(
        self, connection: BaseDatabaseWrapper, *, old: bool = False, label: bool = True, aside: bool = False
    ) -> None:
        self._connection = connection
        self._aside = aside
        self._next: dict[str, int] = {}
        schema = SCHEMA if label else {name: SCHEMA[name] for name in ("lti1p3_tool_key", "lti1p3_tool")}
        for table, columns in schema.items():
            self.table(table, columns | ({} if old else NEW_COLUMNS.get(table, {})))
        if label:
            self.record_migrations(OLD if old else sorted(MIGRATIONS), ASIDE if aside else LABEL)

    def table(self, name: str, columns: dict[str, str]) -> None:
        """Make a table."""
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.run(f"CREATE TABLE {name} (id integer NOT NULL PRIMARY KEY, {listed})")

    def record_migrations(self, names: Iterable[str], label: str = LABEL) -> None:
        """Record them as Django does."""
        with self._connection.cursor() as cursor:
            if "django_migrations" not in self._connection.introspection.table_names(cursor):
                kind = "integer NOT NULL PRIMARY KEY AUTO_INCREMENT"
                if self._connection.vendor == "sqlite":
                    kind = "integer NOT NULL PRIMARY KEY AUTOINCREMENT"
                self.run(
                    f"CREATE TABLE django_migrations (id {kind}, app varchar(255), name varchar(255), applied text)"
                )
        for name in names:
            self.run(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
                (label, name, "2025-01-01 00:00:00"),
            )

    def key(self, private: str, jwk: dict[str, Any] | None = None) -> int:
        """Add a tool key."""
        stored = json.dumps(jwk) if jwk else None
        return self.row("lti1p3_tool_key", name=f"key {self._next}", private_key=private, public_jwk=stored)

    def tool(self, client_id: str, key: int, **changes: Any) -> int:
        """Add a registration."""
        values = {
            "title": f"Moodle {client_id}",
            "is_active": True,
            "issuer": ISSUER,
            "client_id": client_id,
            "use_by_default": False,
            "auth_login_url": f"{ISSUER}/mod/lti/auth.php",
            "auth_token_url": f"{ISSUER}/mod/lti/token.php",
            "auth_audience": None,
            "key_set_url": f"{ISSUER}/mod/lti/certs.php",
            "key_set": None,
            "tool_key_id": key,
            "deployment_ids": '["1"]',
        }
        return self.row("lti1p3_tool", **{**values, **changes})

    def gate(self, tool: int, **lists: Any) -> int:
        """Add a launch gate."""
        values = dict.fromkeys(("allowed_keys", "allowed_courses", "allowed_orgs"), "[]")
        return self.row(
            f"{PREFIX}launchgate", tool_id=tool, **values | {name: json.dumps(one) for name, one in lists.items()}
        )

    def owned(self, org: str, *, tool: int | None = None, key: int | None = None) -> None:
        """Give a tool or a key to an organization of the LMS."""
        if "organizations_organization" not in self._next:
            self.table("organizations_organization", {"name": "varchar(255)", "short_name": "varchar(255)"})
        pk = self.row("organizations_organization", name=f"The {org}", short_name=org)
        if tool is not None:
            self.row(f"{PREFIX}ltitoolorg", tool_id=tool, org_id=pk)
        if key is not None:
            self.row(f"{PREFIX}ltikeyorg", key_id=key, org_id=pk)

    def person(self, client_id: str, sub: str, user: int | None, issuer: str = ISSUER, table: str = "") -> int:
        """Add somebody."""
        return self.row(
            table or f"{PREFIX}ltiprofile",
            user_id=user,
            platform_id=issuer,
            client_id=client_id,
            subject_id=sub,
            created_at="2025-01-01",
        )

    def launched(self, person: int, link: str, usage_key: str, line_item: str = COLUMN) -> int:
        """Note that somebody launched a graded link."""
        values = {"course_key": "course-v1:A+B+C", "resource_title": "Quiz", "version_number": 0}
        return self.row(
            f"{PREFIX}ltigradedresource",
            profile_id=person,
            usage_key=usage_key,
            resource_id=link,
            ags_lineitem=line_item,
            **values,
        )

    def row(self, table: str, **values: Any) -> int:
        """Insert a row; return its primary key."""
        number = self._next[table] = self._next.get(table, 0) + 1
        names, marks = ", ".join(["id", *values]), ", ".join(["%s"] * (len(values) + 1))
        self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", (number, *values.values()))
        return number

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        """Execute a statement."""
        if self._aside:
            statement = statement.replace(PREFIX, ASIDE_PREFIX)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)

"""``demo_prepare``: makes the stand-in LMS ready: tables, a key, an administrator, the platform's registration."""

from __future__ import annotations

import json
import secrets
from io import StringIO
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from demo.lms.course import courses

CLIENT_ID = "demo-tool"
DEPLOYMENT_ID = "1"
ADMIN = "admin"


class Command(BaseCommand):
    """Running it again changes nothing, but the administrator's password when a platform is given."""

    help = "Prepare the stand-in LMS for an emulated platform; prints what the platform must know, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the platform is."""
        parser.add_argument("--platform-url", help="register this emulated platform too")
        parser.add_argument("--platform-name", default="Emulated platform", help="what it calls itself")
        parser.add_argument("--services-url", help="where its services are, if not there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, then print."""
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        call_command("createcachetable", verbosity=0)
        call_command("lti_1p3_keys", "create", "--if-missing", stdout=StringIO())
        call_command("lti_1p3_outline", "--all", stdout=StringIO())
        course = next(iter(courses().values()))
        platform, services = options["platform_url"], options["services_url"] or options["platform_url"]
        registered = _register(options["platform_name"], platform, services, str(course.key.org)) if platform else {}
        targets = {str(key): node.title for key, node in course.read_whole().nodes.items()}
        invited = {"registration_url": _invite(options["platform_name"], str(course.key.org))} if platform else {}
        admin = {"admin_password": _admin()} if platform else {}
        self.stdout.write(
            json.dumps({**registered, **invited, "course_key": str(course.key), "blocks": targets, **admin})
        )


def _register(name: str, platform_url: str, services_url: str, org: str) -> dict[str, Any]:
    """Register through the command that operators use."""
    printed = StringIO()
    call_command(
        "lti_1p3_register",
        "--json",
        f"--title={name}",
        f"--issuer={platform_url}",
        f"--client-id={CLIENT_ID}",
        f"--deployment-id={DEPLOYMENT_ID}",
        f"--auth-login-url={platform_url}/auth",
        f"--auth-token-url={services_url}/token",
        f"--key-set-url={services_url}/jwks",
        f"--allow-org={org}",
        stdout=printed,
    )
    return {**json.loads(printed.getvalue()), "deployment_id": DEPLOYMENT_ID}


def _invite(name: str, org: str) -> str:
    """Invite the platform to register itself, too; return the address, which is good once."""
    printed = StringIO()
    call_command("lti_1p3_invite", "--json", f"--name={name}", f"--allow-org={org}", stdout=printed)
    return str(json.loads(printed.getvalue())["url"])


def _admin() -> str:
    """Give the administrator a new password and return it."""
    password = secrets.token_urlsafe(9)
    admin, _ = get_user_model().objects.get_or_create(username=ADMIN, defaults={"is_staff": True, "is_superuser": True})
    admin.set_password(password)
    admin.save()
    return password

"""``demo_api``: makes somebody who may use the organizations' API here, and prints the API's description."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser

from demo.lms.people import ORGANIZATION
from demo.lms.tenants import token
from lti_1p3_provider.rest_api.v1 import openapi


class Command(BaseCommand):
    """Safe to repeat."""

    help = "Print a bearer token of somebody who is staff of an organization, or the API's description."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare both."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        one = verbs.add_parser(
            "token", help="make somebody staff of an organization, and print a token, good for an hour"
        )
        one.add_argument("org")
        one.add_argument("--scope", default="read write")
        verbs.add_parser("description", help="print the API's description (OpenAPI)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one of both."""
        if options["verb"] == "description":
            self.stdout.write(openapi.as_yaml(), ending="")
            return
        user = get_user_model().objects.get_or_create(username=f"staff-of-{options['org']}")[0]
        user.groups.add(Group.objects.get_or_create(name=ORGANIZATION.format(options["org"]))[0])
        self.stdout.write(token(user, options["scope"]))

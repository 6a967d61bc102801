"""Options that commands for registrations and invitations share: what a platform's people get. An option that was not
given is None."""

from __future__ import annotations

from argparse import ArgumentTypeError, BooleanOptionalAction
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, ROLE_FIELDS, AccountMode

NOTHING = "none"


def day(said: str) -> date:
    """Return the day that an option names.

    Raises:
        ArgumentTypeError: there is no such day.
    """
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise ArgumentTypeError(f"{said!r} is no day like 2027-01-31") from error


def declare(parser: CommandParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--trust-emails",
        action="store_true",
        default=None,
        help="the platform makes sure that its email addresses belong to their people",
    )
    parser.add_argument(
        "--subsection-columns",
        action="store_true",
        default=None,
        help="for whole courses: a column for each graded subsection",
    )
    parser.add_argument("--enrol", default=None, dest="enrolment_mode", help="enrol who launches, in this mode")
    parser.add_argument(
        "--whole-lms",
        action=BooleanOptionalAction,
        default=None,
        help="leave its people the whole site with their account, not only what they launched (default: no)",
    )
    for field, whom in zip(ACCOUNT_FIELDS, ("learners", "teachers"), strict=True):
        parser.add_argument(
            f"--{field.replace('_', '-')}",
            default=None,
            choices=AccountMode.values,
            help=f"which account {whom} get at their first launch (default: new)",
        )
    for field, whom in zip(ROLE_FIELDS, ("instructors", "teaching assistants", "content developers"), strict=True):
        parser.add_argument(
            f"--{field.replace('_', '-')}",
            default=None,
            choices=[NOTHING, *(role.value for role in RoleName)],
            help=f"what {whom} become in the course that they launch (default: nothing)",
        )


def said(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, by the names of a registration's fields."""
    names = ("trust_emails", "subsection_columns", "enrolment_mode", *ACCOUNT_FIELDS, *ROLE_FIELDS)
    values = {name: options[name] for name in names}
    values |= {name: "" for name in ROLE_FIELDS if options[name] == NOTHING}
    whole = options["whole_lms"]
    return {**values, "confine_sessions": None if whole is None else not whole}

"""`tutor local|dev|k8s do` commands: hand their arguments to the app's management commands in the LMS."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click

KEYS_COMMAND = "lti_1p3_keys"
DOCTOR_COMMAND = "lti_1p3_doctor"
SCORES_COMMAND = "lti_1p3_scores"
REGISTER_COMMAND = "lti_1p3_register"

# Options are not declared here: the management command is the one place that knows them.
PASS_THROUGH = {"ignore_unknown_options": True}


def manage(command: str, *args: str) -> str:
    """Return a task script for Tutor that runs `./manage.py lms command args...`.

    Tutor renders every script with Jinja. The line is given as one Jinja text literal, so that braces in an
    argument reach the command as they were typed.
    """
    line = shlex.join(["./manage.py", "lms", command, *args])
    return "{{ " + ascii(line) + " }}"


@click.command(name="lti-1p3-register", context_settings=PASS_THROUGH)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def register(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Register a platform with this site.

    ARGS go to `./manage.py lms lti_1p3_register`:

    \b
      --title TEXT            your own name for the platform
      --issuer TEXT           the platform's issuer, exactly as it shows it
      --client-id TEXT        client id the platform gave to this tool
      --deployment-id TEXT    deployment id the platform gave; may be repeated
      --preset NAME           fill in the addresses of a known platform
      --platform-host HOST    host name for these addresses
      --auth-login-url URL    where the platform authenticates people
      --auth-token-url URL    where the platform gives access tokens
      --auth-audience TEXT    only if the platform shows one
      --key-set-url URL       the platform's public keys
      --key-set-file PATH     the same as a file, a path in the container
      --allow-course KEY      let it open a course
      --allow-org ORG         let it open the courses of an organisation
      --allow-block KEY       let it open one block
      --trust-emails          its email addresses belong to their people
      --enrol MODE            enrol who launches, in this mode
      --json                  print one JSON object

    Put `--` before `--help` to see the help of the management command itself.
    """
    yield ("lms", manage(REGISTER_COMMAND, *args))


@click.command(name="lti-1p3-keys", context_settings=PASS_THROUGH)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def keys(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Manage the keys this tool signs with.

    ARGS go to `./manage.py lms lti_1p3_keys`: create --if-missing, list, rotate, retire KID,
    push or explain.

    Put `--` before `--help` to see the help of the management command itself.
    """
    yield ("lms", manage(KEYS_COMMAND, *args))


@click.command(name="lti-1p3-doctor", context_settings=PASS_THROUGH)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def doctor(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Try this site and its platforms, and say what is wrong and what to do.

    ARGS go to `./manage.py lms lti_1p3_doctor`: --registration NAME, --json.

    Put `--` before `--help` to see the help of the management command itself.
    """
    yield ("lms", manage(DOCTOR_COMMAND, *args))


@click.command(name="lti-1p3-scores", context_settings=PASS_THROUGH)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def scores(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Show where scores are, send them again, or compare them with what platforms show.

    ARGS go to `./manage.py lms lti_1p3_scores`: status, resend or reconcile, with --registration, --course, --user,
    --parked, --all, --json.

    Put `--` before `--help` to see the help of the management command itself.
    """
    yield ("lms", manage(SCORES_COMMAND, *args))

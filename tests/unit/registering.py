"""A registration as an operator enters it: the command's words, and the admin's form."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command

BASE = ["--title=T", "--issuer=https://lms.example", "--client-id=c", "--deployment-id=1"]
URLS = ["--auth-login-url=https://lms.example/auth", "--auth-token-url=https://lms.example/token"]
KEYS = ["--key-set-url=https://lms.example/jwks"]


def run(*arguments: str) -> dict[str, object]:
    printed = StringIO()
    call_command("lti_1p3_register", "--json", *arguments, stdout=printed)
    return json.loads(printed.getvalue())


def form(**values: str) -> dict[str, str]:
    """Return the admin's form as a browser sends it."""
    empty = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}
    management = {f"{prefix}-{name}": value for prefix in ("deployments", "gate") for name, value in empty.items()}
    fields = ("issuer", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url", "other_origins")
    return {
        **management,
        **dict.fromkeys(fields, ""),
        "platform_host": "",
        "key_set": "null",
        "enabled": "on",
        **dict.fromkeys(("learner_accounts", "teacher_accounts"), "new"),
        **values,
    }

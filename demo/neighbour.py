"""``make demo-pylti1p3``: a learner launches, and a script of the site's sends a grade with PyLTI1p3.

Prints one line of JSON. Exit status 0 only if the platform's gradebook has the column and the grade.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import requests

from demo.browser import Browser
from demo.stack import DemoError, Stack, print_result

LEARNER, LINK = "u-1001", "problem"
LABEL, SHARE = "Essay", 0.7


def sent(stack: Stack) -> dict[str, Any]:
    """Launch, run the script, and look into the platform's gradebook.

    Raises:
        DemoError: a step did not do what it should.
    """
    page = Browser().open(f"{stack.platform_url}/launch/{LINK}?person={LEARNER}")
    if page.status_code != 200 or not page.url.startswith(stack.lms_url):
        raise DemoError(f"the launch ended at {page.url} with status {page.status_code}")
    names = {
        "issuer": stack.platform_url,
        "client-id": stack.facts["client_id"],
        "deployment-id": stack.facts["deployment_id"],
        "link": LINK,
        "sub": LEARNER,
    }
    said = json.loads(stack.manage("demo_pylti1p3", *(f"--{name}={value}" for name, value in names.items())))
    shares = [one["resultScore"] / one["resultMaximum"] for one in said["results"] if one["userId"] == LEARNER]
    book = requests.get(f"{stack.platform_url}/gradebook.json", timeout=5).json()
    has_column = LABEL in {column["label"] for column in book["columns"]}
    return {"ok": has_column and shares == [SHARE], "columns": said["columns"], "share": shares}


if __name__ == "__main__":
    sys.exit(print_result(sent))

"""``make demo-check``: the demo without a person.

Launches over HTTP as a learner, answers a problem, waits for the score in the platform's gradebook, and prints one line
of JSON. Exit status 0 only if all of it worked within its limits.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from typing import Any

import psutil
import requests

from demo import registering
from demo.browser import Browser, forms
from demo.platform import PlatformConfig, RunningPlatform
from demo.stack import DemoError, Stack, print_result

LEARNER, INSTRUCTOR = "u-1001", "u-2001"
PICKED = "block-v1:DemoX+LTI101+2026+type@problem+block@speed_of_light"
PICKED_TITLE = "How fast is light?"
LAUNCHES = 7
LIMITS = {"launch_ms": 500.0, "score_after_s": 10.0, "lms_mb": 200.0}
RIGHT_ANSWERS = ["Red", "Green", "Blue"]


def check(stack: Stack) -> dict[str, Any]:
    """Go through the main job; return what was measured.

    Raises:
        DemoError: a step did not do what it should.
    """
    browser = Browser()
    page, launch_ms = _launch(stack, browser)
    score_after = _answer_and_wait(stack, browser, page)
    memory = psutil.Process(stack.processes["lms"].pid).memory_info().rss / 1e6
    picked = _problem_with_picking(stack.lms_url, stack.platform_url)
    registered = _problem_with_registering(stack)
    measured: dict[str, float | bool] = {
        "launch_ms": round(launch_ms, 1),
        "score_after_s": round(score_after, 2),
        "lms_mb": round(memory, 1),
        "picked_ok": not picked,
        "registered_ok": not registered,
    }
    slow = [name for name, limit in LIMITS.items() if float(measured[name]) > limit]
    over = f"over the limit: {', '.join(slow)}" if slow else ""
    problems = [problem for problem in (over, picked, registered) if problem]
    return {"ok": not problems, **measured, **({"reason": "; ".join(problems)} if problems else {})}


def _launch(stack: Stack, browser: Browser) -> tuple[requests.Response, float]:
    """Launch several times; return the content page, and the median from login to rendered content when warm."""
    url = f"{stack.platform_url}/launch/problem?person={LEARNER}"
    page, took = browser.open(url), []
    for _ in range(LAUNCHES):
        initiation = forms(browser.get(url, timeout=20))[0]
        begun = time.perf_counter()
        page = browser.follow(browser.submit(initiation))
        took.append((time.perf_counter() - begun) * 1000)
        if page.status_code != 200 or "Primary colours" not in page.text or not page.url.startswith(stack.lms_url):
            raise DemoError(f"the launch ended at {page.url} with status {page.status_code}")
    return page, statistics.median(took)


def _problem_with_picking(lms_url: str, platform_url: str, client_id: str = "") -> str:
    """Choose an item as an instructor, and launch it as a learner; return what did not work, empty if all did."""
    browser, learner = Browser(), Browser()
    page = browser.open(f"{platform_url}/deep-link?person={INSTRUCTOR}&dialog=one&like=canvas&client_id={client_id}")
    token = next((form.fields["token"] for form in forms(page) if "token" in form.fields), "")
    answer = f"{lms_url}/lti/1p3/deep-linking/answer/"
    placed = browser.follow(browser.post(answer, data={"token": token, "chosen": PICKED}, timeout=20))
    if placed.status_code != 200 or "1 item added" not in placed.text:
        return f"the platform did not take what was chosen: {placed.url}, status {placed.status_code}"
    course = learner.get(f"{platform_url}/?person={LEARNER}", timeout=20).text
    link = re.findall(r"/launch/([^?\"]+)\?", course)[-1]
    page = learner.open(f"{platform_url}/launch/{link}?person={LEARNER}")
    if page.status_code != 200 or PICKED_TITLE not in page.text or not page.url.startswith(lms_url):
        return f"the launch of what was chosen ended at {page.url} with status {page.status_code}"
    column = requests.get(f"{platform_url}/gradebook.json", timeout=5).json()["columns"][-1]
    is_right = (column["label"], column["maximum"]) == (PICKED_TITLE, "3")
    return "" if is_right else f"what was chosen has the column {column['label']}, {column['maximum']} points"


def _problem_with_registering(stack: Stack) -> str:
    """Connect a second platform by registration, and choose and launch from there; return what did not work."""
    browser = Browser()
    with RunningPlatform(PlatformConfig(name="Lakeside School")) as second:
        tool_page = registering.begin(browser, second.base_url, "moodle", stack.facts["registration_url"])
        page = registering.register(browser, tool_page)
        clients = registering.activate(browser, second.base_url)
        if page.status_code != 200 or len(clients) != 1:
            return f"the registration ended with status {page.status_code}, and {len(clients)} tools wait"
        return _problem_with_picking(stack.lms_url, second.base_url, clients[0])


def _answer_and_wait(stack: Stack, browser: Browser, page: requests.Response) -> float:
    """Answer the problem; return the seconds until the platform's gradebook shows the score."""
    form = forms(page)[0]
    if _gradebook_score(stack) is not None:
        raise DemoError("the gradebook shows a score before the answer")
    answer = {"csrfmiddlewaretoken": form.fields["csrfmiddlewaretoken"], "input_1": RIGHT_ANSWERS}
    begun = time.perf_counter()
    said = browser.post(form.action, data=answer, timeout=20)
    if said.status_code != 200 or said.json() != {"earned": 4.0, "possible": 4.0}:
        raise DemoError(f"the answer was not graded: status {said.status_code}")
    while time.perf_counter() - begun < LIMITS["score_after_s"]:
        score = _gradebook_score(stack)
        if score is not None:
            if score != 1.0:
                raise DemoError(f"the gradebook shows {score:.0%} instead of 100%")
            return time.perf_counter() - begun
        time.sleep(0.05)
    raise DemoError(f"no score in the gradebook after {LIMITS['score_after_s']:.0f} s:\n{stack.log_tail('lms')}")


def _gradebook_score(stack: Stack) -> float | None:
    """Return the learner's share of the points, as the platform's gradebook page shows it."""
    book = requests.get(f"{stack.platform_url}/gradebook.json", timeout=5).json()
    column = next(number for number, found in enumerate(book["columns"]) if found["label"] == "Primary colours")
    cells = next(row["cells"] for row in book["rows"] if row["id"] == LEARNER)
    text = cells[column]["score"]
    return float(text) / float(book["columns"][column]["maximum"]) if text else None


if __name__ == "__main__":
    sys.exit(print_result(check))

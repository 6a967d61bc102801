"""Counts what 50 answers of one learner become, with problem, unit and subsection linked. Prints its result as JSON.

Each answer takes the LMS's own way: stored and signalled in one transaction. ``at_leisure``: a worker runs after each
answer; ``in_a_hurry``: all answers come before a worker runs. At the end the window of unit and subsection is over.
"""

from __future__ import annotations

import json
import os

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import score_world, tokens  # noqa: E402
from bench.host import CountingGrades  # noqa: E402
from bench.score_server import ScoreServer  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from demo.lms import grades  # noqa: E402
from lti_1p3_provider import host  # noqa: E402
from lti_1p3_provider.scores.delivery.deliver import deliver_due  # noqa: E402
from lti_1p3_provider.scores.models import PendingScore  # noqa: E402

ANSWERS = 5 if os.environ.get("BENCH_QUICK") == "1" else 50
LINKED = {"leaf": tokens.BLOCK, "unit": tokens.UNIT, "subsection": tokens.SUBSECTION}


def main() -> None:
    """Count on the database that the settings name."""
    with ScoreServer() as platform:
        score_world.prepare(Minter(), platform.base, courses=1, learners=1)
        items = {
            name: score_world.line_item(f"{platform.base}/linked/{name}", 1000, block, link=name)
            for name, block in LINKED.items()
        }
        paths = {f"{item.url.removeprefix(platform.base)}/scores": name for name, item in items.items()}
        found = {}
        for number, (name, leisurely) in enumerate((("at_leisure", True), ("in_a_hurry", False))):
            rows = score_world.expect(list(items.values()), 1_000_000 + number, same=True)
            found[name] = _answer(rows, platform, paths, leisurely=leisurely)
    print(json.dumps({**found, "answers": ANSWERS, "baseline": ANSWERS * len(LINKED)}))


def _answer(rows: list[int], platform: ScoreServer, paths: dict[str, str], *, leisurely: bool) -> dict[str, object]:
    """Return what arrived at the platform, by what was linked, and how often grades were computed."""
    counted = host.current().grades
    assert isinstance(counted, CountingGrades)
    user = get_user_model().objects.get(pk=PendingScore.objects.get(pk=rows[0]).platform_user.user_id)
    before, readings = platform.counts(), counted.readings
    for number in range(ANSWERS):
        grades.record(user, score_world.COURSE, score_world.BLOCK, 0.05 * number, 4.0)
        if leisurely:
            deliver_due()
    _end_window(rows)
    deliver_due()
    seen = platform.counts() - before
    last = dict(PendingScore.objects.filter(pk__in=rows).values_list("usage_key", "sent_given"))
    assert set(last.values()) == {0.05 * (ANSWERS - 1)}, f"the last grade did not arrive everywhere: {last}"
    assert seen.refused == 0
    by_link = {name: seen.by_path[path] for path, name in paths.items()}
    return {"posts": seen.scores, **by_link, "grade_computations": counted.readings - readings}


def _end_window(rows: list[int]) -> None:
    """As if the 15 minutes had passed."""
    now = timezone.now()
    waiting = PendingScore.objects.filter(pk__in=rows, due_at__gt=now)
    assert waiting.count() == len(LINKED) - 1, "unit and subsection should wait"
    waiting.update(due_at=now)


if __name__ == "__main__":
    main()

"""``demo_pylti1p3``: what a script of the site's does with PyLTI1p3: a column and a grade of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem

from lti_1p3_provider import api

POINTS, MAXIMUM, LABEL = 7, 10, "Essay"


class Command(BaseCommand):
    """Somebody launched the link before."""

    help = "Make a gradebook column with PyLTI1p3, and send a grade there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which link, and whose grade."""
        for name in ("issuer", "client-id", "deployment-id", "link", "sub"):
            parser.add_argument(f"--{name}", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what the platform's gradebook shows then."""
        link = api.StoredLink(options["issuer"], options["client_id"], options["deployment_id"], options["link"])
        service = api.message_launch(link).get_ags()
        essay = LineItem().set_tag("essay").set_label(LABEL).set_score_maximum(MAXIMUM)
        column = service.find_or_create_lineitem(essay)
        grade = Grade().set_user_id(options["sub"]).set_score_given(POINTS).set_score_maximum(MAXIMUM)
        grade.set_timestamp(datetime.now(UTC).isoformat(timespec="milliseconds"))
        service.put_grade(grade.set_activity_progress("Completed").set_grading_progress("FullyGraded"), column)
        said = {"columns": [one["label"] for one in service.get_lineitems()], "results": service.get_grades(column)}
        self.stdout.write(json.dumps(said))

"""What launches, pages and answers may cost, however large the course is. A test class adds a ``World`` and a ``size``.

In an LMS, whatever looks into the cached structure of a course loads all of it, each time: half a second for 2,000
blocks. A learner waits for that in a launch, and all learners do in an answer.
"""

from __future__ import annotations

from django.test import Client

from lti_1p3_provider.outline import find
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.scores.models import PendingScore

from .launching import account, door, launch, open_launched, register_platform
from .world import Contract, Costs, Place

ABOVE = 4  # blocks above a problem: unit, subsection, section, course


class CostContract(Contract):
    """In the small course of the world, or in its large one."""

    size: str

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        register_platform()
        self.browser = Client()
        self.place: Place = getattr(self.world, self.size)
        rebuild(self.place.course)

    def hold(self, costs: Costs, name: str, fewer: int = 0) -> None:
        """Hold what something did against what it may cost; ``fewer`` blocks for one that is not as deep."""
        most = self.world.most[name]
        kept = (costs.whole_courses == 0, costs.blocks <= most.blocks - fewer, costs.queries <= most.queries)
        assert kept == (True, True, True), f"{costs}, but {most}"

    def at_most(self, costs: Costs, blocks: int) -> None:
        """Hold the reading alone against what it may cost."""
        assert (costs.whole_courses, costs.blocks <= blocks) == (0, True), costs

    def come(self, sub: str = "ada") -> None:
        """Launch problem, unit and subsection, as somebody who then comes again."""
        for key in (self.place.problem, self.place.unit, self.place.subsection):
            assert open_launched(self.browser, sub, key).status_code == 200

    def due(self) -> list[bool]:
        """Tell of problem, unit and subsection whether a score is to be sent."""
        rows = dict(PendingScore.objects.values_list("line_item__usage_key", "due_at"))
        return [rows[str(key)] is not None for key in (self.place.problem, self.place.unit, self.place.subsection)]

    def test_costs_are_counted(self) -> None:
        user = self.person()
        with self.world.costs() as costs:
            self.world.page(user, self.place.course, self.place.problem)
            PendingScore.objects.count()
        assert costs.blocks > 0
        assert costs.queries > 0
        with self.world.costs() as costs:
            self.world.host.grades.read(user.pk, self.place.course, [self.place.problem])
        assert costs.whole_courses == 1

    def test_a_problems_page_reads_the_problem_and_what_is_above(self) -> None:
        user = self.person()
        with self.world.costs() as costs:
            assert self.world.page(user, self.place.course, self.place.problem).status_code == 200
        self.at_most(costs, ABOVE + 1)

    def test_a_units_page_reads_also_what_is_below(self) -> None:
        user = self.person()
        with self.world.costs() as costs:
            assert self.world.page(user, self.place.course, self.place.unit).status_code == 200
        self.at_most(costs, ABOVE + self.place.below_unit)

    def test_access_reads_the_block_and_what_is_above(self) -> None:
        user = self.person()
        for key, fewer in ((self.place.problem, 0), (self.place.unit, 1), (self.place.subsection, 2)):
            with self.world.costs() as costs:
                self.world.host.content.require_access(user, self.place.course, key)
            self.hold(costs, "access", fewer)

    def test_grades_of_several_blocks_cost_one_reading_of_the_course(self) -> None:
        user = self.person()
        self.world.answer(user, self.place.problem, 1)
        keys = [self.place.problem, self.place.unit, self.place.subsection]
        with self.world.costs() as costs:
            assert len(self.world.host.grades.read(user.pk, self.place.course, keys)) == len(keys)
        assert costs.whole_courses == 1

    def test_a_first_launch_reads_the_block_and_what_is_above(self) -> None:
        self.come("babbage")  # else the LMS has nothing in its caches
        self.browser = Client()
        with self.world.costs() as costs:
            assert launch(self.browser, "ada", self.place.problem).status_code == 302
        self.hold(costs, "first_launch")

    def test_before_the_outline_is_written_a_launch_reads_no_more(self) -> None:
        self.come("babbage")
        self.browser = Client()
        CourseOutline.objects.all().delete()
        find._recent.clear()
        with self.world.costs() as costs:
            assert launch(self.browser, "ada", self.place.problem).status_code == 302
        self.at_most(costs, ABOVE + 2)

    def test_a_launch_reads_the_block_and_what_is_above(self) -> None:
        self.come()
        with self.world.costs() as costs:
            assert launch(self.browser, "ada", self.place.problem).status_code == 302
        self.hold(costs, "launch")

    def test_the_content_reads_the_block_and_what_is_above(self) -> None:
        self.come()
        with self.world.costs() as costs:
            assert self.browser.get(door(self.place.problem)).status_code == 200
        self.hold(costs, "content")

    def test_an_answer_reads_the_block_and_what_is_above(self) -> None:
        self.come()
        PendingScore.objects.update(due_at=None)  # what there was before is looked for at the first launch
        with self.world.late_storage(), self.world.costs() as costs:
            self.world.answer(account("ada"), self.place.problem, 1)
        assert self.due() == [True, True, True]
        self.hold(costs, "answer")

    def test_an_answer_without_lti_reads_the_block_and_what_is_above(self) -> None:
        user = self.person()
        with self.world.late_storage(), self.world.costs() as costs:
            self.world.answer(user, self.place.problem, 1)
        self.hold(costs, "answer_without_lti")

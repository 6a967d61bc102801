"""Courses inside a real LMS in unusual shapes; each test changes its own."""

from __future__ import annotations

from .openedx_world import FUTURE, PAST, InOpenEdx, OpenEdxWorld, problem

# isort: split

import itertools
from collections.abc import Iterable
from contextlib import suppress

import edxval.api as edxval
import pytest
from common.djangoapps.course_modes.models import CourseMode
from common.djangoapps.student.models import CourseEnrollment
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from edx_django_utils.cache import RequestCache
from milestones.api import add_user_milestone
from milestones.models import MilestoneRelationshipType
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx.core.djangoapps.content.block_structure.api import clear_course_from_cache
from openedx.core.djangoapps.content.block_structure.exceptions import BlockStructureNotFound
from openedx.core.lib.gating import api as gating
from xmodule.contentstore.content import StaticContent
from xmodule.contentstore.django import contentstore
from xmodule.modulestore import ModuleStoreEnum
from xmodule.modulestore.tests.django_utils import ModuleStoreTestCase
from xmodule.modulestore.tests.factories import BlockFactory
from xmodule.partitions.partitions import Group, UserPartition

from lti_1p3_provider.deep_linking import excerpts
from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.host.openedx.content import PATIENCE, OpenEdxContent
from lti_1p3_provider.host.sources import Video
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.outline.models import OutlineBlock
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.registrations.models import Registration

from .world import Contract


class OpenEdxCoursesTest(Contract, ModuleStoreTestCase):
    """A course of its own for each test."""

    ENABLED_CACHES = ("default",)
    feature = InOpenEdx.feature

    def setUp(self) -> None:
        self.feature("DISABLE_START_DATES", False)
        super().setUp()
        self.world = OpenEdxWorld()
        self.ada = self.person()

    def change(self, key: UsageKey, **fields: object) -> None:
        """Change and publish a block."""
        with self.store.branch_setting(ModuleStoreEnum.Branch.draft_preferred, key.course_key):
            block = self.store.get_item(key)
            for name, value in fields.items():
                setattr(block, name, value)
            self.store.update_item(block, self.user.id)
            self.store.publish(key, self.user.id)
        self.published()

    def published(self) -> None:
        """Forget the collected structure, as a signal makes the LMS do."""
        with suppress(BlockStructureNotFound):
            clear_course_from_cache(self.world.course)

    def read(self, *keys: UsageKey) -> list[tuple[float, float]]:
        found = self.world.host.grades.read(self.ada.pk, self.world.course, keys)
        return [(grade.earned, grade.possible) for grade in found.values()]

    def refused(self, error: type[Exception], keys: Iterable[UsageKey]) -> None:
        for key in keys:
            with pytest.raises(error):
                self.world.host.content.require_access(self.ada, key.course_key, key)

    def test_a_course_that_has_not_started_says_so(self) -> None:
        self.change(self.world.subsection, start=PAST)  # a date of its own opens nothing before the course does
        self.world.block.start = FUTURE
        self.store.update_item(self.world.block, self.user.id)
        self.refused(ContentNotStarted, (self.world.problem, self.world.unit, self.world.subsection))

    def test_what_only_staff_see_is_not_accessible(self) -> None:
        self.change(self.world.unit, visible_to_staff_only=True)
        self.refused(ContentNotAccessible, (self.world.problem, self.world.unit))
        with pytest.raises(ContentNotAccessible):
            self.world.page(self.ada, self.world.course, self.world.problem)

    def test_hiding_a_block_wipes_no_grade(self) -> None:
        self.world.answer(self.ada, self.world.problem, 4)
        self.world.answer(self.ada, self.world.other_problem, 1)
        self.change(self.world.problem, visible_to_staff_only=True)
        assert self.read(self.world.problem) == []
        assert self.read(self.world.unit) == self.read(self.world.subsection) == [(1, 2)]
        self.change(self.world.subsection, visible_to_staff_only=True)
        assert self.read(self.world.problem, self.world.unit, self.world.subsection) == []

    def test_a_problem_without_points_has_no_grade(self) -> None:
        pointless = problem(self.store.get_item(self.world.unit), "For fun", 0).location
        self.published()
        self.world.publish(self.ada, pointless, 1, 1)
        assert self.read(pointless) == []
        self.world.answer(self.ada, self.world.problem, 3)
        assert self.read(self.world.unit) == [(3, 6)]

    def test_a_deleted_block_is_not_found_and_has_no_grade(self) -> None:
        self.world.answer(self.ada, self.world.problem, 4)
        self.store.delete_item(self.world.problem, self.user.id)
        self.store.publish(self.world.unit, self.user.id)
        self.published()
        rebuild(self.world.course)
        with pytest.raises(ContentNotFound):
            outline.page(self.world.course, self.world.problem)
        self.refused(ContentNotFound, [self.world.problem])
        assert outline.above(self.world.course, self.world.problem) == frozenset()
        assert self.read(self.world.problem) == []

    def test_a_block_may_have_two_parents(self) -> None:
        second = self.second_unit([self.world.problem])
        rebuild(self.world.course)
        found = outline.above(self.world.course, self.world.problem)
        assert {self.world.unit, second, self.world.subsection, self.world.chapter} <= found
        self.world.answer(self.ada, self.world.problem, 3)
        assert self.read(self.world.problem) == self.read(second) == [(3, 4)]
        assert self.read(self.world.subsection) == [(3, 6)]

    def second_unit(self, children: list[UsageKey]) -> UsageKey:
        """Publish what was the draft unit, with these children."""
        self.change(self.world.unpublished, children=children)
        return self.world.unpublished

    def test_keys_of_libraries_and_of_the_old_store_are_not_found(self) -> None:
        host = self.world.host
        for name in ("library-v1:ContractX+numbers", "ContractX/LTI/old"):
            course = CourseKey.from_string(name)
            key = course.make_usage_key("problem", "one")
            with pytest.raises(ContentNotFound):
                outline.page(course, key)
            with pytest.raises(ContentNotFound):
                host.content.require_access(self.ada, course, key)
            assert outline.above(course, key) == frozenset()
            assert host.grades.read(self.ada.pk, course, [key]) == {}

    def test_a_timed_section_is_refused_to_whoever_is_not_enrolled(self) -> None:
        self.feature("ENABLE_SPECIAL_EXAMS", True)
        self.change(self.world.subsection, is_time_limited=True, default_time_limit_minutes=30)
        with pytest.raises(ContentNotAccessible, match="timed"):
            self.world.page(self.ada, self.world.course, self.world.problem)

    def test_a_section_with_a_prerequisite_opens_when_that_is_met(self) -> None:
        self.feature("MILESTONES_APP", True)
        for name in ("requires", "fulfills"):  # a site's migrations make them
            MilestoneRelationshipType.objects.get_or_create(name=name)
        first = BlockFactory.create(
            parent=self.store.get_item(self.world.chapter), category="sequential", display_name="First"
        ).location
        course = self.store.get_course(self.world.course)
        course.enable_subsection_gating = True
        self.store.update_item(course, self.user.id)
        gating.add_prerequisite(self.world.course, first)
        gating.set_required_content(self.world.course, self.world.subsection, first, "50", "0")
        self.published()
        with pytest.raises(ContentNotAccessible, match="gated"):
            self.world.page(self.ada, self.world.course, self.world.problem)
        CourseEnrollment.enroll(self.ada, self.world.course)
        page = self.world.page(self.ada, self.world.course, self.world.problem)
        assert page.status_code == 302  # to the section's own page, which names what comes first
        (milestone,) = gating.find_gating_milestones(self.world.course, self.world.subsection, "requires")
        add_user_milestone({"id": self.ada.pk}, milestone)
        RequestCache.clear_all_namespaces()  # this is another request
        assert self.world.page(self.ada, self.world.course, self.world.problem).status_code == 200

    def test_a_mode_that_a_course_does_not_have_or_no_longer_is_none_of_its_modes(self) -> None:
        modes, course = self.world.host.content.enrolment_modes, self.world.course
        assert modes(course) == {CourseMode.DEFAULT_MODE_SLUG}  # nothing is set
        CourseMode.objects.create(course_id=course, mode_slug="honor", mode_display_name="Honor")
        over = {"mode_display_name": "Verified", "min_price": 10, "expiration_datetime": PAST}
        CourseMode.objects.create(course_id=course, mode_slug="verified", **over)
        assert modes(course) == {"honor"}
        for mode in ("audit", "verified"):
            with pytest.raises(ContentNotAccessible):
                self.world.host.content.enrol(self.ada, course, mode)
        self.world.host.content.require_access(self.ada, course, self.world.problem)  # so it is in the LMS's list
        (doubt,) = doubts(Registration(enrolment_mode="audit"), self.world.host.content)
        assert f"{course} (it has honor)" in doubt.says

    def test_pictures_in_what_authors_wrote_have_the_addresses_that_browsers_ask(self) -> None:
        data = '<p><img src="/static/lamp.png" alt="A lamp"> <a href="/static/notes.pdf">notes</a></p>'
        self.change(self.world.text, data=data)
        found = self.world.host.content.sources(self.world.course, [self.world.text])[self.world.text]
        (picture,) = [part for part in excerpts.parts(found.markup) if part.kind == "picture"]
        assert picture.address == "/asset-v1:ContractX+LTI+now+type@asset+block/lamp.png", picture
        assert Client().get(picture.address).status_code == 404  # served by the LMS, which has no such file

    def test_what_is_not_read_in_time_is_left_out(self) -> None:
        """Each look at this clock is a second after the one before."""
        keys = [self.world.text, self.world.problem, self.video("Glass"), self.video("Prism")]
        content = OpenEdxContent(clock=itertools.count().__next__)
        assert list(content.sources(self.world.course, keys)) == keys[: PATIENCE - 1]
        assert list(content.sources(self.world.course, [self.world.unit, *keys])) == keys[: PATIENCE - 1]
        still = OpenEdxContent(clock=lambda: 0.0)
        assert list(still.sources(self.world.course, keys)) == keys

    def video(self, title: str, **fields: object) -> UsageKey:
        """Add a video."""
        made = BlockFactory.create(
            parent=self.store.get_item(self.world.unit), category="video", display_name=title, **fields
        )
        self.store.publish(self.world.unit, self.user.id)
        self.published()
        return made.location

    def seen(self, key: UsageKey) -> Video | None:
        """Look at it, which writes nothing down."""
        with CaptureQueriesContext(connection) as asked:
            found = self.world.host.content.sources(key.course_key, [key])[key].video
        assert all(one["sql"].startswith("SELECT") for one in asked.captured_queries)
        return found

    def test_of_a_video_in_the_sites_list_length_picture_and_transcript_are_known(self) -> None:
        edxval.create_video(
            {
                "edx_video_id": "glass",
                "client_video_id": "glass.mp4",
                "duration": 245.5,
                "status": "upload",
                "encoded_videos": [],
                "courses": [str(self.world.course)],
            }
        )
        key = self.video("Colours in a glass", edx_video_id="glass")
        assert self.seen(key) == Video(245.5)
        edxval.update_video_image("glass", str(self.world.course), None, "glass.png")
        for language, said in (("en", "Hold a glass"), ("fr", "Tiens un verre")):
            edxval.create_or_update_video_transcript(
                "glass",
                language,
                {"file_format": "srt", "provider": "Custom"},
                ContentFile(
                    f"1\n00:00:00,500 --> 00:00:02,000\n{said}\n\n2\n00:00:02,000 --> 00:00:04,000\n…\n".encode()
                ),
            )
        poster = edxval.get_course_video_image_url(str(self.world.course), "glass")
        assert poster.startswith("/")
        for language, begins in (("fr-ca", "Tiens un verre"), ("de", "Hold a glass")):
            with translation.override(language):
                assert self.seen(key) == Video(245.5, poster, f"{begins}\n…")

    def test_of_a_video_elsewhere_the_transcript_among_the_courses_files_is_known(self) -> None:
        key = self.video("Elsewhere", youtube_id_1_0="p2Q6BrNhdh8", transcripts={"fr": "glass.srt", "de": "gone.srt"})
        place = StaticContent.compute_location(self.world.course, "glass.srt")
        text = b"1\n00:00:00,500 --> 00:00:02,000\nTiens un verre\n"
        contentstore().save(StaticContent(place, "glass.srt", "application/x-subrip", text))
        with translation.override("fr"):
            assert self.seen(key) == Video(None, "", "Tiens un verre")
        with translation.override("de"):
            assert self.seen(key) == Video()  # its file is gone

    def test_videos_of_which_nothing_is_known_are_no_trouble(self) -> None:
        for fields in ({}, {"edx_video_id": "never uploaded"}, {"transcripts": {"en": ""}}, {"sub": "gone"}):
            assert self.seen(self.video(f"Nothing {fields}", **fields)) == Video()

    def bank(self, kind: str, points: Iterable[float], **fields: object) -> UsageKey:
        """Add a block that selects some of these problems for each learner."""
        unit = self.store.get_item(self.world.unit)
        made = BlockFactory.create(parent=unit, category=kind, display_name=f"{kind} {fields}", **fields)
        for number, weight in enumerate(points):
            problem(made, f"{made.display_name} {number}", weight)
        self.store.publish(self.world.unit, self.user.id)
        self.published()
        return made.location

    def totals(self) -> dict[str, float | None]:
        """Return the maxima that line items get, by usage key."""
        rebuild(self.world.course, force=True)
        return dict(OutlineBlock.objects.values_list("usage_key", "total"))

    def most(self, *keys: UsageKey) -> list[float]:
        """Return of how many points a learner's grades are, once they answered whatever was selected for them."""
        for key in keys:
            for child in self.store.get_item(key).children:
                self.world.publish(self.ada, child, 1, 1)
        wanted = (*keys, self.world.unit, self.world.subsection)
        found = self.world.host.grades.read(self.ada.pk, self.world.course, wanted)
        return [found[key].possible for key in wanted]

    def test_a_line_items_maximum_is_what_scores_are_of_where_learners_get_some_of_the_problems(self) -> None:
        kinds = {
            "library_content": {"max_count": 2},
            "itembank": {"max_count": 1},
            "randomize": {},
        }
        keys = [self.bank(kind, [3, 3, 3], **fields) for kind, fields in kinds.items()]
        totals, scored = self.totals(), self.most(*keys)
        assert totals[str(keys[0])] == 6
        said = [totals[str(key)] for key in (*keys, self.world.unit, self.world.subsection)]
        assert said == scored, (said, scored)

    def test_a_bank_that_gives_everybody_everything_has_all_of_its_points(self) -> None:
        keys = [self.bank("library_content", [1, 2, 3], max_count=most) for most in (-1, 3, 7)]
        totals = self.totals()
        said, scored = [totals[str(key)] for key in keys], self.most(*keys)[:3]
        assert said == scored == [6, 6, 6], (said, scored)

    def test_where_the_problems_differ_it_is_the_most_that_a_learner_can_get(self) -> None:
        key = self.bank("library_content", [1, 5, 3], max_count=2)
        assert self.totals()[str(key)] == 8
        assert self.most(key)[0] in (4, 6, 8)

    def test_of_an_experiment_each_learner_gets_one_group(self) -> None:
        course = self.store.get_course(self.world.course)
        groups = [Group(0, "one"), Group(1, "other")]
        course.user_partitions = [UserPartition(0, "experiment", "", groups)]
        self.store.update_item(course, self.user.id)
        unit = self.store.get_item(self.world.unit)
        key = BlockFactory.create(parent=unit, category="split_test", user_partition_id=0).location
        ways = [BlockFactory.create(parent_location=key, category="vertical") for _ in groups]
        made = [problem(way, f"Way {number}", 5).location for number, way in enumerate(ways)]
        self.change(key, group_id_to_child={str(at): way.location for at, way in enumerate(ways)})
        course.user_partitions[0].scheme.get_group_for_user(self.world.course, self.ada, course.user_partitions[0])
        for one in made:
            self.world.publish(self.ada, one, 1, 1)
        totals = self.totals()
        found = self.world.host.grades.read(self.ada.pk, self.world.course, [key, self.world.unit])
        assert totals[str(key)] == 5
        assert set(found) == {self.world.unit}  # the LMS grades no experiment by itself: it cannot be chosen
        assert found[self.world.unit].possible == totals[str(self.world.unit)] == 11

"""The course team's page of addresses, and the tab that leads there, with the host's own staff and content."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.test import Client, override_settings
from django.urls import reverse
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.host.openedx.dashboard import AddTabOfApp
from lti_1p3_provider.outline import tree
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild

from .launching import HERE, door, open_launched, register_platform
from .world import Contract


class LinksContract(Contract):
    """Who gets in, and what stands there."""

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        register_platform()
        CourseOutline.objects.all().delete()
        tree.forget()
        assert rebuild(self.world.course)
        self.page = reverse("lti_1p3_provider:course_links", args=[str(self.world.course)])

    def team(self) -> Client:
        """Return the browser of somebody of the course team."""
        user = self.person()
        self.world.put_on_team(user, self.world.course)
        return self.signed_in(user)

    def test_the_page_of_addresses_is_the_course_teams(self) -> None:
        teacher = self.person()
        self.world.put_on_team(teacher, self.world.other_course)
        assert Client().get(self.page).status_code == 302
        for other in (self.person(), teacher):
            assert self.signed_in(other).get(self.page).status_code == 403
        launched = Client()
        open_launched(launched, "ada", self.world.problem)
        assert launched.get(self.page).status_code == 403
        assert self.team().get(self.page).status_code == 200

    def test_each_published_block_has_the_address_that_launches_it(self) -> None:
        team = self.team()
        page = team.get(self.page, {"at": str(self.world.problem)}).content.decode()
        for key in (self.world.subsection, self.world.unit, self.world.problem, self.world.other_problem):
            assert f'value="{HERE}{door(key)}"' in page
        assert f'value="{HERE}{door(self.world.chapter)}"' not in page
        for name in ("Primary colours", "4 points", "may open the whole course: Contract"):
            assert name in page
        assert str(self.world.unpublished) not in page
        below = team.get(self.page, {"below": str(self.world.unit)}).json()["html"]
        assert str(self.world.problem) in below
        assert str(self.world.unit) not in below

    def test_it_says_where_a_block_is_already(self) -> None:
        team, placed = self.team(), '<span class="mark good">'
        assert placed not in team.get(self.page, {"below": str(self.world.unit)}).json()["html"]
        open_launched(Client(), "ada", self.world.problem)
        assert team.get(self.page, {"below": str(self.world.unit)}).json()["html"].count(placed) == 1

    def test_the_instructor_front_ends_tab_is_for_those_who_may_open_the_page(self) -> None:
        step, here, first = AddTabOfApp(filter_type="x", running_pipeline=[]), self.world.course, {"tab_id": "grading"}
        staff = self.person()
        self.world.put_on_team(staff, here)

        def tabs(user: AbstractUser, course: CourseKey) -> list[dict[str, str]]:
            given = [first]
            found: list[dict[str, str]] = step.run_filter(tabs=given, user=user, course_key=course)["tabs"]
            assert given == [first] == found[:1]
            return found[1:]

        with override_settings(LTI_1P3_PROVIDER_PUBLIC_URL=HERE):
            (ours,) = tabs(staff, here)
            assert ours["url"] == f"{HERE}{self.page}"
            assert self.signed_in(staff).get(ours["url"].removeprefix(HERE)).status_code == 200
            assert tabs(self.person(), here) == []
            assert tabs(staff, self.world.other_course) == []
            with override_settings(ENABLE_LTI_1P3_PROVIDER=False):
                assert tabs(staff, here) == []
        with override_settings(LTI_1P3_PROVIDER_PUBLIC_URL="", LMS_ROOT_URL=""):
            assert tabs(staff, here) == []  # a path would be taken for one of the front end's own pages

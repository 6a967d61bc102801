"""The tab in the LMS's Instructor Dashboard."""

from __future__ import annotations

from .openedx_world import InOpenEdx

# isort: split

from typing import Any

import pytest
from common.djangoapps.edxmako import save_lookups
from common.djangoapps.edxmako.shortcuts import render_to_string
from common.djangoapps.student.roles import CourseDataResearcherRole
from django.conf import settings
from django.test import override_settings
from django.urls import reverse

from lti_1p3_provider.host.openedx.dashboard import FOLDER, KEY, AddTab
from lti_1p3_provider.plugin_settings import DASHBOARD, TAB, TEMPLATES

from .world import Contract

pytest.importorskip("openedx_filters.learning.filters")


class OpenEdxDashboardTest(Contract, InOpenEdx):
    """What teams see there."""

    def dashboard(self, user: Any) -> Any:
        return self.signed_in(user).get(reverse("instructor_dashboard", args=[str(self.world.course)]))

    def staff(self) -> Any:
        user = self.person()
        self.world.put_on_team(user, self.world.course)
        return user

    def links(self) -> list[str]:
        names = ("course_links", "course_scores")
        return [reverse(f"lti_1p3_provider:{name}", args=[str(self.world.course)]) for name in names]

    def test_it_leads_the_course_team_to_our_pages(self) -> None:
        assert TAB in settings.OPEN_EDX_FILTERS_CONFIG[DASHBOARD]["pipeline"]
        page = self.dashboard(self.staff())
        assert page.status_code == 200
        text = page.content.decode()
        assert f'data-section="{KEY}"' in text
        for address in self.links():
            assert f'href="{address}"' in text

    def test_nobody_else_sees_the_tab_and_a_switched_off_app_has_none(self) -> None:
        researcher = self.person()
        CourseDataResearcherRole(self.world.course).add_users(researcher)
        page = self.dashboard(researcher)
        assert (page.status_code, f'data-section="{KEY}"' in page.content.decode()) == (200, False)
        with override_settings(ENABLE_LTI_1P3_PROVIDER=False):
            assert f'data-section="{KEY}"' not in self.dashboard(self.staff()).content.decode()

    def test_without_its_template_the_dashboard_stays_as_it_was(self) -> None:
        section = {"section_key": "course_info", "access": {"staff": True}}
        context = {"course": self.world.block, "sections": [section]}
        added = AddTab(filter_type=DASHBOARD, running_pipeline=[TAB]).run_filter(context, "page.html")
        assert [one["section_key"] for one in added["context"]["sections"]] == ["course_info", KEY]
        assert context["sections"] == [section]
        with save_lookups():
            from common.djangoapps.edxmako import LOOKUP

            LOOKUP["main"].directories.remove(TEMPLATES)
            LOOKUP["main"]._collection.clear()
            LOOKUP["main"]._uri_cache.clear()
            from edx_django_utils.cache import RequestCache

            RequestCache.clear_all_namespaces()
            assert AddTab().run_filter(context, "page.html") == {"context": context, "template_name": "page.html"}

    def test_what_it_says_is_escaped(self) -> None:
        tab = {"about": "<b>", "pages": [('/"><i>', "<u>")]}
        text = render_to_string(f"{FOLDER}{KEY}.html", {"section_data": tab})
        assert not {"<b>", "<i>", "<u>"} & {text[at : at + 3] for at in range(len(text))}

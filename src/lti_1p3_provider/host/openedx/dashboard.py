"""A tab of the LMS's Instructor Dashboard that leads to our pages for the course's team.

``plugin_settings`` names a step for each of two filters: ``InstructorDashboardRenderStarted`` is the LMS's own page,
``InstructorDashboardTabsRequested`` (from Verawood) the front end that replaces it. A release without one never asks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf

KEY, FOLDER = "lti_1p3_provider", "/lti_1p3_provider/instructor_dashboard/"
PLACE = 120  # after the LMS's own tabs, which have tens up to 110

log = logging.getLogger(__name__)


class AddTab:
    """A step of the filter's pipeline. An object is made for each page, with the filter's configuration."""

    def __init__(self, **_configuration: Any) -> None:
        """Accept the configuration, which is not used."""

    def run_filter(self, context: dict[str, Any], template_name: str) -> dict[str, Any]:
        """Add the tab for staff of the course; the pages are closed to others."""
        sections = context.get("sections")
        if conf.enabled and isinstance(sections, list) and _is_for_staff(sections) and _has_template():
            context = {**context, "sections": [*sections, _tab(str(context["course"].id))]}
        return {"context": context, "template_name": template_name}


class AddTabOfApp:
    """A step of the other filter's pipeline. The front end shows the tabs that an API of the LMS lists."""

    def __init__(self, **_configuration: Any) -> None:
        """Accept the configuration, which is not used."""

    def run_filter(self, tabs: list[Any], user: Any, course_key: Any, **_others: Any) -> dict[str, Any]:
        """Add the tab for people who may open our pages. Its address is a complete one: the front end would take a path
        for one of its own pages."""
        if not (conf.enabled and conf.public_url and host.current().identity.is_course_staff(user, course_key)):
            return {"tabs": tabs}
        address = f"{conf.public_url}{reverse(f'{KEY}:course_links', args=[str(course_key)])}"
        return {"tabs": [*tabs, {"tab_id": KEY, "title": _("Learning platforms"), "url": address, "sort_order": PLACE}]}


def _tab(course_key: str) -> Mapping[str, Any]:
    pages = (("course_links", _("Links for learning platforms")), ("course_scores", _("Scores in learning platforms")))
    return {
        "section_key": KEY,
        "section_display_name": _("Learning platforms"),
        "template_path_prefix": FOLDER,
        "course_id": course_key,
        "about": _("This course's content in Canvas, Moodle and other learning platforms, by LTI 1.3:"),
        "pages": [(reverse(f"{KEY}:{name}", args=[course_key]), title) for name, title in pages],
    }


def _is_for_staff(sections: list[Any]) -> bool:
    """Tell whether the dashboard is shown to staff, which the LMS says in the sections. Others see the dashboard, too,
    such as people who research data."""
    return any((section.get("access") or {}).get("staff") for section in sections)


def _has_template() -> bool:
    """Tell whether the LMS finds the tab's template. It is rendered after all steps, and if it is missing there is no
    page at all."""
    from common.djangoapps.edxmako import lookup_template

    try:
        lookup_template("main", f"{FOLDER}{KEY}.html")
    except Exception:  # whatever Mako, or another release, raises: the dashboard must stay
        log.warning("LTI: no tab in the Instructor Dashboard: MAKO_TEMPLATE_DIRS_BASE has not our templates")
        return False
    return True

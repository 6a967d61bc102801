"""What the app adds to the LMS's settings, and what it leaves as it is."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.urls import resolve, reverse
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.apps import Lti1p3ProviderConfig
from lti_1p3_provider.plugin_settings import (
    APP_TAB,
    BEAT,
    CONFINE,
    DASHBOARD,
    DASHBOARD_APP,
    FIRST,
    LIMITS,
    LOGINS,
    MIDDLEWARE,
    TAB,
    TEMPLATES,
    UNLOGGED,
    plugin_settings,
)
from tests.cases import every

SWEEP = "lti_1p3_provider.deliver_scores"


def added(**before: object) -> SimpleNamespace:
    settings = SimpleNamespace(**{"MIDDLEWARE": ["a.SessionMiddleware"], **before})
    plugin_settings(settings)
    return settings


@every("before", [{}, {"CELERYBEAT_SCHEDULE": {}}, {"CELERYBEAT_SCHEDULE": None}])
def test_a_site_without_a_schedule_gets_ours(before):
    assert added(**before).CELERYBEAT_SCHEDULE == BEAT


def test_what_a_site_schedules_stays_and_its_entry_under_our_name_wins():
    own = {"metadata": {"task": "t", "schedule": 3600}, SWEEP: {"task": SWEEP, "schedule": 60.0}}
    found = added(CELERYBEAT_SCHEDULE=own).CELERYBEAT_SCHEDULE
    assert found == {**BEAT, **own}
    assert found[SWEEP]["schedule"] == 60.0
    both = added(CELERYBEAT_SCHEDULE={"metadata": own["metadata"]}).CELERYBEAT_SCHEDULE
    assert both == {**BEAT, "metadata": own["metadata"]}


def test_other_settings_of_celery_are_left_alone():
    ours = {"MIDDLEWARE", "CELERYBEAT_SCHEDULE", "TRACKING_IGNORE_URL_PATTERNS", "OPEN_EDX_FILTERS_CONFIG"}
    assert set(vars(added())) == ours


def test_the_lms_keeps_secrets_and_platforms_messages_out_of_its_tracking_log():
    settings = added(TRACKING_IGNORE_URL_PATTERNS=[r"^/event"])
    plugin_settings(settings)
    assert settings.TRACKING_IGNORE_URL_PATTERNS == [r"^/event", UNLOGGED]
    register = reverse("lti_1p3_provider:register", args=["token"])
    secret = [register, reverse("lti_1p3_provider:register_send")]
    secret += [
        f"/lti/1p3/{door}{end}"
        for door in ("login", "launch", "deep-linking", "deep-linking/launch")
        for end in ("", "/")
    ]
    for path in secret:
        resolve(path)
        assert re.match(UNLOGGED, path)


def test_the_lms_logs_who_opens_our_pages():
    block = ["course-v1:A+B+C", "block-v1:A+B+C+type@html+block@login"]
    logged = [reverse("lti_1p3_provider:course", args=block[:1]), reverse("lti_1p3_provider:my_scores", args=block)]
    logged += [reverse("lti_1p3_provider:content", args=block), reverse("lti_1p3_provider:deep_linking_pick"), "/login"]
    assert not [path for path in logged if re.match(UNLOGGED, path)]


def test_twice_is_once_and_brings_back_what_a_site_replaced_in_between():
    """The LMS calls it after its common settings, reads the site's file, and calls it after the production settings."""
    settings = added()
    settings.MIDDLEWARE, settings.CELERYBEAT_SCHEDULE = ["b.SessionMiddleware"], {"site": {"task": "t"}}
    plugin_settings(settings)
    plugin_settings(settings)
    assert settings.MIDDLEWARE == [LIMITS, FIRST, LOGINS, "b.SessionMiddleware", MIDDLEWARE, CONFINE]
    assert settings.CELERYBEAT_SCHEDULE == {**BEAT, "site": {"task": "t"}}


OTHERS = {"org.openedx.learning.student.enrollment.completed.v1": {"pipeline": ["site.Notify"]}}


@every("dashboard, tab", [(DASHBOARD, TAB), (DASHBOARD_APP, APP_TAB)])
@every(
    "before, steps",
    [
        (None, []),
        ("site.Step", ["site.Step"]),
        (["site.Step", "site.Other"], ["site.Step", "site.Other"]),
        ({"pipeline": ["site.Step"], "fail_silently": False, "log_level": "debug"}, ["site.Step"]),
        ({"pipeline": None}, []),
        ({"pipeline": [TAB, APP_TAB, "site.Step"]}, ["site.Step"]),
    ],
)
def test_both_instructor_dashboards_get_our_tab_and_keep_a_sites_steps(
    dashboard: str, tab: str, before: object, steps: list[str]
):
    if isinstance(before, dict) and before["pipeline"]:
        before = {**before, "pipeline": [one for one in before["pipeline"] if one in (tab, "site.Step")]}
    own = {**OTHERS, dashboard: before} if before else dict(OTHERS)
    settings = added(OPEN_EDX_FILTERS_CONFIG=own)
    plugin_settings(settings)
    found = settings.OPEN_EDX_FILTERS_CONFIG
    assert found.items() > OTHERS.items()
    kept = before if isinstance(before, dict) else {}
    assert found[dashboard] == {"fail_silently": True, **kept, "pipeline": [*steps, tab]}
    assert own == ({**OTHERS, dashboard: before} if before else OTHERS)  # another project's settings may hold the same


def test_the_filter_of_the_instructors_front_end_finds_our_step(settings):
    filters = pytest.importorskip("openedx_filters.learning.filters")
    asked = filters.InstructorDashboardTabsRequested
    assert asked.filter_type == DASHBOARD_APP
    settings.OPEN_EDX_FILTERS_CONFIG = added().OPEN_EDX_FILTERS_CONFIG
    settings.ENABLE_LTI_1P3_PROVIDER = True
    settings.LTI_1P3_PROVIDER_PUBLIC_URL = "https://lms.example"
    tabs = [{"tab_id": "grading", "title": "Grading", "url": "/x/grading", "sort_order": 40}]
    teacher = SimpleNamespace(is_active=True, is_staff=True, is_superuser=True, pk=1)
    found, _user, _course = asked.run_filter(
        tabs=tabs, user=teacher, course_key=CourseKey.from_string("course-v1:A+B+C")
    )
    assert found[:1] == tabs
    ours = {"tab_id": "lti_1p3_provider", "title": "Learning platforms", "sort_order": 120}
    assert found[1:] == [{**ours, "url": "https://lms.example/lti/1p3/links/course-v1:A+B+C/"}]


def test_the_lms_looks_for_the_tabs_template_last_and_once_where_it_has_such_a_list():
    settings = added(MAKO_TEMPLATE_DIRS_BASE=["/a", "/b"])
    plugin_settings(settings)
    assert settings.MAKO_TEMPLATE_DIRS_BASE == ["/a", "/b", TEMPLATES]
    assert (Path(TEMPLATES) / "lti_1p3_provider" / "instructor_dashboard" / "lti_1p3_provider.html").is_file()


def test_the_loader_calls_it_for_common_and_for_production_settings():
    known = Lti1p3ProviderConfig.plugin_app["settings_config"]["lms.djangoapp"]
    assert known == {kind: {"relative_path": "plugin_settings"} for kind in ("common", "production")}

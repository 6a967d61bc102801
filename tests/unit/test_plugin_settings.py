"""What the app adds to the LMS's settings, and what it leaves as it is."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.urls import reverse

from lti_1p3_provider.apps import Lti1p3ProviderConfig
from lti_1p3_provider.plugin_settings import (
    BEAT,
    CONFINE,
    FIRST,
    LIMITS,
    MIDDLEWARE,
    SECRET_ADDRESSES,
    plugin_settings,
)

SWEEP = "lti_1p3_provider.deliver_scores"


def added(**before: object) -> SimpleNamespace:
    settings = SimpleNamespace(**{"MIDDLEWARE": ["a.SessionMiddleware"], **before})
    plugin_settings(settings)
    return settings


@pytest.mark.parametrize("before", [{}, {"CELERYBEAT_SCHEDULE": {}}, {"CELERYBEAT_SCHEDULE": None}])
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
    assert set(vars(added())) == {"MIDDLEWARE", "CELERYBEAT_SCHEDULE", "TRACKING_IGNORE_URL_PATTERNS"}


def test_the_lms_keeps_an_invitations_address_out_of_its_tracking_log():
    settings = added(TRACKING_IGNORE_URL_PATTERNS=[r"^/event"])
    plugin_settings(settings)
    assert settings.TRACKING_IGNORE_URL_PATTERNS == [r"^/event", SECRET_ADDRESSES]
    path = reverse("lti_1p3_provider:register", args=["token"])
    assert re.match(SECRET_ADDRESSES, path)
    assert re.match(SECRET_ADDRESSES, reverse("lti_1p3_provider:register_send"))
    assert not re.match(SECRET_ADDRESSES, reverse("lti_1p3_provider:launch"))


def test_twice_is_once_and_brings_back_what_a_site_replaced_in_between():
    """The LMS calls it after its common settings, reads the site's file, and calls it after the production settings."""
    settings = added()
    settings.MIDDLEWARE, settings.CELERYBEAT_SCHEDULE = ["b.SessionMiddleware"], {"site": {"task": "t"}}
    plugin_settings(settings)
    plugin_settings(settings)
    assert settings.MIDDLEWARE == [LIMITS, FIRST, "b.SessionMiddleware", MIDDLEWARE, CONFINE]
    assert settings.CELERYBEAT_SCHEDULE == {**BEAT, "site": {"task": "t"}}


def test_the_loader_calls_it_for_common_and_for_production_settings():
    known = Lti1p3ProviderConfig.plugin_app["settings_config"]["lms.djangoapp"]
    assert known == {kind: {"relative_path": "plugin_settings"} for kind in ("common", "production")}

"""The Django app, and how the LMS's plugin loader wires it."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.apps import AppConfig

log = logging.getLogger(__name__)


class Lti1p3ProviderConfig(AppConfig):
    """Literals instead of ``PluginURLs`` and friends: their names are what the loader looks for."""

    name = "lti_1p3_provider"
    label = "lti_1p3_provider"
    verbose_name = "LTI 1.3 provider"
    default_auto_field = "django.db.models.BigAutoField"

    plugin_app: ClassVar[dict[str, Any]] = {
        "url_config": {
            "lms.djangoapp": {
                "namespace": "lti_1p3_provider",
                "regex": r"^lti/1p3/",
                "relative_path": "urls",
            },
        },
        "settings_config": {
            "lms.djangoapp": {
                "common": {"relative_path": "plugin_settings"},
                "production": {"relative_path": "plugin_settings"},
            },
        },
    }

    def ready(self) -> None:
        """Listen to the LMS's grades and retirements. A host that cannot be loaded is a system check's error."""
        from lti_1p3_provider import checks, host, tasks  # noqa: F401  (Celery knows a task once it is imported)
        from lti_1p3_provider.people import forget
        from lti_1p3_provider.scores.outbox import after_save, intake

        checks.register()
        after_save.connect()
        try:
            host.current().grades.connect(intake.grade_changed)
        except Exception:  # the LMS must start whatever is wrong with us
            log.exception("LTI 1.3 provider: cannot listen to grades; no score will be sent")
        try:
            host.current().retirement.connect(forget.retired)
        except Exception:
            log.exception("LTI 1.3 provider: cannot listen to retirements; forget people with lti_1p3_people")

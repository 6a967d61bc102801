"""The stand-in LMS as a Django app."""

from django.apps import AppConfig


class DemoLmsConfig(AppConfig):
    """Loads the Celery app, so that tasks find it, and connects what happens at logins."""

    name = "demo.lms"
    label = "demo_lms"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the Celery app the current one; the receivers connect themselves."""
        from demo.lms import celery_app, logins, single_login  # noqa: F401

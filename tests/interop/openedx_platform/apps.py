"""The application that stands in for the LMS."""

from django.apps import AppConfig


class OpenEdxPlatformConfig(AppConfig):
    name = f"{__package__}"
    label = "openedx_platform"

    def ready(self) -> None:
        from . import lms

        lms.install()

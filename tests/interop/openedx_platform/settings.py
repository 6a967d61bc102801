"""Settings of the stand-alone platform; names that Django does not know are read by `lti_consumer`."""

import os
import secrets
from pathlib import Path

from . import environment

SECRET_KEY = secrets.token_urlsafe(32)
ALLOWED_HOSTS = [environment.HOST]
ROOT_URLCONF = f"{__package__}.urls"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "config_models",
    "lti_consumer",
    f"{__package__}",
]
# The package keeps launch data in the tiered cache, whose per-thread tier has to be emptied between requests.
MIDDLEWARE = ["edx_django_utils.cache.middleware.RequestCacheMiddleware", f"{__package__}.lms.sign_in_nobody"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": f"{__package__}.sqlite_immediate",
        "NAME": Path(os.environ[environment.DIRECTORY]) / "openedx_platform.sqlite3",
        "OPTIONS": {"timeout": 30},
        # As in the LMS: a request that fails leaves nothing behind.
        "ATOMIC_REQUESTS": True,
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
OPENEDX_TELEMETRY: list[str] = []

LMS_ROOT_URL = f"http://{environment.HOST}:{os.environ[environment.PORT]}"
PLATFORM_NAME = "Open edX LTI consumer"
# As in the LMS.
USAGE_ID_PATTERN = r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))"

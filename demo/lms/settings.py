"""Settings of the stand-in LMS. ``DEMO_DIRECTORY`` holds all it writes; ``LMS_ROOT_URL`` is where it is reached.

Any setting of the app can be given as an environment variable of the same name: a Python literal, or a plain text.
``DEMO_DATABASE`` and ``DEMO_CACHE`` replace the default database and cache: a Python literal of what Django's settings
``DATABASES`` and ``CACHES`` have below "default". ``DEMO_BROKER`` is the URL of a broker that processes share.
``DEMO_PREVENT_CONCURRENT_LOGINS`` (True, as in the LMS): a login ends the person's earlier session.
"""

import ast
import os
import secrets
import sys
from pathlib import Path

from edx_django_utils.plugins import get_plugin_apps

from lti_1p3_provider.plugin_settings import plugin_settings

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = Path(os.environ.get("DEMO_DIRECTORY", ROOT / ".demo"))
DIRECTORY.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """Make a secret once for each demo directory; processes that start together agree on one."""
    path = DIRECTORY / "secret_key"
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


SECRET_KEY = _secret_key()
DEBUG = False
DEMO_JWT_KEY = DIRECTORY / "jwt_key.pem"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", ".localhost", "[::1]"]
LMS_ROOT_URL = os.environ.get("LMS_ROOT_URL", f"http://127.0.0.1:{os.environ.get('DEMO_LMS_PORT', '8000')}")
PLATFORM_NAME = "Stand-in LMS"
if LMS_ROOT_URL.startswith("https:"):  # else no browser takes such cookies
    SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "None"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "demo.lms.apps.DemoLmsConfig",
    # As the LMS finds us, by entry point; but no other plugin that happens to be installed.
    *(app for app in get_plugin_apps("lms.djangoapp") if app.startswith("lti_1p3_provider.")),
]
MIDDLEWARE = [
    "demo.lms.meter.MeterMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
plugin_settings(sys.modules[__name__])  # as the LMS's plugin loader does
ROOT_URLCONF = "demo.lms.urls"
WSGI_APPLICATION = "demo.lms.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "demo.lms.sqlite",
        "NAME": DIRECTORY / "lms.sqlite3",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 30},
        "TEST": {"NAME": DIRECTORY / "lms-test.sqlite3"},
    }
}
if "DEMO_DATABASE" in os.environ:
    DATABASES = {"default": ast.literal_eval(os.environ["DEMO_DATABASE"])}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "demo_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
if "DEMO_CACHE" in os.environ:
    CACHES = {"default": ast.literal_eval(os.environ["DEMO_CACHE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/admin/login/"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
FEATURES = {"PREVENT_CONCURRENT_LOGINS": ast.literal_eval(os.environ.get("DEMO_PREVENT_CONCURRENT_LOGINS", "True"))}
CELERYD_HIJACK_ROOT_LOGGER = CELERY_REDIRECT_STDOUTS = False
BROKER_URL = os.environ.get("DEMO_BROKER", "memory://localhost")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

SILENCED_SYSTEM_CHECKS = ["lti_1p3_provider.W002"]  # plain http does on loopback: platform and LMS are one site there
ENABLE_LTI_1P3_PROVIDER = True
LTI_1P3_PROVIDER_HOST = "demo.lms.host.DemoHost"
LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["127.0.0.1", "localhost", "::1"]
LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 5  # seconds; a site has 15 minutes

OURS = ("ENABLE_LTI_1P3_PROVIDER", "LTI_AGGREGATE_SCORE_PASSBACK_DELAY")
for _name, _text in os.environ.items():
    if _name in OURS or _name.startswith("LTI_1P3_PROVIDER_"):
        try:
            globals()[_name] = ast.literal_eval(_text)
        except (ValueError, SyntaxError):
            globals()[_name] = _text

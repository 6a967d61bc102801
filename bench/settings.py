"""Settings of the benchmark: those of the stand-in LMS, with the database, cache and cookies that an LMS has.

``bench.parts`` gives the database and the Redis URL in the environment.
"""

import json
import os

for _name in [name for name in os.environ if "LTI_1P3_PROVIDER" in name or name.startswith("LTI_AGGREGATE")]:
    del os.environ[_name]
os.environ["LMS_ROOT_URL"] = "https://lms.example"

from demo.lms.settings import *  # noqa: E402, F403
from demo.lms.settings import FEATURES, INSTALLED_APPS  # noqa: E402

ALLOWED_HOSTS = ["lms.example"]
INSTALLED_APPS = [*INSTALLED_APPS, "pylti1p3.contrib.django.lti1p3_tool_config", "bench.stock"]
ROOT_URLCONF = "bench.urls"
DATABASES = {
    "default": {
        **json.loads(os.environ["BENCH_DATABASE"]),
        "ATOMIC_REQUESTS": True,  # as Open edX
        "CONN_MAX_AGE": None,  # connecting is not what we measure
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["BENCH_REDIS"]}}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # where Open edX keeps them
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# As under Tutor and in bench.lms. The LMS's default costs both sides the same three queries, and hides what differs.
FEATURES = {**FEATURES, "PREVENT_CONCURRENT_LOGINS": os.environ.get("BENCH_PREVENT_CONCURRENT_LOGINS") == "1"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_ALWAYS_EAGER = "BENCH_SCORES" not in os.environ  # there, who measures is the worker
LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900  # as a site has it
if "BENCH_SCORES" in os.environ:
    LTI_1P3_PROVIDER_HOST = "bench.host.CountingHost"

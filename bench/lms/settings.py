"""The caller's settings (``BENCH_LMS_SETTINGS``), with what the LMS's test settings switch off as a site has it.

Settings of a real site pass through nearly unchanged: only a cache that keeps nothing, sessions in the database and
tasks that run at once are replaced, because they belong to tests.
"""

import os
from importlib import import_module
from pathlib import Path

_given = import_module(os.environ["BENCH_LMS_SETTINGS"])
globals().update({name: value for name, value in vars(_given).items() if name.isupper()})

ENABLE_LTI_1P3_PROVIDER = True
LTI_1P3_PROVIDER_PUBLIC_URL = "https://lms.example"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.lms.urls"
for _name, _value in {
    "DISABLE_SET_JWT_COOKIES_FOR_TESTS": False,
    "DISABLE_START_DATES": False,
    "PREVENT_CONCURRENT_LOGINS": os.environ.get("BENCH_PREVENT_CONCURRENT_LOGINS") == "1",
}.items():
    _given.FEATURES[_name] = _value  # a dict, or in newer releases a proxy of the flat names
    globals()[_name] = _value
for _name, _cache in _given.CACHES.items():
    if "dummy" in _cache["BACKEND"]:
        _cache.update(
            BACKEND="django.core.cache.backends.locmem.LocMemCache",
            LOCATION=_name,
            OPTIONS={"MAX_ENTRIES": 1_000_000},
        )
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
for _database in _given.DATABASES.values():
    _database.setdefault("CONN_MAX_AGE", None)
_given.DATABASES["default"]["ATOMIC_REQUESTS"] = True
if getattr(_given, "CELERY_ALWAYS_EAGER", False):  # a site hands its tasks to a broker
    CELERY_ALWAYS_EAGER = False
    BROKER_URL = "memory://"
    EXPLICIT_QUEUES: dict[str, object] = {}  # which production's settings fill
    ALTERNATE_ENV_TASKS: dict[str, object] = {}
for _loader in _given.WEBPACK_LOADER.values():
    if not Path(_loader["STATS_FILE"]).is_file():  # nobody has built the front end
        _loader["LOADER_CLASS"] = "bench.lms.assets.NoFiles"


class _TablesFromModels:
    """No app has migrations, so that tables are made from the models, as the LMS's own tests do."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None

    def get(self, app: str, default: object = None) -> None:
        return None


if os.environ.get("BENCH_DATABASES") != "configured":
    MIGRATION_MODULES = _TablesFromModels()

"""Settings of the tests: those of the stand-in LMS, in a folder that goes away, whatever the environment says.

``LTI_TEST_DATABASE=mariadb`` (or ``postgresql``) replaces SQLite by a private server, which the run starts when it
first needs it. ``LTI_TEST_CHARSETS=utf8mb3/utf8mb4`` names MariaDB's charsets: of the tables, and of the connection.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if "LTI_1P3_PROVIDER" in name or name.startswith("LTI_AGGREGATE")]:
    del os.environ[_name]
for _name in ("LMS_ROOT_URL", "DEMO_DATABASE", "DEMO_CACHE", "DEMO_BROKER", "DEMO_PREVENT_CONCURRENT_LOGINS"):
    os.environ.pop(_name, None)
# In memory where there is such a folder: a database that goes away need not wait for a disk.
_SHM = Path("/dev/shm")  # noqa: S108
_ROOM = 64 * 1024 * 1024  # bytes; the database has two megabytes
_quick = _SHM.is_dir() and os.access(_SHM, os.W_OK) and shutil.disk_usage(_SHM).free > _ROOM
os.environ["DEMO_DIRECTORY"] = tempfile.mkdtemp(prefix="lti-tests-", dir=_SHM if _quick else None)
atexit.register(shutil.rmtree, os.environ["DEMO_DIRECTORY"], ignore_errors=True)

from demo.lms.settings import *  # noqa: E402, F403

TEST_DATABASE = os.environ.get("LTI_TEST_DATABASE", "sqlite")
TEST_CHARSET = ""
ENGINES = {"mariadb": "tests.services.django_mariadb", "postgresql": "django.db.backends.postgresql"}
if TEST_DATABASE in ENGINES:  # where it is, tests/conftest.py adds
    DATABASES = {"default": {"ENGINE": ENGINES[TEST_DATABASE], "NAME": "lms", "ATOMIC_REQUESTS": True}}
    TEST_CHARSET, _, _connection = os.environ.get("LTI_TEST_CHARSETS", "").partition("/")
    if TEST_CHARSET:
        DATABASES["default"] |= {"TEST": {"CHARSET": TEST_CHARSET}, "OPTIONS": {"charset": _connection}}
elif TEST_DATABASE != "sqlite":
    raise ValueError("LTI_TEST_DATABASE is sqlite, mariadb or postgresql")
else:
    DATABASES["default"]["ENGINE"] = "tests.services.django_sqlite"
DATABASES["default"]["CONN_MAX_AGE"] = 60  # seconds; to connect for each request takes a tenth of a launch
# Like an LMS's, no part of a transaction. The stand-in's own, a table, is tried in tests/processes.
CACHES = {"default": {"BACKEND": "tests.remembered.OneProcess", "OPTIONS": {"MAX_ENTRIES": 100_000}}}
MEDIA_URL = "/media/"  # without it the test server looks for each address among the files here first
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_ALWAYS_EAGER = True
LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
LTI_1P3_PROVIDER_RETRY_BASE_SEC = 30

"""Settings of the stand-in LMS in tests. To keep the passwords of a stolen database secret takes half a second of the
processor for each login and each new account; here nobody steals any."""

from demo.lms.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

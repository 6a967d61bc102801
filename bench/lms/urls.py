"""The LMS's addresses, and one more: the plain login that launches are compared with."""

from django.urls import path
from lms.urls import *  # noqa: F403
from lms.urls import urlpatterns

from bench.lms.plain_login import plain_login

urlpatterns = [path("bench/login/<int:user_id>/", plain_login), *urlpatterns]

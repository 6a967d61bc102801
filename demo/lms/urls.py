"""Addresses of the stand-in LMS; the app's own come from its plugin configuration, as in the LMS."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path, re_path

from demo.lms import pages
from demo.lms.views import course_home, front_page, problem_check
from lti_1p3_provider.apps import Lti1p3ProviderConfig

ours = Lti1p3ProviderConfig.plugin_app["url_config"]["lms.djangoapp"]

urlpatterns = [
    path("", front_page),
    path("admin/", admin.site.urls),
    path("login", LoginView.as_view(template_name="demo_lms/login.html"), name="login"),
    path("courses/", pages.course_list, name="courses"),
    path("account/settings", pages.account, name="account"),
    path("change_enrollment", pages.enrol, name="enrol"),
    path("login_refresh", pages.login_refresh, name="login_refresh"),
    path("xblock/<str:usage_key>", pages.xblock, name="xblock"),
    path("api/bookmarks/", pages.bookmarks, name="bookmarks"),
    path("api/courses/<str:course_key>", pages.course_api, name="course_api"),
    path("event", pages.event, name="event"),
    path("courses/<str:course_key>/home", course_home, name="course_home"),
    path(
        "courses/<str:course_key>/xblock/<str:usage_key>/handler/xmodule_handler/problem_check",
        problem_check,
        name="problem_check",
    ),
    re_path(ours["regex"], include((f"lti_1p3_provider.{ours['relative_path']}", "lti_1p3_provider"))),
]

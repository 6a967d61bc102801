"""The package's end points where the LMS has them, and ours below `/interop/`."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls")),
    path("interop/start/<slug:link>/<slug:person>/", views.start_launch, name="start-launch"),
    path("interop/choose/<slug:link>/", views.start_choosing, name="start-choosing"),
    path("interop/chosen/<slug:link>/", views.chosen, name="chosen"),
    path("interop/rows/", views.rows, name="rows"),
    path("interop/replace-key/", views.replace_key, name="replace-key"),
]

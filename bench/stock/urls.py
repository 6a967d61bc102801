"""Addresses of the stock sample."""

from django.urls import path

from bench.stock import views

app_name = "stock"
urlpatterns = [path("login/", views.login, name="login"), path("launch/", views.launch, name="launch")]

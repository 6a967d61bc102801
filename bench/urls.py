"""Addresses of both sides: the stand-in LMS with our app, and the stock sample."""

from django.urls import include, path

urlpatterns = [path("stock/", include("bench.stock.urls")), path("", include("demo.lms.urls"))]

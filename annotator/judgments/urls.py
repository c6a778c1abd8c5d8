"""Addresses of the judgments stage."""

from django.urls import URLPattern

app_name = "judgments"
urlpatterns: list[URLPattern] = []

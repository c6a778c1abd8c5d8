"""Addresses of the projects stage."""

from django.urls import URLPattern

app_name = "projects"
urlpatterns: list[URLPattern] = []

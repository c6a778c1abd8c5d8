"""Addresses of the snapshots stage."""

from django.urls import URLPattern

app_name = "snapshots"
urlpatterns: list[URLPattern] = []

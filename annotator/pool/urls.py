"""Addresses of the pool stage."""

from django.urls import URLPattern

app_name = "pool"
urlpatterns: list[URLPattern] = []

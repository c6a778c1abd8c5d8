"""Addresses of the judgments stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

"""Addresses of the projects stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

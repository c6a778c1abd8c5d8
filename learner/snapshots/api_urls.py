"""Addresses of the snapshots stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

"""Addresses of the pool stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

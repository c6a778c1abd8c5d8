"""Addresses of the evaluation stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

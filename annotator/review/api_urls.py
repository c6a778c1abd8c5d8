"""Addresses of the review stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

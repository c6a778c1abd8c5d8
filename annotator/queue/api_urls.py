"""Addresses of the queue stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

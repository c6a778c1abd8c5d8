"""Addresses of the training stage."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

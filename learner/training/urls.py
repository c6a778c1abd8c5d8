"""Addresses of the training stage."""

from django.urls import URLPattern

app_name = "training"
urlpatterns: list[URLPattern] = []

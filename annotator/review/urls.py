"""Addresses of the review stage."""

from django.urls import URLPattern

app_name = "review"
urlpatterns: list[URLPattern] = []

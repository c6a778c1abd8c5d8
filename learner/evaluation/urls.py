"""Addresses of the evaluation stage."""

from django.urls import URLPattern

app_name = "evaluation"
urlpatterns: list[URLPattern] = []

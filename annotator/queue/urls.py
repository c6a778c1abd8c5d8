"""Addresses of the queue stage."""

from django.urls import URLPattern

app_name = "queue"
urlpatterns: list[URLPattern] = []

"""Declares the demo stage to Django."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo stage."""

    name = "learner.demo"
    label = "demo"

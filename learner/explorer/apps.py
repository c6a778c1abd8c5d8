"""Declares the explorer stage to Django."""

from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    """The explorer stage."""

    name = "learner.explorer"
    label = "explorer"

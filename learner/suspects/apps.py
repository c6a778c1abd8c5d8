"""Declares the suspects stage to Django."""

from django.apps import AppConfig


class SuspectsConfig(AppConfig):
    """The suspects stage."""

    name = "learner.suspects"
    label = "suspects"

"""Declares the errors stage to Django."""

from django.apps import AppConfig


class ErrorsConfig(AppConfig):
    """The errors stage."""

    name = "learner.errors"
    label = "errors"

"""Declares the pool stage to Django."""

from django.apps import AppConfig


class PoolConfig(AppConfig):
    """The pool stage."""

    name = "annotator.pool"
    label = "pool"

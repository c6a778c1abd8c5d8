"""Declares the query stage to Django."""

from django.apps import AppConfig


class QueryConfig(AppConfig):
    """The query stage."""

    name = "learner.query"
    label = "query"

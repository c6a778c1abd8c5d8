"""Declares the judgments stage to Django."""

from django.apps import AppConfig


class JudgmentsConfig(AppConfig):
    """The judgments stage."""

    name = "annotator.judgments"
    label = "judgments"

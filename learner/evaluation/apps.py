"""Declares the evaluation stage to Django."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """The evaluation stage."""

    name = "learner.evaluation"
    label = "evaluation"

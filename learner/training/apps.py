"""Declares the training stage to Django."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """The training stage."""

    name = "learner.training"
    label = "training"

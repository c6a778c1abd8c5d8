"""Declares the monitoring stage to Django."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """The monitoring stage."""

    name = "learner.monitoring"
    label = "monitoring"

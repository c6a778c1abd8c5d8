"""Declares the queue stage to Django."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    """The queue stage."""

    name = "annotator.queue"
    label = "queue"

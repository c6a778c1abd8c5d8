"""Declares the review stage to Django."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """The review stage."""

    name = "annotator.review"
    label = "review"

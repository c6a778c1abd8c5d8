"""Declares the webhooks stage to Django."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The webhooks stage."""

    name = "learner.webhooks"
    label = "webhooks"

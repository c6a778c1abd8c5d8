"""Declares the accounts stage to Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts stage."""

    name = "annotator.accounts"
    label = "accounts"

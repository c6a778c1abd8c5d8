"""Declares the snapshots stage to Django."""

from django.apps import AppConfig


class SnapshotsConfig(AppConfig):
    """The snapshots stage."""

    name = "learner.snapshots"
    label = "snapshots"

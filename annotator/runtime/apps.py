"""The app of the supervisor: commands only, no tables."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Gives Django the `up` command."""

    name = "annotator.runtime"
    label = "runtime"

"""Declares the projects stage to Django."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """The projects stage."""

    name = "annotator.projects"
    label = "projects"

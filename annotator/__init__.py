"""The human side of Crossguard: people, projects, pages, the queue, judgments and their review."""

from annotator.celery import app as celery_app

__all__ = ["celery_app"]

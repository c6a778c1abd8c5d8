"""Annotators' names for whoever may read judgments and not know whose they are."""

import hashlib

from annotator.projects.models import Project


def pseudonym_of(key: bytes, annotator_id: int) -> str:
    """The name of an annotator under a key that is never shown: not to be led back without it."""
    keyed = hashlib.blake2b(str(annotator_id).encode(), key=key, person=b"annotator", digest_size=5)
    return f"annotator-{keyed.hexdigest()}"


def pseudonym(project: Project, annotator_id: int) -> str:
    """The annotator's stable name: the same over the API and in every snapshot of the project."""
    return pseudonym_of(project.holdout_salt.encode(), annotator_id)

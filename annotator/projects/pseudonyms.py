"""Names under which people are shown to those who may not know who they are."""

import hashlib

from annotator.projects.models import Project


def pseudonym(project: Project, annotator_id: int) -> str:
    """The annotator's stable name: the same in all that leaves the project, not to be led back without its salt."""
    return pseudonym_by(project.holdout_salt.encode(), annotator_id)


def pseudonym_by(key: bytes, annotator_id: int) -> str:
    """The annotator's name under a key that is never shown."""
    keyed = hashlib.blake2b(str(annotator_id).encode(), key=key, person=b"annotator", digest_size=5)
    return f"annotator-{keyed.hexdigest()}"

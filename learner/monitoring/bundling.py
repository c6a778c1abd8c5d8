"""The bundle of a version, with its card of today."""

from learner.core.bundle.writing import bundle_bytes
from learner.evaluation.cards import card_dialects, card_facts, card_latest
from learner.monitoring.scoring import classifier_loaded
from learner.training.models import ClassifierVersion

NO_CARD = {
    "README.md": "# No model card\n\nThis version was never evaluated. Nothing is known of how well it does.\n"
}


def bundle_of(version: ClassifierVersion) -> bytes:
    """The version as a zip file; the same version and card give the same bytes. Raises Conflict as scoring does."""
    kept = card_latest(version)
    card = card_dialects(card_facts(kept)) if kept else NO_CARD
    about = {
        "project": version.project.slug,
        "number": version.number,
        "taxonomy": version.taxonomy.number,
        "artifact_sha256": version.sha256,
        "fingerprint": version.fingerprint,
    }
    return bundle_bytes(classifier_loaded(version), card, about)

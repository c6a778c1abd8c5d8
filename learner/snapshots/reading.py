"""The facts of a frozen card, for pages that draw it and programs that compare it."""

from learner.core.cards import CardFacts, facts_load
from learner.snapshots.files import FACTS, file_verified
from learner.snapshots.models import Snapshot


def facts_of(snapshot: Snapshot) -> CardFacts | None:
    """The facts that the card of `snapshot` was written from, checked by hash; None before there were any in it."""
    if FACTS not in snapshot.manifest["files"]:
        return None
    with file_verified(snapshot, FACTS) as stream:
        return facts_load(stream.read().decode())

"""One snapshot with something of everything, for the tests that read its files with other programs."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from annotator.pool.models import Item, Split
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import Method, Resolution
from learner.core.cards.sections import BY_SLUG
from learner.snapshots.files import file_open, names_of
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.sections.services import card_section_write
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_items, make_judgment, make_member, make_project

NAME: Final = 'Täglich <b>"Netz"</b> | K-12'
TOPICS: Final = {GAMES: [GAMES], GAMBLING: [GAMES, GAMBLING], VIOLENCE: [VIOLENCE], "cooking recipes": []}
PROBABILITY: Final = {Stream.EXPLORE: 0.25, Stream.AUDIT: 0.5, Stream.QUERY: None, Stream.RARE: None}


def make_shelf() -> Project:
    """A described project with sixty resolved items on both sides, of four streams, judged by two people."""
    project = make_project("shelf", description="Pages of a small team.")
    Project.objects.filter(pk=project.pk).update(name=NAME)
    project.refresh_from_db()
    licence, annotators = BY_SLUG["licence"], BY_SLUG["annotators"]
    card_section_write(project, licence, "cc-by-4.0\n\nName us.", by=project.created_by, based_on=1)
    card_section_write(project, annotators, "Two teachers.", by=project.created_by, based_on=0)
    people = [make_member(project, Role.ANNOTATOR) for _ in range(2)]
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    for topic, labels in TOPICS.items():
        items = make_items(project, 12, topic=topic)
        serve(project, items[:4], Stream.EXPLORE)
        serve(project, items[4:8], Stream.QUERY)
        serve(project, items[8:], Stream.RARE)
        kept = make_items(project, 3, topic=topic, split=Split.HOLDOUT)
        serve(project, kept, Stream.AUDIT)
        for day, item in enumerate([*items, *kept]):
            said = [
                make_judgment(item, person, labels, created_at=start + timedelta(days=day)).pk
                for person in people
            ]
            _resolve(item, labels, said)
    return project


def take(project: Project) -> Snapshot:
    """A new snapshot, frozen."""
    run = snapshot_run_start(project, by=None)
    snapshot_run_execute(run.pk)
    run = SnapshotRun.objects.get(pk=run.pk)
    assert run.snapshot is not None, run.error
    return run.snapshot


def pull(snapshot: Snapshot, folder: Path) -> Path:
    """The files of the snapshot in a directory."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names_of(snapshot):
        with file_open(snapshot, name) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)
    return folder


def serve(project: Project, items: Sequence[Item], stream: Stream) -> None:
    """A batch of these items, all of one stream."""
    probability = PROBABILITY[stream]
    choices = [
        BatchChoice(
            item_id=item.pk,
            stream=stream,
            strategy="random" if probability else "driven",
            score=None,
            reason="a test asks for it",
            classifier_number=None,
            pool_size=100,
            inclusion_probability=probability,
            seed=1,
        )
        for item in items
    ]
    batch_open(
        project,
        choices,
        fingerprint=f"{stream} {items[0].pk}",
        reason="a test asks for it",
        seed=1,
        classifier_number=None,
        pool_size=100,
    )


def _resolve(item: Item, labels: Sequence[str], judgments: list[int]) -> None:
    Resolution.objects.create(
        project=item.project,
        item=item,
        labels=sorted(labels),
        judgments=judgments,
        method=Method.UNANIMOUS,
        taxonomy=taxonomy_current(item.project).version,
    )

"""The demo project with its history: what a first visitor finds, made by the same services that people use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.db import connection, transaction

from annotator.accounts.models import User
from annotator.judgments.selectors import judgments_current
from annotator.pool.services import ingest_create, ingest_run
from annotator.projects.access import Access, Can, project_for
from annotator.projects.blueprint import default_blueprint
from annotator.projects.models import Project
from annotator.projects.services import membership_set, project_create
from annotator.queue.models import Assignment, AssignmentState, Exposure
from annotator.queue.selectors import queue_level
from annotator.review.agreement.reports import agreement_measure
from annotator.review.selectors import resolutions_current
from annotator.review.services import review_sweep
from learner.demo.card import card_fill
from learner.demo.checks import checks_do, gold_make
from learner.demo.corpus import SEED, DemoPage, generate
from learner.demo.errors import errors_fill
from learner.demo.loop import (
    RunFailed,
    features_compute,
    is_just_trained,
    query_if_due,
    run_ended,
    suspects_search,
    train_if_due,
)
from learner.demo.people import PEOPLE
from learner.demo.release import packs_fill, profiles_fill
from learner.demo.services import ADMIN, LEAD, ROLES, SCIENTIST, SLUG, project_exists
from learner.demo.team import Annotator, Truth, adjudicate, flags_close
from learner.demo.upload import corpus_upload
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start

ADVISORY_KEY: Final = 0x64656D6F  # "demo": one process makes it, another waits
BATCHES: Final = 4
DISAGREEMENTS_LEFT: Final = 9
FLAGS_LEFT: Final = 3
NAME: Final = "K-12 web safety (demo)"
NOTE: Final = (
    "A demo: its pages, sites and first judgments are invented. Its numbers show that the loop works, "
    "and say nothing about quality on real pages."
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Cast:
    """Everybody in the demo project, and the truth that only they know."""

    project: Project
    annotators: Sequence[Annotator]
    lead: Access
    truth: Truth
    rng: np.random.Generator


@transaction.atomic
def project_make(users: Mapping[str, User], n_pages: int, say: Say) -> None:
    """The demo project and its history in one transaction: complete, or not there; nothing when it is there already.

    Of two calls at once the second waits, and finds it made.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_KEY])
    if project_exists():
        return
    pages = generate(n_pages)
    project = _project(users)
    say(f"{len(pages):,} pages are written")
    _ingest(project, pages, users[ADMIN])
    features_compute(project)
    say("taken in, features computed")
    cast = _cast(project, users, pages)
    scientist = project_for(users[SCIENTIST], SLUG, Can.STEER)
    profiles_fill(scientist)
    packs_fill(scientist, cast.truth)
    _history(cast, scientist, say)


def snapshot_make(users: Mapping[str, User]) -> None:
    """A first snapshot, described and frozen by the scientist.

    After the history, and not in its transaction: a snapshot reads through a connection of its own.
    """
    access = project_for(users[SCIENTIST], SLUG, Can.SNAPSHOT)
    card_fill(access.project, by=access.user)
    run = snapshot_run_start(access.project, access.user)
    snapshot_run_execute(run.pk)
    run.refresh_from_db()
    if not run.is_active:  # else a worker is at it, or will take it up again
        run_ended(run)


def _project(users: Mapping[str, User]) -> Project:
    shipped = default_blueprint()
    blueprint = replace(shipped, slug=SLUG, name=NAME, description=f"{shipped.description}\n\n{NOTE}")
    project = project_create(blueprint, by=users[ADMIN])
    for name, role in ROLES.items():
        if name != ADMIN:
            membership_set(project, name, role, by=users[ADMIN])
    return project


def _ingest(project: Project, pages: Sequence[DemoPage], by: User) -> None:
    ingest = ingest_create(project, corpus_upload(pages), by=by)
    ingest_run(ingest.pk)
    run_ended(ingest)


def _cast(project: Project, users: Mapping[str, User], pages: Sequence[DemoPage]) -> Cast:
    rng = np.random.default_rng(SEED)
    return Cast(
        project=project,
        annotators=[
            Annotator(project_for(users[person.name], SLUG, Can.LABEL), person, own)
            for person, own in zip(PEOPLE, rng.spawn(len(PEOPLE)), strict=True)
        ],
        lead=project_for(users[LEAD], SLUG, Can.RESOLVE),
        truth={page.url: page for page in pages},
        rng=rng,
    )


def _history(cast: Cast, scientist: Access, say: Say) -> None:
    """Four batches: three worked on as the loop would have it, the last left half done.

    The lead has made gold of what is certain, and everybody was checked on it and on pages that came again.
    Whoever signs in as the first annotator finds third places to settle and second places to fill, about twenty
    resolutions before the next retrain, and about ten places above the low-water mark.
    """
    everybody, others = cast.annotators, cast.annotators[1:]
    for _ in range(BATCHES - 1):
        query_if_due(cast.project)
        _work_until_low(cast, everybody)
        adjudicate(cast.lead, cast.truth, leave=DISAGREEMENTS_LEFT)
        train_if_due(cast.project)
        n_resolved = resolutions_current(cast.project).count()
        say(f"{judgments_current(cast.project).count()} judgments, {n_resolved} items resolved")
    query_if_due(cast.project)
    while not is_just_trained(cast.project):
        _work(cast, everybody, n=4)
        train_if_due(cast.project)
    while _has_untouched_items(cast.project):
        _work(cast, others, n=4)
    _planned_anew()
    flags_close(cast.lead, leave=FLAGS_LEFT)
    say(f"{gold_make(cast.lead, cast.truth)} items are gold")
    checks_do(cast.project, everybody, cast.truth, cast.rng)
    agreement_measure(cast.project)
    suspects_search(cast.project)
    errors_fill(scientist, cast.lead)


def _planned_anew() -> None:
    """Tell the planner how many rows there are: of those in an open transaction autovacuum sees none."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE item, assignment, batch_item, judgment, resolution")


def _work_until_low(cast: Cast, people: Sequence[Annotator]) -> None:
    while queue_level(cast.project).free >= cast.project.low_water:
        _work(cast, people, n=10)


def _work(cast: Cast, people: Sequence[Annotator], *, n: int) -> None:
    """The next `n` pages, by people who still have one to judge; then a review."""
    for _ in range(n):
        shuffled = (people[index] for index in cast.rng.permutation(len(people)))
        annotator = next((annotator for annotator in shuffled if annotator.has_work), None)
        if annotator is None:
            raise RunFailed("The demo cannot go on: its annotators have nothing left to judge.")
        annotator.work(cast.truth)
    review_sweep(cast.project)
    # Between two such stretches lies a night, though all is told in one moment.
    Exposure.objects.filter(annotator__in=[annotator.access.user for annotator in people]).delete()


def _has_untouched_items(project: Project) -> bool:
    shared = Assignment.objects.filter(project=project, for_annotator=None)
    return shared.filter(place=1, state=AssignmentState.FREE).exists()

"""Choosing the next batch by the settings in use, and opening it. For workers only."""

from hashlib import sha256

from django.db import transaction

from annotator.projects.services import log_write
from annotator.queue.expecting import NO_FORECAST
from annotator.queue.models import Batch, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.runs import run_claim, run_done, run_progress
from learner.core.catalogue import BY_DISTANCE
from learner.core.selection import Choice
from learner.query.auditing import Wave, audit_settled, wave_of, wave_write, waves_sweep
from learner.query.forecasting import Outlook
from learner.query.models import QueryRun
from learner.query.ordering import note_of
from learner.query.parts import Call, alone, parts_scored, parts_sweep
from learner.query.running import Phases, run_worked
from learner.query.selectors import steering_latest
from learner.query.ways import Chosen, Way, chosen_of, way_of_run


def query_run_execute(run_id: int, call: Call = alone) -> None:
    """Choose the next batch of a project and open it; `call(run_id, n)` asks n other workers to score shards too."""
    run = run_claim(QueryRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "The query"):
        phases = Phases()
        run.steering = steering_latest(run.project)
        # before anybody is called to help
        run_progress(run, "loading the classifier", 0, steering=run.steering)
        with phases.timed("classifier"):
            way = audit_settled(run, way_of_run(run))  # before anybody is called to help
        parts = parts_scored(run, way, phases, call)
        run_progress(run, "choosing among the candidates", 0, phases=phases.seconds, workers=run.workers)
        chosen = chosen_of(run.project, way, parts, phases)
        with phases.timed("select"):
            wave = wave_of(run, way, chosen)
        run_progress(run, "opening the batch", 0, phases=phases.seconds)
        _open(run, way, chosen, wave, phases)
        parts_sweep(run.project)
        waves_sweep(run.project)


@transaction.atomic
def _open(run: QueryRun, way: Way, chosen: Chosen, wave: Wave | None, phases: Phases) -> None:
    """The batch and the end of its run, together: a worker that was overtaken opens nothing."""
    batch = None
    pool_size = max((choice.pool_size for choice in chosen.choices), default=0)
    with phases.timed("open"):
        if chosen.choices:
            batch = batch_open(
                run.project,
                [_batch_choice(run, choice, chosen) for choice in chosen.choices],
                fingerprint=_fingerprint(run),
                reason=run.reason,
                seed=run.seed,
                classifier_number=run.classifier_number,
                pool_size=pool_size,
            )
        if batch and wave:
            wave_write(run, batch, wave)
    run_done(
        run,
        batch=batch,
        pool_size=pool_size,
        phases=phases.seconds,
        workers=run.workers,
        strategy=way.model.query_strategy.name,
    )
    log_write(run.project, "query", _summary(batch, phases))


def _fingerprint(run: QueryRun) -> str:
    facts = f"query {run.pk}: seed {run.seed}, classifier {run.artifact_sha256}"
    return sha256(facts.encode()).hexdigest()


def _batch_choice(run: QueryRun, choice: Choice, chosen: Chosen) -> BatchChoice:
    return BatchChoice(
        item_id=choice.item_id,
        stream=Stream(choice.stream),
        strategy=choice.strategy,
        score=choice.score,
        reason=_reason(choice, chosen.outlook)
        + note_of(choice.strategy, choice.reason, chosen.suggested.get(choice.item_id)),
        classifier_number=run.classifier_number,
        pool_size=choice.pool_size,
        inclusion_probability=choice.inclusion_probability,
        seed=run.seed,
        forecast=chosen.outlook.forecasts.get(choice.item_id, NO_FORECAST),
    )


def _reason(choice: Choice, outlook: Outlook) -> str:
    """Why it was chosen; of two categories whose lines a page is close to, both are named."""
    line = outlook.lines.get(choice.item_id, "") if choice.strategy in BY_DISTANCE else ""
    threshold, separator, note = choice.reason.partition("; ")
    return f"{line or threshold}{separator}{note}"


def _summary(batch: Batch | None, phases: Phases) -> str:
    seconds = sum(phases.seconds.values())
    if batch is None:
        return f"The query found no item left in the pool, after {seconds:.1f} s"
    scored_by = (
        f"classifier v{batch.classifier_number}" if batch.classifier_number else "category definitions"
    )
    return f"Batch {batch.number} is open: {batch.n_items} items chosen by {scored_by} in {seconds:.1f} s"

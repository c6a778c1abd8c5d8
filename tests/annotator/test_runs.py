"""Runs: claimed once, kept alive, taken up again, and ended with a sentence whatever happens."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import pytest
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator.errors import Unavailable
from annotator.pool.models import Ingest
from annotator.projects.models import Project
from annotator.runs import (
    ATTEMPTS_MAX,
    STALE_AFTER,
    UNHELD_AFTER,
    RunLost,
    RunStatus,
    _held_numbers,
    run_claim,
    run_done,
    run_heartbeat,
    run_held,
    run_progress,
    runs_wake,
    wake,
)
from annotator.runtime.embedded import REPOSITORY
from tests.connections import eventually
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@shared_task(name="tests.nothing")
def nothing(_: int) -> None:
    """Does nothing."""


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def ingest(project: Project) -> Ingest:
    return Ingest.objects.create(
        project=project, filename="a.csv", file="a", format=Ingest.Format.CSV, size=1, sha256=""
    )


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []

    def publish(args: tuple[int]) -> None:
        ids.extend(args)

    monkeypatch.setattr(nothing, "apply_async", publish)
    return ids


def claimed(ingest: Ingest) -> Ingest:
    run = run_claim(Ingest, ingest.pk)
    assert run is not None
    return run


def go_stale(ingest: Ingest) -> None:
    Ingest.objects.filter(pk=ingest.pk).update(heartbeat_at=timezone.now() - 2 * STALE_AFTER)


def test_only_one_worker_gets_a_run(ingest: Ingest) -> None:
    assert claimed(ingest).attempt == 1
    assert run_claim(Ingest, ingest.pk) is None


def test_a_stale_run_goes_to_the_next_worker_and_the_first_can_write_no_more(ingest: Ingest) -> None:
    first = claimed(ingest)
    go_stale(ingest)

    second = claimed(ingest)

    with pytest.raises(RunLost):
        run_progress(first, "reading", 1)
    with pytest.raises(RunLost):
        run_done(first)
    run_done(second)
    ingest.refresh_from_db()
    assert (ingest.status, ingest.attempt) == (RunStatus.DONE, 2)


def test_a_run_that_kills_its_workers_is_given_up(ingest: Ingest) -> None:
    Ingest.objects.filter(pk=ingest.pk).update(attempt=ATTEMPTS_MAX)

    assert run_claim(Ingest, ingest.pk) is None

    ingest.refresh_from_db()
    assert ingest.status == RunStatus.FAILED
    assert ingest.error.startswith("Given up: its worker died 5 times.")


@pytest.mark.parametrize(
    ("error", "sentence", "passed_on"),
    [
        (Unavailable("The storage does not answer."), "The storage does not answer.", nullcontext()),
        (
            KeyError("labels"),
            "KeyError: 'labels'. The worker's log has the details.",
            pytest.raises(KeyError, match="labels"),
        ),
    ],
)
def test_what_ends_the_work_is_written_on_the_run(
    ingest: Ingest, error: Exception, sentence: str, passed_on: AbstractContextManager[object]
) -> None:
    run = claimed(ingest)
    told: list[str] = []

    def work() -> None:
        raise error

    with passed_on, run_held(run, told.append):
        work()

    ingest.refresh_from_db()
    assert (ingest.status, ingest.error) == (RunStatus.FAILED, sentence)
    assert told == [sentence]


def test_being_overtaken_ends_the_work_in_silence(ingest: Ingest) -> None:
    run = claimed(ingest)
    Ingest.objects.filter(pk=ingest.pk).update(attempt=2)
    told: list[str] = []

    with run_held(run, told.append):
        run_progress(run, "reading", 1)

    ingest.refresh_from_db()
    assert (ingest.status, told) == (RunStatus.RUNNING, [])


@pytest.mark.django_db(transaction=True)
def test_a_time_limit_is_written_on_the_run_over_a_new_connection(ingest: Ingest) -> None:
    run = claimed(ingest)

    with pytest.raises(SoftTimeLimitExceeded), run_held(run, str):
        raise SoftTimeLimitExceeded

    ingest.refresh_from_db()
    assert ingest.error == "Stopped: it took longer than one task may. The worker's log has the details."


def test_a_waiting_run_is_published_once_until_it_has_waited_long(
    ingest: Ingest, published: list[int], django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    now = timezone.now()
    for moment in (now, now + timedelta(seconds=2), now + 2 * STALE_AFTER):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            runs_wake(Ingest, nothing, moment)

    assert published == [ingest.pk, ingest.pk]


def test_a_run_with_a_live_worker_is_left_alone(ingest: Ingest) -> None:
    claimed(ingest)

    assert runs_wake(Ingest, nothing, timezone.now()) == []


HOLDER = """
import sys, time, django
django.setup()
from annotator.pool.models import Ingest
from annotator.runs import run_claim, run_heartbeat
with run_heartbeat(run_claim(Ingest, int(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(600)
"""


def fall_silent(ingest: Ingest) -> None:
    """As if its heart had not beaten for longer than a death takes to be seen, and for less than silence does."""
    Ingest.objects.filter(pk=ingest.pk).update(heartbeat_at=timezone.now() - 2 * UNHELD_AFTER)


@pytest.mark.django_db(transaction=True)
def test_a_run_is_taken_up_at_once_when_its_worker_was_killed_and_not_before(ingest: Ingest) -> None:
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    command = [sys.executable, "-c", HOLDER, str(ingest.pk)]
    with subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": url}, cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        eventually(lambda: bool(_held_numbers()))
        fall_silent(ingest)
        assert run_claim(Ingest, ingest.pk) is None
        holder.kill()

    eventually(lambda: not _held_numbers())
    fall_silent(ingest)
    assert claimed(ingest).attempt == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_silent_for_long_loses_its_run_though_it_lives(
    ingest: Ingest, published: list[int]
) -> None:
    with run_heartbeat(claimed(ingest)):
        eventually(lambda: bool(_held_numbers()))
        go_stale(ingest)
        runs_wake(Ingest, nothing, timezone.now())

    assert published == [ingest.pk]


def test_a_dead_broker_is_no_error_when_a_task_is_woken(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    def refuse(args: tuple[int]) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(nothing, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        wake(nothing, 7)

    assert "Could not wake tests.nothing(7,): connection refused. The tick will." in caplog.text

"""`manage.py demo`: what a first visitor finds, made once, completely, and without telling anybody a password."""

import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.accounts.models import User
from annotator.errors import Unavailable
from annotator.judgments.models import Judgment
from annotator.pool.models import Ingest, Item, RefusedRow, Split
from annotator.projects.models import LogEntry, Membership, Project, Standing
from annotator.projects.services import may_create_projects
from annotator.queue.models import Assignment, AssignmentState, Batch, Skip
from annotator.review.checks.gold import gold_of
from annotator.review.models import AgreementReport, Disagreement, Method, Resolution, StandingChange
from annotator.review.people.totals import people_of
from annotator.review.selectors import disagreements_open, flags_open
from annotator.runs import RunStatus
from learner.demo import history
from learner.demo.logins import FILENAME, logins_ready
from learner.demo.services import ROLES, accounts_ensure
from learner.evaluation.models import Evaluation
from learner.snapshots.models import Snapshot
from learner.training.models import ClassifierVersion
from learner.training.selectors import training_progress
from tests.factories import make_user

PAGES = 400
TABLES = (User, Project, Item, Judgment, Resolution, Batch, ClassifierVersion, Snapshot, LogEntry)


@pytest.fixture
def logins(settings: Settings, tmp_path: Path) -> Path:
    settings.CROSSGUARD_HOME = tmp_path
    return tmp_path / FILENAME


def demo() -> str:
    """Run the command; what it printed."""
    out = StringIO()
    call_command("demo", pages=PAGES, stdout=out)
    return out.getvalue()


def counts() -> list[int]:
    return [model._default_manager.count() for model in TABLES]


def passwords(logins: Path) -> dict[str, str]:
    read: dict[str, str] = json.loads(logins.read_text())
    return read


@pytest.mark.django_db(transaction=True)
def test_everything_a_first_visit_shows_is_there_when_an_interrupted_start_is_repeated(
    logins: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(history, "features_compute", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo()
    assert not Item.objects.exists()
    assert call_command("demo", check=True, stdout=StringIO()) == "missing"

    first = passwords(logins)
    printed = demo()

    project = Project.objects.get()
    assert call_command("demo", check=True, stdout=StringIO()) == "made"
    assert passwords(logins) == first
    assert Membership.objects.filter(project=project).count() == len(ROLES)
    _assert_pages(project)
    _assert_work_of_people(project)
    _assert_checks_of_people(project)
    _assert_work_of_the_machine(project)
    _assert_work_for_the_visitor(project)
    before = counts()
    with django_assert_max_num_queries(5):
        assert demo() == ""
    assert counts() == before
    said = printed + capfd.readouterr().err + "".join(LogEntry.objects.values_list("text", flat=True))
    assert not any(password in said for password in first.values())


def _interrupted(_: Project) -> None:
    raise KeyboardInterrupt


def _assert_pages(project: Project) -> None:
    ingest = Ingest.objects.get()
    assert (ingest.status, ingest.rows_added) == (RunStatus.DONE, PAGES)
    assert ingest.rows_known > 0
    assert RefusedRow.objects.filter(ingest=ingest).count() == ingest.rows_refused > 5
    assert not Item.objects.filter(project=project, known_labels__isnull=False).exists()
    assert Item.objects.filter(project=project, split=Split.HOLDOUT).exists()


def _assert_work_of_people(project: Project) -> None:
    assert Judgment.objects.count() > 300
    assert Judgment.objects.values("annotator").distinct().count() == 3
    assert Judgment.objects.exclude(unsure=[]).exists()
    assert Skip.objects.exists()
    assert set(Resolution.objects.values_list("method", flat=True)) >= {
        Method.UNANIMOUS,
        Method.MAJORITY,
        Method.ADJUDICATED,
    }
    assert (
        Resolution.objects.filter(method=Method.ADJUDICATED, clause__isnull=False).exclude(reason="").exists()
    )
    assert disagreements_open(project).count() >= 6
    assert Disagreement.objects.filter(closed_at__isnull=False).exists()
    assert flags_open(project).exists()


def _assert_checks_of_people(project: Project) -> None:
    gold = gold_of(project)
    assert gold.count() > 20
    assert not gold.filter(explanation="").exists()
    assert gold.filter(clause__isnull=False).exists()
    rows = people_of(project)
    assert len(rows) == 3
    assert all(row.gold.tally.n > 3 and row.retest.tally.n > 3 for row in rows)
    assert (
        StandingChange.objects.exclude(standing=Standing.QUALIFYING).count() == StandingChange.objects.count()
    )


def _assert_work_of_the_machine(project: Project) -> None:
    assert not Batch.objects.filter(fallback=True).exists()
    assert Batch.objects.filter(classifier_number__isnull=False).exists()
    assert ClassifierVersion.objects.count() >= 2
    assert Evaluation.objects.count() >= 2
    assert AgreementReport.objects.get().n_items > 100
    assert Snapshot.objects.get().n_items > 100
    assert LogEntry.objects.filter(stage="training", text__startswith="retrain due").exists()
    assert not list(LogEntry.objects.exclude(level=LogEntry.Level.INFO).values_list("text", flat=True))


def _assert_work_for_the_visitor(project: Project) -> None:
    free = Assignment.objects.filter(project=project, state=AssignmentState.FREE)
    visitor = User.objects.get(username="annotator1")
    progress = training_progress(project)
    theirs = free.exclude(item__in=Assignment.objects.filter(annotator=visitor).values("item"))
    assert free.count() > project.low_water
    assert theirs.count() > progress.needed - progress.done > 0


@pytest.mark.django_db
def test_people_sign_in_with_the_passwords_in_the_file_when_accounts_are_made(logins: Path) -> None:
    accounts = accounts_ensure(logins)

    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    assert set(passwords(logins)) == set(accounts) == set(ROLES)
    for name, password in passwords(logins).items():
        assert User.objects.get(username=name).check_password(password)
    assert [name for name, user in accounts.items() if may_create_projects(user)] == ["admin"]


@pytest.mark.django_db
def test_missing_accounts_get_the_passwords_in_the_file_when_the_last_start_was_killed(logins: Path) -> None:
    logins_ready(logins, ROLES)
    changed = make_user("lead", password="changed in the browser")

    accounts_ensure(logins)

    assert User.objects.get(username="annotator1").check_password(passwords(logins)["annotator1"])
    changed.refresh_from_db()
    assert changed.check_password("changed in the browser")


@pytest.mark.django_db
def test_nobody_s_account_is_taken_over_when_the_file_is_missing(logins: Path) -> None:
    make_user("admin", password="a person's own")

    with pytest.raises(CommandError, match=r"There is an account admin already, and no .*demo-logins\.json"):
        demo()

    assert not logins.exists()
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_too_small_a_corpus_is_refused_when_asked_for(logins: Path) -> None:
    with pytest.raises(CommandError, match="--pages 20 is too few"):
        call_command("demo", pages=20)

    assert not logins.exists()


@pytest.mark.parametrize("content", ["", "not JSON"])
def test_a_damaged_file_is_named_when_it_cannot_be_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILENAME
    path.write_text(content)

    with pytest.raises(Unavailable, match=r"demo-logins\.json is not JSON"):
        logins_ready(path, ROLES)

"""What a snapshot holds by choice, and of which moment: the same bytes as if it had been taken then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotator.errors import BadInput, Conflict
from annotator.pool.cases import case_close, case_open
from annotator.pool.models import Case, Item, Split
from annotator.projects.access import Access
from annotator.projects.models import Project, Role
from annotator.review.models import AdjudicationEntry, Method
from annotator.runs import RunStatus
from learner.snapshots.content import EVERYTHING, Choice, Content
from learner.snapshots.files import CARD, ITEMS, JUDGMENTS, RESOLUTIONS, file_open
from learner.snapshots.freezing import Written, tables_freeze
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.selectors import choice_preview
from learner.snapshots.services import _freeze, snapshot_run_cancel, snapshot_run_execute, snapshot_run_start
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    publish_operations,
    split_into,
)
from tests.learner.snapshots.test_services import card_of, resolve, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    return make_project()


def take(project: Project, **chosen: Any) -> Snapshot:
    """A snapshot of this content; `as_of`, `formats` and `pseudonyms` are of the choice."""
    outside = {name: chosen.pop(name) for name in ("as_of", "formats", "pseudonyms") if name in chosen}
    run = snapshot_run_start(project, by=None, choice=Choice(Content(**chosen), **outside))
    snapshot_run_execute(run.pk)
    run = SnapshotRun.objects.get(pk=run.pk)
    assert run.status == RunStatus.DONE, run.error
    assert run.snapshot is not None
    return run.snapshot


def frozen(project: Project, folder: Path, as_of: datetime | None = None) -> tuple[Written, dict[str, bytes]]:
    """The tables as they are written for this moment, whatever is on the shelf."""
    folder.mkdir()
    written = tables_freeze(project, Choice(as_of=as_of), folder, lambda *_: None)
    return written, {path.name: path.read_bytes() for path in folder.iterdir()}


def urls_in(snapshot: Snapshot) -> set[str]:
    return {row["url"] for row in rows_of(snapshot, ITEMS)}


def label_on(project: Project, items: list[Item], first: Any) -> None:
    """Everything that can happen after a moment."""
    wrong, other, fresh = items
    person = make_member(project)
    later = make_judgment(wrong, make_member(project), [GAMBLING])
    make_judgment(other, person, [VIOLENCE])
    resolve(wrong, [GAMBLING], supersedes=first, judgments=[later.pk])
    make_batch(project, [fresh])
    make_judgment(fresh, person, [GAMES])
    resolve(fresh, [GAMES])
    take(project)
    publish_operations(project, split_into(GAMES, "board", "video"))
    Project.objects.filter(pk=project.pk).update(overlap_max=5, description="Another", name="Renamed")
    take(project)


def test_a_snapshot_as_of_then_has_the_bytes_of_one_taken_then(project: Project, tmp_path: Path) -> None:
    items = make_items(project, 3)
    make_items(project, 1, split=Split.HOLDOUT)
    make_batch(project, items[:2])
    make_judgment(items[0], make_member(project), [GAMES])
    first = resolve(items[0], [GAMES])
    resolve(items[1], [])
    then, bytes_then = frozen(project, tmp_path / "then")
    moment = timezone.now()
    snapshot = take(project)
    label_on(project, items, first)

    now, bytes_now = frozen(project, tmp_path / "now", moment)

    assert bytes_now == bytes_then
    assert now.manifest["content_sha256"] == then.manifest["content_sha256"] == snapshot.content_sha256
    assert now.manifest == then.manifest
    n_before = Snapshot.objects.count()
    assert take(project, as_of=moment).pk == snapshot.pk
    assert Snapshot.objects.count() == n_before


def test_what_supersedes_later_does_not_count_then(project: Project) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    person = make_member(project)
    judgment = make_judgment(item, person, [GAMES])
    first = resolve(item, [GAMES])
    moment = timezone.now()
    make_judgment(item, person, [], supersedes=judgment)
    resolve(item, [], verdict="withdrawn", method=Method.REOPENED, supersedes=first)
    resolve(make_items(project, 1)[0], [])

    snapshot = take(project, as_of=moment)

    assert [row["labels"] for row in rows_of(snapshot, ITEMS)] == [[GAMES]]
    assert [row["is_current"] for row in rows_of(snapshot, JUDGMENTS)] == [True]
    assert [row["is_current"] for row in rows_of(snapshot, RESOLUTIONS)] == [True]


def test_a_page_withheld_since_stays_out_of_the_past_and_the_manifest_says_so(project: Project) -> None:
    stopped, other = make_items(project, 2)
    resolve(stopped, [GAMES])
    resolve(other, [])
    moment = timezone.now()
    case_open(project, stopped.pk, by=project.created_by)

    snapshot = take(project, as_of=moment)

    assert urls_in(snapshot) == {other.url}
    assert snapshot.manifest["n_withheld"] == 1
    assert "1 resolved items are sealed in a restricted case" in card_of(snapshot)


def test_a_page_withheld_without_a_case_is_counted_too(project: Project) -> None:
    withheld, other = make_items(project, 2)
    resolve(withheld, [GAMES])
    resolve(other, [])
    Item.objects.filter(pk=withheld.pk).update(withheld=True)

    preview = choice_preview(project, EVERYTHING)
    snapshot = take(project)

    assert urls_in(snapshot) == {other.url}
    assert preview.n_withheld == snapshot.manifest["n_withheld"] == 1


def test_a_page_that_was_withheld_then_and_released_since_is_left_out_as_it_was(
    project: Project, tmp_path: Path
) -> None:
    stopped, other = make_items(project, 2)
    resolve(stopped, [GAMES])
    resolve(other, [])
    case = case_open(project, stopped.pk, by=project.created_by).case
    then, bytes_then = frozen(project, tmp_path / "then")
    moment = timezone.now()
    holder = Access(project, project.created_by, Role.ADMIN, case_holder=True)
    case_close(holder, case, Case.Outcome.RELEASED)

    now, bytes_now = frozen(project, tmp_path / "now", moment)

    assert bytes_now == bytes_then
    assert now.manifest == then.manifest
    assert take(project).n_items == 2


@pytest.fixture
def mixed(project: Project) -> dict[str, Item]:
    """One item for each thing to choose by."""
    plain, adjudicated, spread, sourced = make_items(project, 4)
    Item.objects.filter(pk=sourced.pk).update(source="crawl")
    make_batch(project, [plain])
    resolve(plain, [GAMES], judgments=[1, 2])
    lead = project.created_by
    resolve(adjudicated, [GAMBLING], method=Method.ADJUDICATED, resolved_by=lead)
    act = AdjudicationEntry.objects.create(
        project=project,
        kind="spread",
        by=lead,
        client_id="0" * 32,
        source=adjudicated,
        scope="site",
        n_items=1,
    )
    resolve(spread, [GAMBLING], method=Method.ADJUDICATED, resolved_by=lead, entry=act)
    resolve(sourced, [], created_at=timezone.now() - timedelta(days=40))
    return {"plain": plain, "adjudicated": adjudicated, "spread": spread, "sourced": sourced}


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({"methods": ("adjudicated",)}, {"adjudicated"}),
        ({"methods": ("spread", "unanimous")}, {"spread", "plain", "sourced"}),
        ({"min_judgments": 2}, {"plain"}),
        ({"categories": (GAMBLING,)}, {"adjudicated", "spread"}),
        ({"streams": ("explore",)}, {"plain"}),
        ({"streams": ("none",)}, {"adjudicated", "spread", "sourced"}),
        ({"sources": ("crawl",)}, {"sourced"}),
        ({"resolved_until": datetime.now(UTC).date() - timedelta(days=30)}, {"sourced"}),
        (
            {"resolved_from": datetime.now(UTC).date() - timedelta(days=30)},
            {"plain", "adjudicated", "spread"},
        ),
    ],
)
def test_only_what_was_chosen_is_in_it(
    project: Project, mixed: dict[str, Item], chosen: dict[str, Any], wanted: set[str]
) -> None:
    preview = choice_preview(project, Choice(Content(**chosen)))

    snapshot = take(project, **chosen)

    assert urls_in(snapshot) == {mixed[name].url for name in wanted}
    assert preview.n_items == snapshot.n_items == len(wanted)
    counts = {name: getattr(preview, name) for name in ("n_items", "n_left_out", "n_withheld", "state_as_of")}
    assert {name: snapshot.manifest[name] for name in counts} == counts
    assert snapshot.manifest["filter"] == Content(**chosen).as_json()
    for sentence in Content(**chosen).sentences():
        assert sentence in card_of(snapshot)


def test_a_decision_that_was_spread_is_not_called_adjudicated(
    project: Project, mixed: dict[str, Item]
) -> None:
    snapshot = take(project)

    methods = {row["url"]: row["method"] for row in rows_of(snapshot, RESOLUTIONS)}
    assert methods[mixed["spread"].url] == "spread"
    assert methods[mixed["adjudicated"].url] == "adjudicated"


def test_another_choice_is_another_version_and_the_first_is_found_again(
    project: Project, mixed: dict[str, Item]
) -> None:
    whole = take(project)
    part = take(project, min_judgments=2)

    assert (whole.number, part.number) == (1, 2)
    assert take(project).pk == whole.pk
    assert take(project, min_judgments=2).pk == part.pk


def test_nothing_that_fits_and_moments_that_cannot_be_are_refused(
    project: Project, mixed: dict[str, Item]
) -> None:
    for choice, words in (
        (Choice(Content(min_judgments=9)), "No resolved item fits this choice"),
        (Choice(Content(categories=("chess",))), "has no category chess"),
        (Choice(as_of=timezone.now() + timedelta(hours=1)), "still to come"),
        (Choice(as_of=timezone.now() - timedelta(days=900)), "no taxonomy or no guideline yet"),
    ):
        with pytest.raises(BadInput, match=words):
            snapshot_run_start(project, by=None, choice=choice)

    assert not SnapshotRun.objects.exists()


def test_a_run_of_another_choice_is_not_joined(project: Project, mixed: dict[str, Item]) -> None:
    snapshot_run_start(project, by=None)

    with pytest.raises(Conflict, match="another choice is under way"):
        snapshot_run_start(project, by=None, choice=Choice(Content(min_judgments=2)))


def test_a_run_that_was_cancelled_publishes_nothing(project: Project, mixed: dict[str, Item]) -> None:
    run = snapshot_run_start(project, by=None)

    snapshot_run_cancel(project, run.pk, by=project.created_by)
    snapshot_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.snapshot) == (RunStatus.FAILED, None)
    assert run.error == f"Cancelled by {project.created_by.username}."
    assert not Snapshot.objects.exists()
    with pytest.raises(Conflict, match="ended already"):
        snapshot_run_cancel(project, run.pk, by=project.created_by)


def test_a_run_cancelled_while_it_works_stops(
    project: Project, mixed: dict[str, Item], tmp_path: Path
) -> None:
    run = snapshot_run_start(project, by=None)
    SnapshotRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, attempt=1)
    run.refresh_from_db()
    snapshot_run_cancel(project, run.pk, by=project.created_by)

    with pytest.raises(Exception, match="belongs to another worker"):
        _freeze(run, tmp_path)

    assert not Snapshot.objects.exists()


def test_pseudonyms_of_one_snapshot_are_of_that_one_alone(project: Project) -> None:
    item, other = make_items(project, 2)
    make_batch(project, [item, other])
    person = make_member(project)
    make_judgment(item, person, [GAMES])
    resolve(item, [GAMES])
    stable = take(project)
    first = take(project, pseudonyms="snapshot")
    make_judgment(other, person, [GAMES])
    resolve(other, [GAMES])
    second = take(project, pseudonyms="snapshot")

    names = [
        {row["annotator"] for row in rows_of(snapshot, JUDGMENTS)} for snapshot in (stable, first, second)
    ]

    assert all(len(found) == 1 for found in names)
    assert len(set.union(*names)) == 3


def test_a_file_of_the_past_is_no_other_file(project: Project, mixed: dict[str, Item]) -> None:
    snapshot = take(project)

    with file_open(snapshot, CARD) as card:
        assert b"## Leakage check" in card.read()

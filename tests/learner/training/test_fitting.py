"""Training: what is learned from, what never is, and that the same labels make one version once."""

import pytest

from annotator.judgments.models import Verdict
from annotator.pool.models import Item, Split
from annotator.projects.models import LogEntry, Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.review.models import Method
from annotator.runs import RunStatus
from learner.core.artifact import artifact_read
from learner.query.featurising import feature_run_execute
from learner.query.files import file_read
from learner.query.models import QueryRun
from learner.query.services import feature_run_start, query_run_start
from learner.training import fitting
from learner.training.fitting import training_run_execute
from learner.training.labelled import labelled_items
from learner.training.models import ClassifierVersion, TrainingRun
from learner.training.selectors import learnable_count, training_progress
from learner.training.services import training_run_start
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_items,
    make_member,
    make_project,
    make_resolution,
    make_taxonomy,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Twelve resolved pages about games and twelve about the weather, with features."""
    project = make_project()
    for topic, labels in (("games chess", [GAMES]), ("weather", [])):
        for item in make_items(project, 12, topic=topic):
            make_resolution(item, labels)
    featurise(project)
    return project


def featurise(project: Project) -> None:
    feature_run_execute(feature_run_start(project).pk)


def train(project: Project) -> TrainingRun:
    run = training_run_start(project, "retrain due: a test asks for it")
    training_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_a_version_and_its_artifact_are_made_when_labels_are_resolved(project: Project) -> None:
    run = train(project)

    version = ClassifierVersion.objects.get(project=project)
    loaded = artifact_read(file_read(version.artifact, version.sha256), version.sha256)
    assert (run.status, run.stage) == (RunStatus.DONE, "made v1")
    assert (version.number, version.training_run, version.n_resolutions, version.n_known) == (1, run, 24, 0)
    assert version.size > 0
    assert loaded.categories == (GAMES, GAMBLING, VIOLENCE)
    assert loaded.facts["number"] == 1
    games, gambling, _ = version.categories
    assert (games["category"], games["learned"], games["n_positive"]) == (GAMES, True, 12)
    assert (gambling["learned"], gambling["threshold"]) == (False, None)
    assert gambling["reason"].startswith("not learned yet: 0 positives")
    text = LogEntry.objects.latest("pk").text
    assert text.startswith("Classifier v1 is trained on 24 resolutions and 0 known labels: 1 of 3 categories")
    assert text.endswith("(retrain due: a test asks for it)")


def test_a_label_counts_by_the_root_of_the_people_behind_it(project: Project) -> None:
    lead = make_member(project, Role.LEAD)
    decided = {"method": Method.ADJUDICATED, "resolved_by": lead}
    items = make_items(project, 4, topic="games chess")
    for item, judgments, columns in zip(
        items, ([1], [1, 2], [1, 2, 3], []), ({}, {}, decided, decided), strict=True
    ):
        make_resolution(item, [GAMES], judgments=judgments, **columns)
    (known,) = make_items(project, 1, topic="games chess", known_labels=[GAMES])

    labelled = labelled_items(project, taxonomy_current(project))

    weights = dict(zip(labelled.item_ids.tolist(), labelled.weights.tolist(), strict=True))
    squares = [round(weights[item.pk] ** 2) for item in (*items, known)]
    assert squares == [1, 2, 4, 2, 1]


def test_a_version_says_how_labels_were_weighted(project: Project) -> None:
    train(project)
    for item in make_items(project, 6, topic="games chess"):
        make_resolution(item, [GAMES], judgments=[1, 2, 3, 4])
    featurise(project)
    train(project)

    first, second = ClassifierVersion.objects.filter(project=project).order_by("number")
    assert first.weighing == "each counts the same"
    assert (
        second.weighing == "by the square root of the number of people behind it, 0.83 to 1.67 times the mean"
    )
    assert first.categories[0]["weights"] == {"least": 1.0, "most": 1.0}


def test_no_new_version_is_made_when_nothing_is_new(project: Project) -> None:
    train(project)

    run = train(project)

    assert (run.status, run.stage) == (RunStatus.DONE, "nothing new since v1")
    assert ClassifierVersion.objects.filter(project=project).count() == 1
    assert LogEntry.objects.latest("pk").text == "There is nothing new to learn since v1"


def test_the_next_version_is_made_when_a_resolution_is_new(project: Project) -> None:
    train(project)
    newest = make_resolution(make_items(project, 1, topic="games chess")[0], [GAMES])
    featurise(project)

    train(project)

    version = ClassifierVersion.objects.get(project=project, number=2)
    assert (version.n_resolutions, version.last_resolution) == (25, newest.pk)


def test_a_version_takes_over_the_settings_of_the_one_before_while_labels_are_hardly_more(
    project: Project,
) -> None:
    train(project)
    resolve_more(project, 2)
    train(project)
    resolve_more(project, 12)
    train(project)

    versions = ClassifierVersion.objects.filter(project=project).order_by("number")
    assert [version.categories[0]["chosen_on"] for version in versions] == [24, 24, 38]
    assert versions[0].categories[0]["setting"] == versions[1].categories[0]["setting"]


def test_a_query_that_nobody_has_begun_goes_to_the_new_version(project: Project) -> None:
    waiting = query_run_start(project, "next batch due", None)

    train(project)

    waiting.refresh_from_db()
    version = ClassifierVersion.objects.get(project=project)
    assert (waiting.classifier_number, waiting.artifact) == (1, version.artifact)
    assert waiting.artifact_sha256 == version.sha256


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.PENDING])
def test_a_query_that_was_begun_keeps_its_classifier(project: Project, status: RunStatus) -> None:
    begun = query_run_start(project, "next batch due", None)
    QueryRun.objects.filter(pk=begun.pk).update(status=status, attempt=1)

    train(project)

    begun.refresh_from_db()
    assert begun.classifier_number is None


def test_a_run_keeps_its_seconds_by_phase(project: Project) -> None:
    assert set(train(project).phases) == {"labels", "features", "fit", "write"}


def resolve_more(project: Project, n: int) -> None:
    for item in make_items(project, n, topic="games chess"):
        make_resolution(item, [GAMES])
    featurise(project)


def test_holdout_items_never_train_when_they_are_resolved_or_came_with_known_labels(project: Project) -> None:
    before = labelled_items_of(project)
    for item in make_items(project, 6, topic="games chess", split=Split.HOLDOUT):
        make_resolution(item, [GAMES])
    make_items(project, 6, topic="games chess", split=Split.HOLDOUT, known_labels=[GAMES])
    featurise(project)

    assert labelled_items_of(project) == before
    train(project)
    assert ClassifierVersion.objects.get(project=project).n_resolutions == 24


def labelled_items_of(project: Project) -> list[int]:
    return [int(pk) for pk in labelled_items(project, taxonomy_current(project)).item_ids]


def test_a_run_breaks_when_a_holdout_item_is_among_the_labelled_ones(project: Project) -> None:
    holdout = make_items(project, 1, split=Split.HOLDOUT)[0]
    featurise(project)
    Item.objects.filter(pk=holdout.pk).update(split=Split.TRAIN)
    make_resolution(holdout, [GAMES])
    run = training_run_start(project, "")

    with pytest.raises(AssertionError, match="holdout items in the training data"):
        training_run_execute(run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert not ClassifierVersion.objects.exists()


def test_known_labels_are_learned_from_when_nothing_is_held_true_of_their_item() -> None:
    project = make_project()
    make_items(project, 10, topic="games chess", known_labels=[GAMES])
    plain = make_items(project, 10, topic="weather", known_labels=[])
    corrected, unreachable = plain[0], plain[1]
    make_resolution(corrected, [GAMBLING])
    make_resolution(unreachable, verdict=Verdict.UNREACHABLE)
    featurise(project)

    train(project)

    version = ClassifierVersion.objects.get(project=project)
    assert (version.n_resolutions, version.n_known) == (1, 18)
    assert [category["n_positive"] for category in version.categories] == [10, 1, 0]


def test_what_is_no_longer_held_true_is_not_learned_from(project: Project) -> None:
    item = make_items(project, 1)[0]
    first = make_resolution(item, [GAMES])
    second = make_resolution(item, [VIOLENCE], supersedes=first)
    assert item.pk in labelled_items_of(project)

    make_resolution(item, supersedes=second, method=Method.REOPENED, verdict=Verdict.WITHDRAWN)

    assert item.pk not in labelled_items_of(project)


def test_a_category_is_not_known_for_items_labelled_before_it_existed(project: Project) -> None:
    make_taxonomy(project, [GAMES, GAMBLING, VIOLENCE, "chat"])
    for item in make_items(project, 3, topic="chat"):
        make_resolution(item, ["chat"])
    featurise(project)

    train(project)

    chat = ClassifierVersion.objects.get(project=project).categories[3]
    assert (chat["category"], chat["n_positive"], chat["n_negative"]) == ("chat", 3, 0)


def test_which_part_of_a_split_category_a_page_shows_is_not_known_and_never_negative(
    project: Project,
) -> None:
    shows, free = make_items(project, 2)
    make_resolution(shows, [GAMES])
    make_resolution(free, [GAMBLING])
    (known,) = make_items(project, 1, known_labels=[GAMES])
    publish_operations(project, split_into(GAMES, "board", "video"))

    labelled = labelled_items(project, taxonomy_current(project))

    rows = dict(zip(labelled.item_ids.tolist(), labelled.truth.tolist(), strict=True))
    assert taxonomy_current(project).slugs == ("board", "video", GAMBLING, VIOLENCE)
    assert rows[shows.pk] == rows[known.pk] == [-1, -1, 0, 0]
    assert rows[free.pk] == [0, 0, 1, 0]


def test_a_run_fails_with_a_sentence_when_nothing_is_labelled() -> None:
    project = make_project()
    make_items(project, 3)
    featurise(project)

    run = train(project)

    assert run.status == RunStatus.FAILED
    assert run.error.startswith("There is nothing to learn from yet")
    assert LogEntry.objects.latest("pk").text == f"Training failed: {run.error}"


def test_a_worker_that_was_overtaken_publishes_no_version(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = training_run_start(project, "")
    write = fitting._write

    def overtaken(*arguments: object) -> object:
        TrainingRun.objects.filter(pk=run.pk).update(attempt=5)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fitting, "_write", overtaken)
    training_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.attempt) == (RunStatus.RUNNING, 5)
    assert not ClassifierVersion.objects.exists()


def test_progress_counts_train_resolutions_since_the_newest_version(project: Project) -> None:
    assert (training_progress(project).done, training_progress(project).needed) == (24, 30)
    assert learnable_count(project) == 1
    train(project)
    for item in make_items(project, 2):
        make_resolution(item)
    make_resolution(make_items(project, 1, split=Split.HOLDOUT)[0])
    make_resolution(make_items(project, 1)[0], verdict=Verdict.LANGUAGE)

    progress = training_progress(project)

    assert progress.latest is not None
    assert (progress.latest.number, progress.done, progress.needed) == (1, 2, project.retrain_after)

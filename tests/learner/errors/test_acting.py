"""What people do about errors: causes, reports, batches, clauses, suspects; and who may not."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound
from annotator.projects.access import Access, Can, project_for
from annotator.projects.drafts.guideline import guideline_drafting_of
from annotator.projects.models import Role
from annotator.queue.models import BatchItem, Stream
from annotator.runs import RunStatus
from learner.core.causes import Cause
from learner.errors.models import (
    ClassifierError,
    ErrorAction,
    ErrorCause,
    ErrorReport,
    ErrorReportVersion,
    Part,
    SimilarRun,
)
from learner.errors.picking import Picked, picked_of
from learner.errors.relooks import relooks_put_up
from learner.errors.reporting import (
    action_words,
    causes_by_month,
    causes_by_version,
    report_facts,
    report_text,
    report_versions,
)
from learner.errors.selectors import (
    NO_CAUSE,
    ErrorsWanted,
    causes_of,
    clusters_listed,
    errors_listed,
)
from learner.errors.services import (
    causes_assign,
    clause_begin,
    relook_ask,
    report_begin,
    report_save,
    similar_ask,
)
from learner.errors.similar import similar_run_execute
from learner.suspects.judging import suspect_run_execute
from learner.suspects.models import Suspect
from learner.suspects.selectors import suspects_open
from learner.suspects.services import suspect_confirm, suspect_run_start
from learner.training.models import ClassifierVersion
from tests.factories import GAMES, VIOLENCE, make_member, make_resolution
from tests.learner.errors.conftest import Erring, find

pytestmark = pytest.mark.django_db
WRITTEN = {"summary": "Carpenters.", "why": "No clause.", "done": "A clause.", "open": ""}


def access_of(erring: Erring, role: Role = Role.SCIENTIST) -> Access:
    return project_for(make_member(erring.project, role), erring.project.slug, Can.INSPECT)


def picked(erring: Erring, **wanted: Any) -> Picked:
    run = find(erring.project)
    ids = list(errors_listed(run, ErrorsWanted(**wanted)).values_list("pk", flat=True))
    return picked_of(erring.project, ids, None)


def version_of(erring: Erring) -> ClassifierVersion:
    return ClassifierVersion.objects.get(project=erring.project)


def test_a_cause_is_a_row_and_the_newest_counts(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=GAMES)

    causes_assign(access, chosen, "features", "It says little.", suggested=Cause.DRIFT)
    causes_assign(access, picked_of(erring.project, [chosen.errors[0].pk], None), "label", "They play.")

    held = causes_of(chosen.errors)
    assert [held[error.pk].cause for error in chosen.errors] == ["label"] + ["features"] * 5
    assert ErrorCause.objects.count() == 7
    assert ErrorCause.objects.earliest("pk").suggested == "drift"
    run = chosen.errors[0].run
    assert errors_listed(run, ErrorsWanted(cause="features")).count() == 5
    assert errors_listed(run, ErrorsWanted(cause="label")).count() == 1
    assert set(errors_listed(run, ErrorsWanted(cause=NO_CAUSE)).values_list("category", flat=True)) == {
        VIOLENCE
    }
    with pytest.raises(DatabaseError), transaction.atomic():
        ErrorCause.objects.update(cause="other")


def test_an_error_keeps_its_cause_in_the_next_search_until_its_label_changes(erring: Erring) -> None:
    chosen = picked(erring, category=VIOLENCE)
    causes_assign(access_of(erring), chosen, "guideline", "Who says that rain is no fight?")

    again = errors_listed(find(erring.project), ErrorsWanted(category=VIOLENCE))

    assert {row.cause for row in causes_of(list(again)).values()} == {"guideline"}
    assert len(causes_of(list(again))) == 2


def test_a_cause_needs_a_reason_and_a_name(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=VIOLENCE)

    with pytest.raises(BadInput, match="Give a reason"):
        causes_assign(access, chosen, "label", "  ")
    with pytest.raises(BadInput, match="is no cause"):
        causes_assign(access, chosen, "moon", "It was full.")

    assert not ErrorCause.objects.exists()


def test_a_whole_cluster_is_assigned_at_once(erring: Erring) -> None:
    run = find(erring.project)
    cluster = clusters_listed(run, Part.AUDIT, category=GAMES).filter(by="word")[0]

    rows = causes_assign(
        access_of(erring), picked_of(erring.project, [], cluster.pk), "guideline", "No clause."
    )

    assert len(rows) == cluster.n == 6


def test_only_errors_of_the_project_can_be_picked(erring: Erring) -> None:
    chosen = picked(erring)

    for ids, cluster, kind in (([], None, BadInput), ([1], 1, BadInput), ([2**40], None, NotFound)):
        with pytest.raises(kind):
            picked_of(erring.project, ids, cluster)
    with pytest.raises(NotFound):
        picked_of(erring.project, [], 2**40)
    with pytest.raises(BadInput, match="of 2 categories"):
        similar_ask(access_of(erring), chosen, 5)


def test_causes_are_counted_by_month_and_by_version(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=GAMES)
    causes_assign(access, chosen, "features", "It says little.")
    causes_assign(access, chosen, "label", "They play.")

    (month,) = causes_by_month(erring.project)
    (version,) = causes_by_version(erring.project)

    assert (month.name, month.n, month.counts) == (f"{timezone.now():%Y-%m}", 6, (6, 0, 0, 0, 0))
    assert (version.name, version.n) == ("v1", 6)


def test_a_report_is_filled_saved_finished_and_then_stays(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=GAMES)
    causes_assign(access, chosen, "features", "It says little.")

    report = report_begin(access, version_of(erring), "Carpenters", GAMES)
    report_save(access, report, {**WRITTEN, "done": ""}, based_on=1)
    with pytest.raises(BadInput, match="A finished report needs: What is done about it"):
        report_save(access, report, {**WRITTEN, "done": ""}, based_on=2, finish=True)
    with pytest.raises(Conflict, match="saved this report since"):
        report_save(access, report, WRITTEN, based_on=1)
    report_save(access, report, WRITTEN, based_on=2, finish=True)
    with pytest.raises(Conflict, match="is finished"):
        report_save(access, report, WRITTEN, based_on=3)

    text = report_text(report, report_versions(report))
    assert "# Carpenters\n" in text
    assert "| Missing features | 6 | 100.0% |" in text
    assert "[.]example" in text
    assert "Finished" in text
    assert [row.finished for row in report_versions(report)] == [True, False, False]


def test_the_database_refuses_a_version_after_a_finished_one(erring: Erring) -> None:
    find(erring.project)
    access = access_of(erring)
    report = report_begin(access, version_of(erring), "Carpenters")
    report_save(access, report, WRITTEN, based_on=1, finish=True)

    with pytest.raises(DatabaseError, match="a finished report is not written on"), transaction.atomic():
        ErrorReportVersion.objects.create(report=report, number=9, written={}, facts={}, saved_by=access.user)
    for rows in (ErrorReport.objects.all(), ErrorReportVersion.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()


def test_a_report_needs_a_search_and_a_known_category(erring: Erring) -> None:
    access = access_of(erring)
    with pytest.raises(NotFound, match="not looked for yet"):
        report_begin(access, version_of(erring), "Too early")
    find(erring.project)

    with pytest.raises(BadInput, match='no category "moon"'):
        report_begin(access, version_of(erring), "x", "moon")
    with pytest.raises(BadInput, match="Give a title"):
        report_begin(access, version_of(erring), " ")

    assert not ErrorReport.objects.exists()


def test_a_batch_has_the_pool_pages_that_are_most_like_the_errors(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=GAMES)

    action = similar_ask(access, chosen, 4)
    with pytest.raises(Conflict, match="being chosen"):
        similar_ask(access, chosen, 4)
    assert action.run is not None
    similar_run_execute(action.run_id or 0)

    run = SimilarRun.objects.get()
    assert run.status == RunStatus.DONE, run.error
    assert run.batch is not None
    rows = list(BatchItem.objects.filter(batch=run.batch).select_related("item").order_by("rank"))
    assert len(rows) == 4
    assert {row.item.split for row in rows} == {"train"}
    assert {(row.stream, row.strategy) for row in rows} == {(Stream.QUERY, "like_errors")}
    assert all("dice-club" in row.item.url for row in rows)
    assert [row.score for row in rows] == sorted((row.score or 0 for row in rows), reverse=True)
    action = ErrorAction.objects.select_related("run__batch").get()
    assert action_words(action).endswith(f"batch {run.batch.number}, 4 items")


def test_no_batch_is_opened_while_the_project_is_paused(erring: Erring) -> None:
    access, chosen = access_of(erring), picked(erring, category=GAMES)
    access.project.paused = True

    with pytest.raises(Conflict, match="paused"):
        similar_ask(access, chosen, 4)
    access.project.paused = False
    with pytest.raises(BadInput, match="out of bounds"):
        similar_ask(access, chosen, 0)

    assert not SimilarRun.objects.exists()


def test_a_clause_is_begun_in_the_draft_and_named_by_the_action(erring: Erring) -> None:
    lead, chosen = access_of(erring, Role.LEAD), picked(erring, category=GAMES)
    find_report = report_begin(lead, version_of(erring), "Carpenters")

    action = clause_begin(lead, chosen, "Chess boards", "A board is no game.", find_report)

    clause = next(row for row in guideline_drafting_of(erring.project).clauses if row.title == "Chess boards")
    assert (action.clause, action.category, action.report) == (clause.number, GAMES, find_report)
    assert clause.category == GAMES
    facts = report_facts(erring.project, version_of(erring), "", now=timezone.now())
    assert [row.words for row in facts.actions] == [
        f"Drafted clause {clause.number} from 6 false alarms of Games"
    ]


def test_labels_are_among_the_suspects_of_every_search_until_a_lead_answers(erring: Erring) -> None:
    lead, chosen = access_of(erring, Role.LEAD), picked(erring, category=GAMES)

    relook_ask(lead, chosen)
    assert not Suspect.objects.exists(), "there was no search yet"
    suspect_run_execute(suspect_run_start(erring.project).pk)
    relooks_put_up(erring.project)

    waiting = suspects_open(erring.project, GAMES).filter(item__in=[item.pk for item in erring.alarms])
    assert waiting.count() == 6
    assert relooks_put_up(erring.project) == 0
    first = waiting.first()
    assert first is not None
    assert not first.present
    suspect_confirm(lead, first.pk)
    suspect_run_execute(suspect_run_start(erring.project).pk)
    relooks_put_up(erring.project)
    assert waiting.model.objects.filter(
        run=Suspect.objects.latest("run").run, item=first.item, category=GAMES
    ).count() in (0, 1)
    assert not suspects_open(erring.project, GAMES).filter(item=first.item).exists()
    with pytest.raises(Conflict, match="put up already"):
        relook_ask(lead, chosen)


def test_a_label_that_was_corrected_is_not_put_up(erring: Erring) -> None:
    lead, chosen = access_of(erring, Role.LEAD), picked(erring, category=VIOLENCE)
    first = chosen.errors[0]
    make_resolution(first.item, [], supersedes=first.resolution)

    action = relook_ask(lead, chosen)

    assert action.n == 1
    assert ClassifierError.objects.filter(pk=first.pk).exists()

"""The columns follow the rows: what is new, what changed, what was sealed, erased or given another taxonomy."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.judgments.models import Verdict
from annotator.pool.cases import case_close, case_open
from annotator.pool.erasing import Wanted, evidence_erase
from annotator.pool.models import Case, Evidence, Item
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project
from annotator.review.models import Disagreement
from learner.explorer.models import ExplorerColumn, ExplorerState, ExplorerText
from learner.explorer.refreshing import explorer_refresh
from learner.explorer.selectors import explorer_due, freshness_of, state_of
from tests.connections import eventually
from tests.factories import (
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    publish_operations,
    split_into,
)
from tests.learner.explorer.shelves import answer, found, refresh, scientist

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def items(project: Project) -> list[Item]:
    made = make_items(project, 3)
    refresh(project)
    return made


def test_it_is_due_when_something_is_new_and_not_before(project: Project) -> None:
    now = timezone.now()
    assert not explorer_due(project, now)
    items = make_items(project, 2)
    assert explorer_due(project, now)
    refresh(project)

    later = timezone.now() + timedelta(seconds=30)

    assert not explorer_due(project, later)
    make_resolution(items[0], [GAMES])
    assert explorer_due(project, later)
    assert not explorer_due(project, timezone.now())  # a moment ago is fresh enough


def test_it_says_how_many_rows_it_lacks(project: Project, items: list[Item]) -> None:
    make_items(project, 2)
    make_resolution(items[0], [GAMES])

    freshness = freshness_of(state_of(project))

    assert freshness.behind == "2 items, 1 resolution"
    refresh(project)
    assert not freshness_of(state_of(project)).is_behind


def test_what_is_new_is_found_after_the_next_refresh(project: Project, items: list[Item]) -> None:
    make_batch(project, items)
    judgment = make_judgment(items[0], make_member(project, username="bo"), [GAMES])
    held = make_resolution(items[0], [GAMES])
    refresh(project)
    assert found(project, "judged=games&held=games") == [items[0].pk]

    make_judgment(items[0], judgment.annotator, [], supersedes=judgment, verdict=Verdict.WITHDRAWN)
    make_resolution(items[0], [], supersedes=held)
    refresh(project)

    assert found(project, "judged=games") == []
    assert found(project, "held=_none") == [items[0].pk]


def test_a_dispute_that_ends_without_another_row_is_seen(project: Project, items: list[Item]) -> None:
    dispute = Disagreement.objects.create(project=project, item=items[1], categories=[GAMES])
    refresh(project)
    assert found(project, "disagreement=disputed") == [items[1].pk]

    Disagreement.objects.filter(pk=dispute.pk).update(closed_at=timezone.now())
    refresh(project)

    assert found(project, "disagreement=disputed") == []


def test_a_new_version_of_a_page_is_found_by_its_own_words(project: Project, items: list[Item]) -> None:
    Evidence.objects.create(
        item=items[0], version=2, title="Roulette", text="All about it.", content_hash=items[0].url_hash,
        added_at=timezone.now(),
    )  # fmt: skip
    refresh(project)

    assert found(project, "text=roulette") == [items[0].pk]
    assert items[0].pk not in found(project, "text=chess+-www")


def test_erased_evidence_is_gone_from_here_at_once(project: Project, items: list[Item]) -> None:
    admin = project_for(scientist(project).user, "pilot", Can.CONFIGURE)
    own = Evidence.objects.get(item=items[1]).text.split()[-1].strip(".")
    assert found(project, f"text={own}") == [items[1].pk]

    evidence_erase(admin, Wanted(items[1].pk), reason="Asked for")

    assert found(project, f"text={own}") == []
    assert not ExplorerText.objects.filter(item=items[1]).exists()
    refresh(project)
    assert not ExplorerText.objects.filter(item=items[1]).exists()
    assert items[1].pk in found(project)  # the item and its labels stay


def test_what_was_erased_while_it_was_read_is_swept(project: Project, items: list[Item]) -> None:
    Item.objects.filter(pk=items[0].pk).update(erased_at=timezone.now())
    ExplorerState.objects.update(layout=0)

    refresh(project)

    assert not ExplorerText.objects.filter(item=items[0]).exists()


def test_a_sealed_page_is_in_no_answer_until_it_is_released(project: Project, items: list[Item]) -> None:
    admin = scientist(project)
    word = items[2].registrable_domain
    case_open(project, items[2].pk, by=admin.user)

    assert found(project, f"text={word}") == []
    assert items[2].pk not in [row.item.pk for row in answer(project).rows]  # not even before the refresh
    refresh(project)
    assert found(project) == [items[1].pk, items[0].pk]
    assert answer(project, facets=True).facets.n_sites == 2  # type: ignore[union-attr]

    case_close(admin, Case.objects.get(), Case.Outcome.RELEASED)
    refresh(project)

    assert found(project, f"text={word}") == [items[2].pk]


def test_labels_are_carried_when_the_taxonomy_changes(project: Project, items: list[Item]) -> None:
    make_resolution(items[0], [GAMES])
    refresh(project)
    publish_operations(project, split_into(GAMES, "board", "video"))

    refresh(project)

    assert not ExplorerColumn.objects.filter(name="held=games").exists()
    assert found(project, "held=_none") == []  # which part it was is not known
    assert found(project, "held=_unresolved") == [items[2].pk, items[1].pk]


def test_words_of_many_pages_become_columns_and_are_found_the_same(
    project: Project, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learner.explorer.refreshing.ITEMS_LEAST", 3)
    monkeypatch.setattr("learner.explorer.common.SHARE", 0.5)
    words = ["chess", "page", "www", items[0].registrable_domain.split(".")[0]]
    before = [found(project, f"text={word}") for word in (*words, "-chess", "chess+page", "che*")]
    make_resolution(items[0], [GAMES])
    refresh(project)
    assert ExplorerColumn.objects.filter(name="word=chess").exists()
    assert not ExplorerColumn.objects.filter(name=f"word={words[-1]}").exists()
    assert [found(project, f"text={word}") for word in (*words, "-chess", "chess+page", "che*")] == before

    fresh = make_items(project, 1)[0]
    evidence_erase(
        project_for(scientist(project).user, "pilot", Can.CONFIGURE), Wanted(items[2].pk), reason="Asked for"
    )
    refresh(project)

    assert found(project, "text=chess") == [fresh.pk, items[1].pk, items[0].pk]


def test_it_can_be_made_again_from_nothing(project: Project, items: list[Item]) -> None:
    make_resolution(items[0], [GAMES])
    refresh(project)
    before = sorted(ExplorerColumn.objects.values_list("name", "chunk", "content"))
    ExplorerState.objects.all().delete()
    ExplorerColumn.objects.all().delete()

    refresh(project)

    assert sorted(ExplorerColumn.objects.values_list("name", "chunk", "content")) == before


def test_another_worker_does_nothing_meanwhile(project: Project, items: list[Item]) -> None:
    ExplorerState.objects.update(busy_until=timezone.now() + timedelta(minutes=1))
    assert not explorer_refresh(project)

    ExplorerState.objects.update(busy_until=timezone.now() - timedelta(minutes=1))  # it died

    assert explorer_refresh(project)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_is_not_missed() -> None:
    project = make_project("late")
    items = make_items(project, 2)
    refresh(project)
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                make_resolution(items[0], [GAMES])
                begun.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    make_resolution(items[1], [GAMES])
    refresh(project)
    refresh(project)
    assert found(project, "held=games") == [items[1].pk]
    go_on.set()
    thread.join()

    refresh(project)

    assert found(project, "held=games") == [items[1].pk, items[0].pk]
    make_items(project, 1)

    def have_marks_moved() -> bool:
        refresh(project)
        return bool(state_of(project).marks.get("resolutions", 0) >= 2)

    # Marks wait for every transaction of the server: one of another test, in another database, may take minutes.
    eventually(have_marks_moved, seconds=240)


def test_beginnings_of_many_rare_words_become_columns_and_are_found_the_same(
    project: Project, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learner.explorer.refreshing.ITEMS_LEAST", 3)
    monkeypatch.setattr("learner.explorer.common.SHARE", 2.0)  # no word
    asked = [f"text={text}" for text in ("che*", "-che*", "che*+page", "ches*+-pag*", "chess", "nothi*")]
    before = [found(project, address) for address in asked]
    make_resolution(items[0], [GAMES])
    refresh(project)

    assert ExplorerColumn.objects.filter(name="word=che*").exists()
    assert not ExplorerColumn.objects.filter(name="word=chess").exists()
    assert [found(project, address) for address in asked] == before

    fresh = make_items(project, 1)[0]
    refresh(project)

    assert found(project, "text=che*") == [fresh.pk, *before[0]]

"""Sides of items from version to version: test is test for ever, and what was dealt stays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project
from learner.snapshots.files import ITEMS
from learner.snapshots.models import Snapshot, SnapshotSite
from learner.snapshots.splitting import site_key
from tests.factories import GAMES, make_batch, make_items, make_project
from tests.learner.snapshots.test_content import take
from tests.learner.snapshots.test_services import card_of, resolve, rows_of

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "a long page about the same thing with many words that all stand in the same order as they did before "


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    return make_project()


def resolved(project: Project, n: int, **columns: Any) -> list[Item]:
    items = make_items(project, n, **columns)
    for place, item in enumerate(items):
        resolve(item, [GAMES] if place % 3 == 0 else [])
    return items


def sides(snapshot: Snapshot) -> dict[str, str]:
    return {row["url"]: row["split"] for row in rows_of(snapshot, ITEMS)}


def same_text(*items: Item) -> None:
    for item in items:
        Evidence.objects.filter(item=item).update(title="same", text=PAGE)


def test_holdout_is_test_and_the_rest_is_train_and_validation(project: Project) -> None:
    resolved(project, 40)
    holdout = resolved(project, 3, split=Split.HOLDOUT)

    snapshot = take(project)

    found = sides(snapshot)
    assert {url for url, side in found.items() if side == "test"} == {item.url for item in holdout}
    assert snapshot.manifest["splits"]["n"] == {"train": 36, "validation": 4, "test": 3}
    assert snapshot.manifest["splits"]["leakage"]["n_sites_across"] == 0
    assert "- Sites on more than one side: 0 of 43." in card_of(snapshot)


def test_a_side_is_inherited_whatever_comes_later_and_whatever_is_left_out(project: Project) -> None:
    items = resolved(project, 40)
    first = sides(take(project))
    take(project, categories=(GAMES,))
    resolved(project, 60)

    last = take(project)

    again = sides(last)
    assert {item.url: again[item.url] for item in items} == first
    assert last.manifest["splits"]["n_inherited"] == 40
    assert last.manifest["splits"]["n_conflicts"] == 0
    assert sorted(again.values()).count("validation") == 10


def test_sites_that_grew_together_go_to_the_protected_side(project: Project) -> None:
    items = resolved(project, 40)
    first = sides(take(project))
    learned = next(item for item in items if first[item.url] == "train")
    kept = next(item for item in items if first[item.url] == "validation")
    Item.objects.filter(pk=learned.pk).update(registrable_domain=kept.registrable_domain)
    bridge = resolved(project, 1)[0]
    Item.objects.filter(pk=bridge.pk).update(registrable_domain=kept.registrable_domain)

    second = take(project)

    found = sides(second)
    assert {found[item.url] for item in (learned, kept, bridge)} == {"validation"}


def test_near_duplicates_are_one_group_whether_or_not_anybody_was_served_them(project: Project) -> None:
    served, other, unlike = resolved(project, 3)
    same_text(served, other)
    make_batch(project, [served])

    rows = {row["url"]: row for row in rows_of(take(project), ITEMS)}

    assert rows[served.url]["split_group"] == rows[other.url]["split_group"]
    assert rows[unlike.url]["split_group"] != rows[other.url]["split_group"]


def test_a_near_duplicate_of_a_test_page_is_marked_and_counted(project: Project) -> None:
    learned, plain = resolved(project, 2)
    (holdout,) = resolved(project, 1, split=Split.HOLDOUT)
    same_text(learned, holdout)

    snapshot = take(project)

    marked = {row["url"]: row["near_test"] for row in rows_of(snapshot, ITEMS)}
    assert marked == {learned.url: True, plain.url: False, holdout.url: False}
    assert snapshot.manifest["splits"]["leakage"]["n_clusters_test"] == 1
    assert "with 1 items outside of test" in card_of(snapshot)


def test_a_snapshot_of_the_past_inherits_from_what_there_was_then(project: Project) -> None:
    resolved(project, 30)
    moment = timezone.now()
    resolved(project, 30)
    later = take(project)
    past = take(project, as_of=moment)

    dealt = SnapshotSite.objects.filter(snapshot=past)
    assert (later.n_items, past.n_items) == (60, 30)
    assert past.manifest["splits"]["n_inherited"] == 0
    assert dealt.count() == 30
    assert take(project, as_of=moment + timedelta(microseconds=1)).pk == past.pk


def test_the_list_of_dealt_sites_names_none_and_cannot_be_changed(project: Project) -> None:
    (item,) = resolved(project, 1)
    take(project)

    (dealt,) = SnapshotSite.objects.all()

    assert dealt.site == site_key(project.holdout_salt, item.registrable_domain)
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        SnapshotSite.objects.update(side=1)

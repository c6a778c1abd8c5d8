"""Near-duplicates: signatures are written when a batch opens, and what shares a band is compared."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.pool import signatures
from annotator.pool.models import Evidence, Item, Signature
from annotator.pool.signatures import LOOKED_AT_MAX, SHARING, near_compared, near_duplicates, signatures_write
from annotator.projects.models import Project
from tests.factories import make_batch, make_items, make_project

pytestmark = pytest.mark.django_db

WORDS = [f"word{n}" for n in range(60)]


@pytest.fixture
def project() -> Project:
    return make_project()


def page(project: Project, words: Sequence[str], **columns: Any) -> Item:
    item = make_items(project, 1, **columns)[0]
    Evidence.objects.filter(item=item).update(title="", text=" ".join(words))
    return item


def test_opening_a_batch_writes_the_signatures_of_its_items(project: Project) -> None:
    items = make_items(project, 3)

    make_batch(project, items[:2])

    assert set(Signature.objects.values_list("pk", flat=True)) == {item.pk for item in items[:2]}


def test_items_with_nearly_the_same_text_are_found_most_alike_first(project: Project) -> None:
    first = page(project, WORDS)
    close = page(project, [*WORDS[:57], "another", "end", "here"])
    closer = page(project, [*WORDS[:59], "another"])
    page(project, [f"other{n}" for n in range(60)])
    signatures_write(list(Item.objects.values_list("pk", flat=True)))

    with CaptureQueriesContext(connection) as queries:
        found = near_duplicates(first)

    assert [row.item for row in found] == [closer, close]
    assert [round(row.likeness, 2) for row in found] == [0.97, 0.9]
    assert len(queries) == 4


def test_a_shared_band_alone_makes_no_near_duplicate(project: Project) -> None:
    first, other = page(project, WORDS), page(project, [f"other{n}" for n in range(60)])
    signatures_write([first.pk, other.pk])
    Signature.objects.filter(pk=other.pk).update(bands=Signature.objects.get(pk=first.pk).bands)

    assert near_duplicates(first) == []


def test_nothing_is_found_in_another_project_nor_among_withheld_items(project: Project) -> None:
    first = page(project, WORDS)
    page(make_project(), WORDS)
    page(project, WORDS, withheld=True)
    signatures_write(list(Item.objects.values_list("pk", flat=True)))

    assert near_duplicates(first) == []
    assert near_duplicates(Item.objects.get(withheld=True)) == []


def test_an_item_without_a_word_has_no_signature_and_no_near_duplicate(project: Project) -> None:
    first, second = page(project, ["!"]), page(project, ["..."])

    signatures_write([first.pk, second.pk])

    assert not Signature.objects.exists()
    assert near_duplicates(first) == []


def test_the_newest_evidence_counts(project: Project) -> None:
    first, second = page(project, WORDS), page(project, ["old"])
    newest = Evidence.objects.get(item=second)
    Evidence.objects.create(item=second, version=2, text=" ".join(WORDS), content_hash=newest.content_hash)

    signatures_write([first.pk, second.pk])

    assert [row.item for row in near_duplicates(first)] == [second]


def test_writing_twice_changes_nothing(project: Project) -> None:
    item = page(project, WORDS)
    signatures_write([item.pk])
    before = Signature.objects.get()
    Evidence.objects.filter(item=item).update(text="something else by now")

    signatures_write([item.pk, item.pk])
    signatures_write([])

    assert Signature.objects.get().bands == before.bands


def test_those_that_share_most_bands_are_compared_and_the_others_counted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "SHARING", SHARING.replace(f"LIMIT {LOOKED_AT_MAX}", "LIMIT 3"))
    first = page(project, WORDS)
    far = [page(project, [*WORDS[:n], *(f"far{n}{at}" for at in range(60 - n))]) for n in (57, 44, 42, 40)]
    same = [page(project, WORDS) for _ in range(2)]
    page(project, WORDS, withheld=True)
    page(make_project(), WORDS)
    signatures_write(list(Item.objects.values_list("pk", flat=True)))

    compared = near_compared(first)

    assert [row.item for row in compared.found] == [*same, far[0]]
    assert compared.n_left == sharing(first, [*far, *same]) - 3


def test_nothing_is_left_when_all_were_compared(project: Project) -> None:
    items = [page(project, WORDS) for _ in range(4)]
    signatures_write([item.pk for item in items])

    compared = near_compared(items[0])

    assert [row.item for row in compared.found] == items[1:]
    assert compared.n_left == 0


def sharing(item: Item, others: Sequence[Item]) -> int:
    """How many of the others share a band with the item."""
    own = set(Signature.objects.get(pk=item.pk).bands)
    return sum(
        bool(own & set(row.bands)) for row in Signature.objects.filter(pk__in=[one.pk for one in others])
    )

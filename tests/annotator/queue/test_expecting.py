"""What a page is expected to show: from its words, its source and a classifier; and that batches keep it."""

from typing import Any

import pytest

from annotator.pool.models import Evidence, Item
from annotator.projects.mapping import Kind
from annotator.projects.models import Category, Project, TaxonomyVersion
from annotator.projects.operations import Operation
from annotator.projects.selectors import taxonomy_current
from annotator.queue.expecting import Expected, Forecast, expected_of, items_expected
from annotator.queue.models import Assignment, BatchItem
from annotator.queue.services import batch_open_fallback
from tests.factories import VIOLENCE, category_draft, make_batch, make_items, make_project, publish_operations

pytestmark = pytest.mark.django_db

TERMS = {
    "games": (1, ["arcade", "high score"]),
    "drugs": (2, ["vodka", "vape", "dispensary"]),
    "self-harm": (3, ["overdose", "self-harm"]),
}


@pytest.fixture
def project() -> Project:
    project = make_project()
    taxonomy = TaxonomyVersion.objects.create(project=project, number=2, created_by=project.created_by)
    for position, (slug, (severity, terms)) in enumerate(TERMS.items()):
        Category.objects.create(
            taxonomy=taxonomy,
            position=position,
            slug=slug,
            name=slug,
            definition=slug,
            severity=severity,
            cipa=False,
            key=str(position + 1),
            terms=terms,
        )
    return project


def make_page(project: Project, text: str, **columns: Any) -> Item:
    [item] = make_items(project, 1, topic="page", **columns)
    Evidence.objects.create(item=item, version=2, title="A page", text=text, content_hash=item.url_hash)
    return item


def expected(project: Project, item: Item, forecast: Forecast | None = None) -> Expected:
    return items_expected(project, [item.pk], {item.pk: forecast} if forecast else None)[item.pk]


def test_a_category_is_expected_when_two_of_its_terms_stand_in_the_text(project: Project) -> None:
    item = make_page(project, "Vodka and a vape pen, delivered.")

    assert expected(project, item) == Expected(severity=2, categories=("drugs",))


def test_nothing_is_expected_when_one_term_stands_there_however_often(project: Project) -> None:
    item = make_page(project, "Vodka sauce: simmer the vodka. More vodka.")

    assert expected(project, item) == Expected(severity=0, categories=())


def test_one_term_is_enough_when_the_category_is_grave(project: Project) -> None:
    item = make_page(project, "He died of an overdose.")

    assert expected(project, item) == Expected(severity=3, categories=("self-harm",))


def test_words_of_the_address_count_when_the_page_is_bare(project: Project) -> None:
    item = make_page(project, "", url="https://shop.example/vape/dispensary")

    assert expected(project, item).categories == ("drugs",)


def test_the_newest_evidence_counts_when_a_page_has_changed(project: Project) -> None:
    item = make_page(project, "Vodka and a vape pen.")
    Evidence.objects.create(item=item, version=3, text="Closed.", content_hash=item.url_hash)

    assert expected(project, item) == Expected()


def test_what_the_source_said_is_believed_when_no_word_says_it(project: Project) -> None:
    item = make_page(project, "Welcome.", known_labels=["self-harm", "games", "gone-category"])

    assert expected(project, item) == Expected(severity=3, categories=("games", "self-harm"))


def test_a_classifier_is_believed_and_not_the_words_when_it_has_learned_the_category(
    project: Project,
) -> None:
    item = make_page(project, "Vodka and a vape pen. An arcade with a high score.")
    forecast = Forecast(expected=frozenset({"self-harm"}), learned=frozenset({"drugs", "self-harm"}))

    assert expected(project, item, forecast) == Expected(severity=3, categories=("games", "self-harm"))


def test_the_severity_is_the_highest_of_the_categories_when_several_are_shown(project: Project) -> None:
    taxonomy = taxonomy_current(project)

    assert expected_of(taxonomy, ["self-harm", "games"]) == Expected(3, ("games", "self-harm"))
    assert expected_of(taxonomy, []) == Expected(0, ())


def test_ledger_and_places_keep_what_is_expected_when_a_batch_opens(project: Project) -> None:
    harmful, benign = make_page(project, "Overdose."), make_page(project, "A lesson.")

    make_batch(project, [harmful, benign])

    for rows in (BatchItem.objects, Assignment.objects):
        kept = {(row.item_id, row.severity, tuple(row.expected)) for row in rows.all()}
        assert kept == {(harmful.pk, 3, ("self-harm",)), (benign.pk, 0, ())}


def test_places_know_what_is_expected_when_a_random_batch_opens_without_any_classifier(
    project: Project,
) -> None:
    make_batch(project, [make_page(project, "First.")])
    make_page(project, "Overdose.")

    batch_open_fallback(project)

    place = Assignment.objects.filter(batch_item__batch__fallback=True).first()
    assert place is not None
    assert (place.severity, place.expected) == (3, ["self-harm"])


def test_a_classifier_from_before_a_change_expects_what_became_of_its_categories() -> None:
    project = make_project()
    item = make_page(project, "Nothing to see.")
    parts = tuple(category_draft(slug, severity=3) for slug in ("gore", "fights"))
    publish_operations(project, Operation(Kind.SPLIT, (VIOLENCE,), parts))

    found = expected(project, item, Forecast(expected=frozenset({VIOLENCE}), learned=frozenset({VIOLENCE})))

    assert found == Expected(severity=3, categories=("gore", "fights"))

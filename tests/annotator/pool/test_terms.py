"""The guideline's terms in a text: at word borders, in any case, however it is spelled or hidden."""

import pytest

from annotator.pool.terms import Terms, found_in, terms_of
from annotator.projects.models import Category
from annotator.projects.selectors import Taxonomy, taxonomy_current
from tests.factories import make_project

pytestmark = pytest.mark.django_db

TERMS = {
    "adult": ["18+", "sex toys", "nude"],
    "self-harm": ["self-harm", "end my life"],
    "games": ["bet", "bet builder", "a.b", "c++", "İstanbul"],
    "gambling": ["bet"],
}


@pytest.fixture
def taxonomy() -> Taxonomy:
    project = make_project(categories=())
    version = taxonomy_current(project).version
    for position, (slug, terms) in enumerate(TERMS.items()):
        Category.objects.create(
            taxonomy=version, position=position, slug=slug, name=slug.capitalize(), definition="-",
            severity=3 if slug == "self-harm" else 1, cipa=False, key=str(position), terms=terms,
        )  # fmt: skip
    # A taxonomy is kept in memory from its first reading on, which was before these categories.
    return Taxonomy(version, tuple(Category.objects.filter(taxonomy=version)))


@pytest.fixture
def terms(taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch) -> Terms:
    monkeypatch.setattr("annotator.pool.terms.taxonomy_version", lambda _: taxonomy)
    return terms_of(taxonomy)


def found(terms: Terms, text: str) -> list[str]:
    return [text[match.start : match.end] for match in terms.matches(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nude, NUDE; denude nudes", ["Nude", "NUDE"]),
        ("Self harm, SELF–HARM and self - harm, selfharm", ["Self harm", "SELF–HARM", "self - harm"]),
        ("over 18+ only, 18+!", ["18+", "18+"]),
        ("end\n my  life", ["end\n my  life"]),
        ("a bet builder is more than a bet", ["bet builder", "bet"]),
        ("a.b is not axb, and c++ is not c", ["a.b", "c++"]),
        ("İİİ istanbul İstanbul", ["İstanbul"]),
        ("nu\u200bde and n\u00adu\u00add\u00ade", ["nu\u200bde", "n\u00adu\u00add\u00ade"]),
        ("", []),
    ],
)
def test_a_term_is_found_where_it_stands_as_a_word(terms: Terms, text: str, expected: list[str]) -> None:
    assert found(terms, text) == expected


def test_a_term_of_two_categories_counts_for_both(terms: Terms) -> None:
    rows = found_in(list(terms.matches("bet, bet and self-harm")))

    assert [(row.category.slug, row.terms, row.count) for row in rows] == [
        ("games", (("bet", 2),), 2),
        ("gambling", (("bet", 2),), 2),
        ("self-harm", (("self harm", 1),), 1),
    ]


def test_a_version_is_compiled_once(taxonomy: Taxonomy, terms: Terms) -> None:
    assert terms_of(taxonomy) is terms


def test_nothing_is_found_when_no_category_has_terms() -> None:
    assert list(terms_of(taxonomy_current(make_project(categories=()))).matches("casino")) == []

"""The demo corpus: deterministic, imbalanced, confusable, and nobody's real site."""

from collections import Counter
from statistics import median
from urllib.parse import urlsplit

import pytest

from annotator.projects.blueprint import default_blueprint
from learner.demo.corpus import PAGES, UNTIL, DemoPage, generate
from learner.demo.phrases import phrases


@pytest.fixture(scope="module")
def pages() -> list[DemoPage]:
    return generate()


def registrable_domain(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def words(page: DemoPage) -> int:
    return len(page.text.split())


def test_the_corpus_is_the_same_to_the_letter_when_the_seed_is(pages: list[DemoPage]) -> None:
    assert generate() == pages
    assert generate(seed=8) != pages


def test_every_url_is_new_and_reserved_when_pages_are_generated(pages: list[DemoPage]) -> None:
    urls = [page.url for page in pages]
    hosts = {urlsplit(url).hostname or "" for url in urls}

    assert len(set(urls)) == len(pages) == PAGES
    assert {host.rsplit(".", 1)[1] for host in hosts} == {"example", "test"}
    assert all(url.isascii() and " " not in url and url == url.lower() for url in urls)


def test_sites_have_a_head_and_a_long_tail_when_pages_are_generated(pages: list[DemoPage]) -> None:
    sizes = Counter(registrable_domain(page.url) for page in pages)

    assert len(sizes) >= 900
    assert max(sizes.values()) <= 15
    assert sum(size == 1 for size in sizes.values()) > len(sizes) / 3


def test_all_categories_and_none_are_there_when_pages_are_generated(pages: list[DemoPage]) -> None:
    counts = Counter(label for page in pages for label in page.labels)

    assert set(counts) == {category.slug for category in default_blueprint().categories}
    assert all(counts[rare] <= 0.015 * PAGES for rare in ("self-harm", "hate", "weapons", "proxy-vpn"))
    assert all(counts[common] >= 0.09 * PAGES for common in ("education", "shopping", "games", "streaming"))
    assert min(counts.values()) >= 25
    assert sum(not page.labels for page in pages) >= 0.12 * PAGES
    assert sum(len(page.labels) > 1 for page in pages) >= 0.08 * PAGES


def test_look_alikes_never_have_the_label_they_look_like_when_generated(pages: list[DemoPage]) -> None:
    look_alikes = [page for page in pages if page.hard_pair]

    assert len({page.hard_pair for page in look_alikes}) == 24
    assert len(look_alikes) >= 250
    assert all(page.looks_like not in page.labels for page in look_alikes)
    assert all(page.looks_like is None for page in pages if not page.hard_pair)


def test_look_alikes_share_words_with_what_they_look_like_when_generated() -> None:
    book = phrases()

    for genre in book.genres:
        if genre.looks_like:
            assert genre.words == book.genre(genre.looks_like).words


def test_texts_are_of_the_promised_length_and_some_thin_when_generated(pages: list[DemoPage]) -> None:
    thin = sum(words(page) < 40 for page in pages)

    assert 60 <= median(words(page) for page in pages) <= 120
    assert max(words(page) for page in pages) <= 230
    assert 0.05 * PAGES < thin < 0.15 * PAGES
    assert all(page.title and page.text for page in pages)
    assert not any("{" in page.title + page.description + page.text for page in pages)


def test_near_duplicates_are_there_when_pages_are_generated(pages: list[DemoPage]) -> None:
    by_start = Counter(page.text[:120] for page in pages if words(page) >= 40)

    assert 0.015 * PAGES <= sum(count - 1 for count in by_start.values()) <= 0.04 * PAGES


def test_other_columns_are_plausible_when_pages_are_generated(pages: list[DemoPage]) -> None:
    assert {page.source for page in pages} == {"filter-log", "crawl", "teacher-report"}
    assert all(page.observed_at < UNTIL for page in pages)
    assert all(page.traffic >= 1 for page in pages)
    assert all(list(page.labels) == sorted(set(page.labels)) for page in pages)


@pytest.mark.parametrize("n", [1, 39, 200])
def test_the_asked_number_comes_back_when_it_is_small(n: int) -> None:
    assert len(generate(n, seed=1)) == n


def test_a_corpus_is_refused_when_it_would_be_empty() -> None:
    with pytest.raises(ValueError, match="want at least one page, got 0"):
        generate(0)

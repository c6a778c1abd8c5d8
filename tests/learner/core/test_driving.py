"""The words that drive a category are those that it was learned from, and a word of one site is told apart."""

from collections.abc import Callable

import numpy as np
import pytest

from learner.core.catalogue import ADDRESS, TEXT
from learner.core.classifier import LinearClassifier
from learner.core.driving import drivers_of
from learner.core.features import PageText, featurise

RNG = np.random.default_rng
COMMON = "welcome to this page about many things of interest"


def page(number: int, host: str, text: str) -> PageText:
    return PageText(f"https://{host}/{number}", host, host, "", "", text)


Reader = Callable[[np.ndarray], list[PageText]]
Taught = tuple[LinearClassifier, Reader, np.ndarray, np.ndarray]


def reader(pages: list[PageText]) -> Reader:
    return lambda rows: [pages[row % len(pages)] for row in rows]


@pytest.fixture(scope="module")
def taught() -> Taught:
    """Pages that gamble say "roulette" on many sites, and "zebra" on one; the others say neither."""
    gambling = [
        page(n, f"casino-{chr(97 + n)}.example", f"{COMMON} roulette table" + (" zebra" if n == 0 else ""))
        for n in range(20)
    ]
    gambling += [page(n, "casino-a.example", f"{COMMON} roulette zebra") for n in range(20, 26)]
    others = [page(n, f"garden-{chr(97 + n % 26)}.example", f"{COMMON} flower bed {n}") for n in range(60)]
    pages = [*gambling, *others]
    truth = np.zeros((len(pages), 2), dtype=np.int8)
    truth[: len(gambling), 0] = 1
    truth[0, 1] = 1
    sites = np.unique([item.host for item in pages], return_inverse=True)[1]
    classifier = LinearClassifier(["gambling", "rare"]).fit(featurise(pages), truth, groups=sites)
    return classifier, reader(pages), truth, sites


def test_the_words_of_the_category_come_first_and_common_ones_do_not(taught: Taught) -> None:
    drivers, _ = drivers_of(*taught, rng=RNG(0))

    assert drivers[0].word in {"roulette", "casino"}
    assert {("roulette", TEXT), ("casino", ADDRESS)} <= {(row.word, row.place) for row in drivers}
    assert not {"flower", "garden"} & {row.word for row in drivers}
    roulette = next(row for row in drivers if row.word == "roulette")
    assert (roulette.positives, roulette.of_positives, roulette.others, roulette.of_others) == (26, 26, 0, 60)
    assert roulette.sites == 20
    assert all(row.weight > 0 for row in drivers)


def test_a_word_of_one_site_is_known_by_its_sites(taught: Taught) -> None:
    drivers, _ = drivers_of(*taught, rng=RNG(0))

    zebra = next(row for row in drivers if row.word == "zebra")
    assert (zebra.positives, zebra.sites) == (7, 1)


def test_a_category_that_is_not_learned_has_no_drivers(taught: Taught) -> None:
    assert drivers_of(*taught, rng=RNG(0))[1] == []


def test_what_is_not_known_counts_on_neither_side(taught: Taught) -> None:
    classifier, pages, truth, sites = taught
    unknown = truth.copy()
    unknown[26:, 0] = -1

    drivers, _ = drivers_of(classifier, pages, unknown, sites, rng=RNG(0))

    assert {row.of_others for row in drivers} == {0}


def test_no_more_pages_are_looked_at_than_it_says(taught: Taught) -> None:
    classifier, pages, truth, sites = taught
    many = drivers_of(classifier, pages, np.tile(truth, (20, 1)), np.tile(sites, 20), rng=RNG(0))[0]

    assert {(row.of_positives, row.of_others) for row in many} == {(200, 1_000)}


def test_the_pages_without_a_category_are_mostly_the_same_for_all(taught: Taught) -> None:
    classifier, pages, truth, sites = taught
    read: list[int] = []

    def counted(rows: np.ndarray) -> list[PageText]:
        read.extend(rows.tolist())
        return pages(rows)

    drivers_of(classifier, counted, np.tile(truth, (100, 1)), np.tile(sites, 100), rng=RNG(0))

    assert len(read) < 2 * 200 + 1_000 + 500


def test_pages_without_a_word_have_no_drivers(taught: Taught) -> None:
    classifier, *_ = taught
    empty = [PageText("", "", "", "", "", "")] * 3

    assert drivers_of(classifier, reader(empty), np.array([[1, 0]] * 3), np.arange(3), rng=RNG(0)) == [[], []]

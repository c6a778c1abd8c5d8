"""Small seeded sets of pages for the tests of the core: three topics and some noise, on many sites."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.arrays import Array, Integers
from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.features import PageText, featurise
from learner.core.keys import domain_key
from learner.core.shards import Shard, content_key

CATEGORIES = ("gambling", "weapons", "games")
WORDS = {
    "gambling": ["casino", "betting", "poker", "jackpot", "roulette", "wager"],
    "weapons": ["rifle", "ammunition", "pistol", "holster", "firearm", "knife"],
    "games": ["arcade", "puzzle", "multiplayer", "console", "quest", "level"],
}
NOISE = ["weather", "recipe", "garden", "river", "school", "music", "travel", "paper", "window", "coffee"]


@dataclass(frozen=True)
class Pages:
    """Pages with their truth (n_items, 3), sites (n_items,) and features."""

    pages: list[PageText]
    truth: Array
    sites: Integers
    features: csr_matrix


def make_pages(
    n: int, *, seed: int = 0, prevalence: tuple[float, ...] = (0.3, 0.2, 0.3), per_site: int = 3
) -> Pages:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, len(CATEGORIES))) < prevalence).astype(np.int8)
    pages = [_page(number, truth[number], rng, per_site) for number in range(n)]
    sites = np.array([domain_key(page.registrable_domain) for page in pages], dtype=np.int64)
    return Pages(pages, truth, sites, featurise(pages))


def _page(number: int, truth: Array, rng: np.random.Generator, per_site: int) -> PageText:
    words = [str(word) for word in rng.choice(NOISE, 6)]
    for category, present in zip(CATEGORIES, truth, strict=True):
        if present:
            words += [str(word) for word in rng.choice(WORDS[category], 3)]
    site = f"{_letters(number // per_site)}.example"
    return PageText(
        f"https://{site}/{_letters(number)}", site, site, " ".join(words[-2:]), "", " ".join(words)
    )


def _letters(number: int) -> str:
    """A name for a number, in letters, because the recipe collapses digits."""
    name = ""
    for _ in range(6):
        number, rest = divmod(number, 26)
        name += chr(ord("a") + (rest * 7 + len(name) * 11) % 26)
    return name


def make_shard(pages: Pages, *, first_id: int = 1, holdout_every: int = 10) -> Shard:
    n = len(pages.pages)
    return Shard(
        item_ids=np.arange(first_id, first_id + n, dtype=np.int64),
        holdout=np.arange(n) % holdout_every == 0,
        domains=pages.sites,
        contents=np.array([content_key(page) for page in pages.pages], dtype=np.int64),
        features=pages.features,
    )


def make_definitions() -> csr_matrix:
    return featurise_definitions(
        [
            CategoryDefinition("Gambling", "Casinos, betting, poker and roulette for money."),
            CategoryDefinition("Weapons", "Sale of firearms: a rifle, a pistol, ammunition."),
            CategoryDefinition("Games", "Arcade and puzzle games to play in the browser."),
        ]
    )

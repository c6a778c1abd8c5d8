"""A corpus of demo pages: invented, deterministic, and about as hard to tell apart as real ones."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from learner.demo.pen import Pen
from learner.demo.phrases import Genre, Phrases, phrases
from learner.demo.sites import Sites

PAGES: Final = 3200
SEED: Final = 7
UNTIL: Final = datetime(2026, 9, 1, tzinfo=UTC)
DAYS: Final = 180
SOURCES: Final = ("filter-log", "filter-log", "filter-log", "filter-log", "crawl", "crawl", "teacher-report")

NEAR_DUPLICATES: Final = 0.025
THIN: Final = 0.10
MISLEADING_TITLE: Final = 0.06
EMPTY_TITLE: Final = 0.06
NO_DESCRIPTION: Final = 0.35
# What a sentence is: one that only its genre says, one that any page says of its topic, page furniture, or a stray.
TELLING, TOPICAL, FURNITURE = 0.22, 0.22, 0.38

STRAYS: Final = (
    "local-news",
    "cooking",
    "travel",
    "sport",
    "hobby",
    "shopping",
    "games",
    "education",
    "streaming",
)

# How often a page of one category is also one of another.
MIXES: Final = {
    "weapons": {"shopping": 0.3, "games": 0.05},
    "drugs-alcohol": {"shopping": 0.3},
    "dating": {"chat": 0.25, "social-media": 0.1},
    "adult-content": {"streaming": 0.2, "dating": 0.1, "chat": 0.06},
    "violence": {"streaming": 0.15, "social-media": 0.15},
    "self-harm": {"social-media": 0.35, "chat": 0.1},
    "hate": {"social-media": 0.3, "violence": 0.12},
    "proxy-vpn": {"games": 0.22},
    "malware-phishing": {"games": 0.12, "shopping": 0.12},
    "gambling": {"games": 0.12, "streaming": 0.05},
    "games": {"chat": 0.06, "shopping": 0.06, "streaming": 0.05},
    "streaming": {"social-media": 0.1},
    "social-media": {"chat": 0.12, "shopping": 0.05},
    "education": {"games": 0.05, "streaming": 0.04},
}


@dataclass(frozen=True, slots=True)
class DemoPage:
    """One invented page with its true labels (sorted slugs).

    `traffic` is in requests a day. Where the page is a look-alike, `hard_pair` names the confusion, as in "crisis help
    / self-harm", and `looks_like` is the category that it is taken for.
    """

    url: str
    title: str
    description: str
    text: str
    labels: tuple[str, ...]
    source: str
    observed_at: datetime
    traffic: int
    hard_pair: str | None
    looks_like: str | None


def generate(n: int = PAGES, seed: int = SEED) -> list[DemoPage]:
    """`n` pages in random order; the same `n` and `seed` give the same pages, to the letter.

    Genres are met by quota, not by chance, so that the rarest are there at any size. All sites are invented and
    under reserved top-level domains; the texts describe and never instruct.

    Raises
    ------
    ValueError
        `n` is not positive.

    Examples
    --------
    >>> pages = generate(100, seed=1)
    >>> len(pages), pages == generate(100, seed=1)
    (100, True)
    """
    if n < 1:
        msg = f"want at least one page, got {n}"
        raise ValueError(msg)
    pen = Pen(np.random.default_rng(seed), phrases())
    sites = Sites(pen)
    copies = int(n * NEAR_DUPLICATES)
    written = [(genre, _page(pen, sites, genre)) for genre in _plan(pen.phrases, n - copies)]
    chosen = pen.rng.choice(len(written), size=copies, replace=False)
    copied = [_near_duplicate(pen, sites, *written[index]) for index in chosen]
    pages = [page for _, page in written] + copied
    return [pages[index] for index in pen.rng.permutation(len(pages))]


def _plan(book: Phrases, n: int) -> list[Genre]:
    """The genre of each page: weights turned into whole numbers by largest remainder."""
    weights = np.array([genre.weight for genre in book.genres])
    wanted = n * weights / weights.sum()
    counts = np.floor(wanted).astype(int)
    for index in np.argsort(counts - wanted, kind="stable")[: n - counts.sum()]:
        counts[index] += 1
    return [genre for genre, count in zip(book.genres, counts, strict=True) for _ in range(count)]


def _page(pen: Pen, sites: Sites, genre: Genre) -> DemoPage:
    genres = [genre, *_mixed_in(pen, genre)]
    return DemoPage(
        url=sites.url(genre),
        title=_title(pen, genre),
        description="" if pen.chance(NO_DESCRIPTION) else _sentence(pen, pen.phrases.frames, genre),
        text=_text(pen, genres),
        labels=tuple(sorted({label for each in genres for label in each.labels})),
        source=pen.pick(SOURCES),
        observed_at=UNTIL - timedelta(seconds=int(pen.rng.integers(DAYS * 86_400))),
        traffic=1 + int(pen.rng.lognormal(mean=2.0, sigma=1.6)),
        hard_pair=genre.pair,
        looks_like=genre.looks_like,
    )


def _mixed_in(pen: Pen, genre: Genre) -> list[Genre]:
    """At most one second category, drawn by the shares of `MIXES`."""
    draw = float(pen.rng.random())
    for other, share in MIXES.get(genre.name, {}).items():
        if draw < share:
            return [pen.phrases.genre(other)]
        draw -= share
    return []


def _title(pen: Pen, genre: Genre) -> str:
    if pen.chance(EMPTY_TITLE):
        return _sentence(pen, pen.phrases.titles, genre)
    shown = _harmless(pen) if pen.chance(MISLEADING_TITLE) else genre
    return _sentence(pen, shown.titles, shown)


def _text(pen: Pen, genres: list[Genre]) -> str:
    """Sentences until 40 to 200 words are reached; a thin page stops after one or two."""
    thin = pen.chance(THIN)
    target = int(pen.rng.integers(5, 20)) if thin else int(np.clip(pen.rng.lognormal(4.4, 0.4), 40, 190))
    sentences: list[str] = []
    while sum(len(sentence.split()) for sentence in sentences) < target:
        sentence = _next_sentence(pen, genres)
        if sentence not in sentences:
            sentences.append(sentence)
    return " ".join(sentences)


def _next_sentence(pen: Pen, genres: list[Genre]) -> str:
    genre = genres[int(pen.rng.integers(len(genres)))]
    draw = float(pen.rng.random())
    if draw < TELLING:
        return _sentence(pen, genre.sentences, genre)
    if draw < TELLING + TOPICAL:
        return _sentence(pen, pen.phrases.frames, genre)
    if draw < TELLING + TOPICAL + FURNITURE:
        return _sentence(pen, pen.phrases.filler, genre)
    stray = _harmless(pen)
    return _sentence(pen, stray.sentences, stray)


def _harmless(pen: Pen) -> Genre:
    """A genre from which one sentence may stray anywhere without changing what the page is."""
    return pen.phrases.genre(pen.pick(STRAYS))


def _sentence(pen: Pen, templates: tuple[str, ...], genre: Genre) -> str:
    return pen.fill(pen.pick(templates), genre.words)


def _near_duplicate(pen: Pen, sites: Sites, genre: Genre, page: DemoPage) -> DemoPage:
    """The page again at another address, with one sentence of furniture more and another day."""
    return replace(
        page,
        url=sites.mirror(page.url, genre),
        title=f"{page.title} | {pen.pick(pen.phrases.places)}" if pen.chance(0.5) else page.title,
        text=f"{page.text} {_sentence(pen, pen.phrases.filler, genre)}",
        observed_at=page.observed_at - timedelta(hours=int(pen.rng.integers(1, 400))),
        traffic=1 + page.traffic // 3,
    )

"""The phrase files as genres: ways in which a demo page can be written, each with the labels it deserves."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

# Pages of a thousand. Blocked topics are rare in what schools request, and the gravest are the rarest.
CATEGORY_PAGES: Final = {
    "adult-content": 38, "violence": 24, "self-harm": 11, "drugs-alcohol": 36, "gambling": 36, "weapons": 11,
    "hate": 10, "dating": 26, "proxy-vpn": 11, "malware-phishing": 24, "social-media": 70, "games": 122,
    "streaming": 84, "chat": 34, "shopping": 130, "education": 118,
}  # fmt: skip
PLAIN_PAGES: Final = 118
HARD_PAIR_PAGES: Final = 97


@dataclass(frozen=True, slots=True)
class Genre:
    """One way to write a page.

    `looks_like` is the category whose words it uses without belonging to it, and `pair` the name of that confusion.
    """

    name: str
    labels: tuple[str, ...]
    weight: float
    words: tuple[str, ...]
    sentences: tuple[str, ...]
    titles: tuple[str, ...]
    stems: tuple[str, ...]
    paths: tuple[str, ...]
    pair: str | None = None
    looks_like: str | None = None


@dataclass(frozen=True, slots=True)
class Phrases:
    """All genres, and what every page may say whatever its genre."""

    genres: tuple[Genre, ...]
    frames: tuple[str, ...]
    filler: tuple[str, ...]
    titles: tuple[str, ...]
    hosted: tuple[str, ...]
    neutral: tuple[str, ...]
    places: tuple[str, ...]
    names: tuple[str, ...]
    days: tuple[str, ...]

    def genre(self, name: str) -> Genre:
        """The genre of that name."""
        return next(genre for genre in self.genres if genre.name == name)


@cache
def phrases() -> Phrases:
    """The phrases that ship with the demo."""
    topics, plain, look_alikes = _read("topics"), _read("plain"), _read("pairs")
    stances = {**look_alikes["stances"], "games": topics["games"], "company": plain["topics"]["company"]}
    pair_weight = sum(pair["weight"] for pair in look_alikes["pairs"])
    return Phrases(
        genres=(
            *(_genre(slug, (slug,), CATEGORY_PAGES[slug], raw) for slug, raw in topics.items()),
            *(
                _genre(name, (), PLAIN_PAGES / len(plain["topics"]), raw)
                for name, raw in plain["topics"].items()
            ),
            *(
                _look_alike(
                    pair, stances[pair["stance"]], topics[pair["topic"]], HARD_PAIR_PAGES / pair_weight
                )
                for pair in look_alikes["pairs"]
            ),
        ),
        **{name: tuple(entries) for name, entries in plain.items() if name != "topics"},
    )


def _read(name: str) -> dict[str, Any]:
    text = files("learner.demo").joinpath(f"phrases/{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _genre(name: str, labels: tuple[str, ...], weight: float, raw: Mapping[str, Any]) -> Genre:
    return Genre(
        name=name,
        labels=labels,
        weight=weight,
        words=tuple(raw["words"]),
        sentences=tuple(raw["sentences"]),
        titles=tuple(raw["titles"]),
        stems=tuple(raw["stems"]),
        paths=tuple(raw["paths"]),
    )


def _look_alike(
    pair: Mapping[str, Any], stance: Mapping[str, Any], topic: Mapping[str, Any], scale: float
) -> Genre:
    """A genre with the words of one category and the sentences of somebody who informs, helps or plays."""
    return Genre(
        name=pair["name"],
        labels=tuple(pair["labels"]),
        weight=pair["weight"] * scale,
        words=tuple(topic["words"]),
        sentences=(*pair["sentences"], *stance.get("frames", stance.get("sentences", ()))),
        titles=tuple(stance["titles"]),
        stems=tuple(stance["stems"]),
        paths=tuple(stance["paths"]),
        pair=pair["name"],
        looks_like=pair["topic"],
    )

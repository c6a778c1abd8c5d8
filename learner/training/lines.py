"""What the learner's pages show of a query and of a comparison: pictures, and lines in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from annotator.charts import Part, stacked_bar
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from learner.query.makeup import Makeup, makeups_of
from learner.query.models import QueryRun, ShadowRun
from learner.query.steering import STREAMS, Steering, steering_changes

PHASES: Final = {
    "load the classifier": ("classifier",),
    "read shards and pool": ("load", "mask"),
    "score": ("score",),
    "wait for other workers": ("wait",),
    "select": ("gather", "select"),
    "open the batch": ("open",),
}
COLOURED: Final = (
    "query",
    "rare",
    "audit",
    "explore",
)  # in the order of the colours of streams and of charts


@dataclass(frozen=True)
class Phase:
    """One phase of a query; `series` is its colour in the picture."""

    words: str
    seconds: float
    series: int


@dataclass(frozen=True)
class QueryLine:
    """One query: its batch in counts, None where it opened none, and where its seconds went."""

    run: QueryRun
    makeup: Makeup | None
    phases: tuple[Phase, ...]
    picture: SafeString
    streams: SafeString

    @property
    def seconds(self) -> float:
        """Of all phases."""
        return sum(phase.seconds for phase in self.phases)


@dataclass(frozen=True)
class Compared:
    """One fact of two batches side by side."""

    words: str
    in_use: str
    candidate: str
    is_same: bool


@dataclass(frozen=True)
class Alone:
    """An item that one way alone would take."""

    item: int
    url: UrlParts
    stream: str
    reason: str


def query_lines(runs: Iterable[QueryRun]) -> list[QueryLine]:
    """The lines of these queries. Five queries for all of them."""
    runs = list(runs)
    makeups = makeups_of(run.batch for run in runs if run.batch)
    return [_line(run, makeups.get(run.batch_id or 0)) for run in runs]


def expected_lines(makeup: Makeup, taxonomy: Taxonomy) -> list[tuple[str, int, int]]:
    """Category, items it is expected on, and their percent of the batch: the most expected first."""
    counted = sorted(makeup.expected.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(taxonomy.name_of(slug), n, round(100 * n / makeup.items)) for slug, n in counted]


def compared(run: ShadowRun, taxonomy: Taxonomy) -> list[Compared]:
    """The two batches of a comparison, fact by fact."""
    sides = [_facts(Makeup.restored(run.result[side]), taxonomy) for side in ("in_use", "candidate")]
    names = list(dict.fromkeys([*sides[0], *sides[1]]))
    pairs = ((name, sides[0].get(name, "0"), sides[1].get(name, "0")) for name in names)
    return [Compared(name, in_use, candidate, in_use == candidate) for name, in_use, candidate in pairs]


def alone_lines(project: Project, rows: Sequence[Mapping[str, Any]]) -> list[Alone]:
    """The items that one way alone takes, without those that were withheld since. One query."""
    items = Item.objects.filter(project=project, withheld=False).in_bulk([row["item"] for row in rows])
    return [
        Alone(
            row["item"],
            parts_of(Address(item.url, item.host, item.registrable_domain)),
            row["stream"],
            row["reason"],
        )
        for row in rows
        if (item := items.get(row["item"]))
    ]


def settings_compared(run: ShadowRun) -> list[str]:
    """What the candidate would change."""
    return steering_changes(Steering(**run.in_use), Steering(**run.candidate))


def _line(run: QueryRun, makeup: Makeup | None) -> QueryLine:
    spent = {words: sum(run.phases.get(name, 0) for name in names) for words, names in PHASES.items()}
    phases = tuple(
        Phase(words, seconds, place)
        for place, (words, seconds) in enumerate(spent.items(), start=1)
        if seconds
    )
    return QueryLine(
        run,
        makeup,
        phases,
        picture=_bar([(words, 1000 * seconds) for words, seconds in spent.items()], "Milliseconds by phase"),
        streams=_bar(
            [(name, makeup.streams.get(name, 0)) for name in COLOURED] if makeup else [], "Items by stream"
        ),
    )


def _bar(parts: Sequence[tuple[str, float]], title: str) -> SafeString:
    return stacked_bar([Part(*part) for part in parts], title) if any(n for _, n in parts) else SafeString()


def _facts(makeup: Makeup, taxonomy: Taxonomy) -> dict[str, str]:
    counts = {
        "Items": makeup.items,
        **{f"Stream {name}": makeup.streams.get(name, 0) for name in STREAMS},
        "Different sites": makeup.sites,
        "Most items of one site": makeup.most_of_a_site,
        "Severity 2 or 3 expected": makeup.harmful,
    }
    distance = {"Mean distance to the threshold (logits)": _logits(makeup.distance)}
    expected = {f"{name} expected": n for name, n, _ in expected_lines(makeup, taxonomy)}
    return _text(counts) | distance | _text(expected)


def _text(counts: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{n:,}" for name, n in counts.items()}


def _logits(distance: float | None) -> str:
    return "–" if distance is None else f"{distance:.2f}"
